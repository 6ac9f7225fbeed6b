"""How many items of the inbox one worker works through a second: events of Genesys's triggers.

Two ways in which they come: each of another conversation, which is the most work that an event can
be, and six of each conversation, a few of which come in one batch. Run in a process of its own
with DATABASE_URL set.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from uuid import UUID

import django
from django.core.management import call_command

from benchmarks.figures import Figure, database
from chrono import instants

django.setup()

from conversations.models import SessionState  # noqa: E402 - models need Django to be set up
from integrations import services  # noqa: E402
from integrations.genesys import meaning, wanted  # noqa: E402
from integrations.inbox import receive  # noqa: E402
from integrations.models import GenesysEvent, InboxItem, Source, Wanted  # noqa: E402

NOW = datetime(2026, 11, 1, tzinfo=UTC)
COUNT, ROUNDS = 2_000, 3
TARGET = 1_000
TOPICS = ("acd.start", "acd.end", "user.start", "user.end", "acw", "customer.end")


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    # Whoever is told of work is another process; here there is none, and no broker.
    wanted.WAKE_UP._send = meaning.POLL._send = lambda: None  # noqa: SLF001
    source = Source.objects.create(name="bench", kind=Source.Kind.GENESYS, created_at=NOW)
    _rate(source, list(_bodies(COUNT, 1))[:500])  # first imports, first statements
    apart = median(_rate(source, list(_bodies(COUNT, 1))) for _ in range(ROUNDS))
    together = median(_rate(source, list(_bodies(COUNT, 6))) for _ in range(ROUNDS))
    where = database()
    return [
        Figure(
            what=f"{where}: inbox worked through, {what}",
            rate=rate,
            unit="events/s",
            target=TARGET,
        )
        for what, rate in (
            ("each of another conversation", apart),
            ("six of a conversation", together),
        )
    ]


def _rate(source: Source, bodies: list[bytes]) -> float:
    """Work bodies through that are the first of their conversations; return how many a second."""
    for model in (InboxItem, GenesysEvent, SessionState, Wanted):
        model._default_manager.all().delete()
    receive.receive_many(source_id=source.pk, bodies=[(one, None) for one in bodies], now=NOW)
    started = perf_counter()
    done = services.process_inbox(now=NOW)
    passed = perf_counter() - started
    assert (done.done, done.events) == (len(bodies), len(bodies)), done
    return done.done / passed


def _bodies(count: int, each: int) -> Iterator[bytes]:
    """Yield events, those of a conversation a hundred others apart, as in a busy centre."""
    for number in range(count):
        block, place = divmod(number, 100 * each)
        topic, conversation = divmod(place, 100)
        yield _body(TOPICS[topic if each > 1 else 3], block * 100 + conversation, number)


def _body(topic: str, conversation: int, number: int) -> bytes:
    at = NOW - timedelta(minutes=5) + timedelta(milliseconds=number)
    told = {
        "topic": f"v2.detail.events.conversation.{{id}}.{topic}",
        "conversationId": str(UUID(int=conversation + (1 << 100))),
        "participantId": str(UUID(int=conversation + (2 << 100))),
        "sessionId": str(UUID(int=conversation + (3 << 100))),
        "userId": str(UUID(int=conversation % 250 + (4 << 100))),
        "queueId": str(UUID(int=conversation % 20 + (5 << 100))),
        "mediaType": "EMAIL",
        "disconnectType": "CLIENT",
        "eventTime": str(instants.to_ms(at)),
    }
    return json.dumps(told).encode()


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
