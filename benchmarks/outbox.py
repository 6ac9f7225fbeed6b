"""How fast others are told: at our own limit, at theirs, and in the worst cases.

Receivers run in a process of their own, over HTTP. Run in a process of its own with DATABASE_URL
set.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Final

os.environ |= {
    "DCM_OUTBOUND_ALLOW": "127.0.0.0/8",
    "SECRET_KEY": "only this benchmark's, of fifty characters or somewhat more",
    "LOG_LEVEL": "ERROR",
}

import django
from django.core.management import call_command

from benchmarks.figures import Figure, database, rate
from tests.receiving import Receiving, receiving

django.setup()

from benchmarks.telling import conversations, destinations, empty, instant, write  # noqa: E402
from conversations.events import AgentConnected, on  # noqa: E402
from conversations.models import Queue  # noqa: E402
from integrations.extensions.destinations import bring_about  # noqa: E402
from integrations.outbox import announce, registry, relay  # noqa: E402

FOUR: Final = ("a", "b", "c", "d")
COUNT, BACKLOG, IN_A_LANE, IDLE, LOOKS, CALLS = 4_000, 20_000, 20_000, 200, 20, 1_000


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    registry.KINDS["unpaced"] = "benchmarks.unpaced.Unpaced"
    with receiving() as receivers:
        return [
            _unpaced(receivers),
            _one_lane(receivers),
            _handler(),
            _idle(receivers),
            _backlog(receivers),
        ]


def _unpaced(receivers: Receiving) -> Figure:
    """Tell four who would take any number, orders included."""
    _waiting_for(receivers, FOUR, "unpaced", COUNT // len(FOUR))
    return Figure(
        what=f"{database()}: deliveries to four destinations without a pace of theirs",
        rate=rate(_relayed),
        unit="deliveries/s",
        target=200,
    )


def _one_lane(receivers: Receiving) -> Figure:
    """Tell of one conversation that has very many events, one after the other, for one run."""
    _waiting_for(receivers, FOUR[:1], "unpaced", IN_A_LANE, of=1)
    while announce.announce(now=instant()):
        pass
    return Figure(
        what=f"{database()}: deliveries in a single lane of {IN_A_LANE:,}",
        rate=rate(lambda: relay.relay(now=instant()).through),
        unit="deliveries/s",
    )


def _handler() -> Figure:
    """Call a handler of extension code that writes a row."""
    registry.KINDS["extension"] = "benchmarks.unpaced.UnpacedExtension"
    empty()
    on(AgentConnected)(keep)
    bring_about(now=instant())
    write(conversations(CALLS), range(CALLS))
    return Figure(
        what=f"{database()}: calls of a handler that writes a row, after the commit",
        rate=rate(_relayed),
        unit="calls/s",
        target=100,
    )


def keep(event: AgentConnected) -> None:
    """Write a row, as a handler does that keeps what it was told."""
    Queue.objects.create(genesys_id=event.key)


def _idle(receivers: Receiving) -> Figure:
    """Look whether anybody of very many is to be told anything, when nobody is."""
    _waiting_for(receivers, [f"idle-{n}" for n in range(IDLE)], "unpaced", 1)
    _relayed()
    looks = rate(lambda: sum(relay.relay(now=instant()) == relay.Done() for _ in range(LOOKS)))
    return Figure(
        what=f"{database()}: a look at {IDLE} destinations with nothing to do",
        rate=1000 / looks,
        unit="ms",
        target=50,
        more_is_better=False,
    )


def _backlog(receivers: Receiving) -> Figure:
    """Tell four destinations what waits for them, at the pace of their kind."""
    _waiting_for(receivers, FOUR, "webhook", BACKLOG // len(FOUR))
    return Figure(
        what=f"{database()}: {BACKLOG:,} that wait for four destinations of 50/s each",
        rate=BACKLOG / rate(_relayed) / 60,
        unit="min",
        target=10,
        more_is_better=False,
    )


def _waiting_for(
    receivers: Receiving, names: Sequence[str], kind: str, events: int, of: int = 0
) -> None:
    """Have events wait to be told, each of another conversation unless told otherwise."""
    empty()
    destinations(receivers, names, kind=kind)
    write(conversations(of or events), range(events))


def _relayed() -> int:
    """Relay until all is told; return how many deliveries that was."""
    through = 0
    while (done := relay.relay(now=instant())) != relay.Done():
        through += done.through
    return through


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
