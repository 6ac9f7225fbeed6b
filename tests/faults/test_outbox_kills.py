"""Workers are killed while they tell others: everybody is told of everything, in order.

The suite tells of 300 events and kills six times; `make chaos` of 10,000, and a hundred times. What
the dead hold runs out as soon as nobody alive can hold it: a minute each time would be too long.
"""

import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from conversations import telling
from conversations.models import CommonEvent, Conversation
from dcm.processes import commands_in
from integrations.domain.delivery import Pace
from integrations.models import Attempt, Delivery, Destination, SalesforceHold
from integrations.outbox import outcomes
from tests.faults import leases
from tests.faults.audience import AUDIENCE, QUEUE, TOPICS, Told, destination, heard, id_of
from tests.faults.held import Holds, salesforce
from tests.faults.nemesis import ROOT, House, Nemesis, house
from tests.receiving import Receiving, receiving
from tests.web import environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

EVENTS: Final = int(os.environ.get("DCM_CHAOS_TOLD", "150"))
KILLS: Final = int(os.environ.get("DCM_CHAOS_KILLS", "4"))
SEED: Final = int(os.environ.get("DCM_CHAOS_SEED", "0")) or Random().randrange(1, 1_000_000)
IS_SHORT: Final = KILLS < 20
A_SECOND: Final = 60.0 if IS_SHORT else 45.0
WITHIN_S: Final = 90.0 if IS_SHORT else 900.0
# Nothing is under way, or takes effect, for longer than this.
SURELY_DEAD: Final = timedelta(seconds=4 if IS_SHORT else 15)
PAYLOAD: Final = f'{{"userId": "u1", "queueId": "{QUEUE}"}}'
HOLDS: Final = EVENTS // 10  # each is two events, and at least three writes to Salesforce
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    *([] if IS_SHORT else [{"kind": "error", "status": 500, "count": 20}]),  # the breaker opens
    {"kind": "error", "status": 500, "probability": 0.02},
    {"kind": "error", "status": 429, "retry_after": 1, "probability": 0.02},
    {"kind": "error", "status": 503, "retry_after": 2, "as_date": True, "probability": 0.01},
    {"kind": "html", "status": 502, "probability": 0.01},
    {"kind": "drop", "probability": 0.01},
    {"kind": "drop_after", "probability": 0.02},
    {"kind": "slow", "seconds": 1.0, "probability": 0.01},
    # Longer than is waited for an answer: that is lost.
    {"kind": "hang", "seconds": 0.5 if IS_SHORT else 12.0, "probability": 0.004},
    {"kind": "lock", "probability": 0.02},
    {"kind": "expire", "probability": 0.01},
)


@pytest.fixture
def receivers() -> Iterator[Receiving]:
    with receiving() as running:
        yield running


@pytest.fixture
def running(tmp_path: Path) -> Iterator[House]:
    """A worker and beat as the Procfile has them, that know these tests' kinds."""
    own = {k: v for k, v in environment().items() if not k.startswith("DCM_CHAOS_")}
    env = own | {
        "DCM_VAR_DIR": str(tmp_path / "var"),
        "DCM_OUTBOUND_ALLOW": "127.0.0.0/8",
        "DCM_DERIVE_SECONDS": "1",
        "DCM_SALESFORCE_SECONDS": "1",
        "DJANGO_SETTINGS_MODULE": "tests.faults.records.settings",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }
    commands = commands_in(ROOT / "Procfile")
    with house({name: commands[name] for name in ("worker", "beat")}, env, tmp_path) as running:
        yield running


def test_no_kill_of_a_worker_loses_what_is_to_be_told(running: House, receivers: Receiving) -> None:
    draw, begun = Random(SEED), time.monotonic()
    sys.stdout.write(f"seed {SEED}: DCM_CHAOS_SEED={SEED} draws the same\n")
    receivers.put(*FAULTS, seed=SEED)
    told_of = {each: destination(each, receivers) for each in AUDIENCE}
    salesforce(receivers)
    holds, events = Holds(receivers, HOLDS), _Events(draw)
    nemesis = Nemesis(running, draw, ("worker", "worker", "worker", "beat"), pause_s=(0.1, 1.0))
    nemesis.rage(go_on=_while_it_tells(events, holds, nemesis))
    befallen = receivers.put()
    for row in Destination.objects.all():  # as an administrator does once all is well again
        outcomes.enable(destination_id=row.pk, now=_now())
    _wait_for(running, lambda: _left(holds))
    raged = time.monotonic() - begun

    sys.stdout.write(
        f"{EVENTS} events to {len(AUDIENCE)}, {HOLDS} holds; {nemesis.counts} in {raged:.0f} s\n"
    )
    sys.stdout.write(f"faults: {befallen}; tries: {_tries()}\n")
    _assert_all_done(events, told_of)
    holds.assert_told_once()
    for each, to in told_of.items():
        twice = _assert_told(events, to, heard(each, receivers))
        most = Pace().at_once * len(nemesis.of("worker"))
        most += befallen.get("drop_after", 0) + befallen.get("hang", 0)
        assert twice <= (0 if each.reads_back else most), each
        sys.stdout.write(f"{each.kind}: 0 missing, {twice} twice (0 or at most {most})\n")
    sys.stdout.write("salesforce: 0 missing, 0 twice\n")


def test_a_worker_that_is_asked_to_end_notes_what_it_is_answered(
    running: House, receivers: Receiving
) -> None:
    receivers.put({"kind": "slow", "seconds": 3.0})
    destination(AUDIENCE[0], receivers)
    _Events(Random(SEED)).write(1)
    calling = Delivery.objects.filter(leased_until__isnull=False)
    _wait_for(running, lambda: [] if calling.exists() else ["nobody is told"])
    time.sleep(1.5)  # by then the run is over, and a thread has the call
    assert running["worker"].end() == 0
    row = Delivery.objects.get()
    assert (row.state, row.leased_until) == ("delivered", None)
    assert len(receivers.heard()) == 1


def _while_it_tells(events: "_Events", holds: Holds, nemesis: Nemesis) -> Callable[[], bool]:
    """Return what lets somebody be killed as soon as the worker has told of anything since.

    A worker that is killed while it starts tells nobody, and nothing would come of it.
    """
    tries = -1

    def go_on() -> bool:
        nonlocal tries
        deadline = time.monotonic() + WITHIN_S
        while True:
            is_any_left = events.go_on()
            holds.go_on(events.share)
            leases.end_those_of_the_dead(after=SURELY_DEAD)
            told = Attempt.objects.count()
            if told > tries or not (is_any_left or _left(holds)):
                tries = told
                return is_any_left or len(nemesis.of("worker")) < KILLS
            assert time.monotonic() < deadline, nemesis.house.told
            time.sleep(0.1)

    return go_on


class _Events:
    """Common Events, written at a pace; each conversation's in their order, as topic and key."""

    def __init__(self, draw: Random) -> None:
        self.keys: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._draw = draw
        self._begun = time.monotonic()
        self._written = 0
        made = [
            Conversation(
                genesys_id=f"c{n}", started_at=_now(), observed_at=_now(), content_hash=b""
            )
            for n in range(EVENTS // 10)
        ]
        self._rows = Conversation.objects.bulk_create(made)

    @property
    def share(self) -> float:
        """How much of them is written, up to 1."""
        return self._written / EVENTS

    def of(self, topics: Collection[str]) -> list[list[str]]:
        """Return the keys of these topics, of each conversation in order."""
        return [[key for topic, key in some if topic in topics] for some in self.keys.values()]

    def go_on(self) -> bool:
        """Write what is due by now; return whether anything is left."""
        due = min(EVENTS, int((time.monotonic() - self._begun) * A_SECOND))
        while self._written < due:
            self.write(min(self._draw.randrange(1, 20), due - self._written))
        return self._written < EVENTS

    def write(self, many: int) -> None:
        """Write so many in one transaction."""
        rows = [self._row(self._written + n) for n in range(many)]
        leases.patiently(lambda: telling.write(rows))
        self._written += many

    def _row(self, number: int) -> tuple[Any, ...]:
        row, name = self._draw.choice(self._rows), self._draw.choice(TOPICS)
        self.keys[row.genesys_id].append((name, f"{row.genesys_id}:{name}:s{number}"))
        return (row.pk, name, f"s{number}", _now(), _now(), PAYLOAD)


def _assert_all_done(events: _Events, told_of: Mapping[Told, Destination]) -> None:
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    for each, to in told_of.items():
        assert to.deliveries.count() == sum(map(len, events.of(each.topics)))
    assert not Delivery.objects.filter(in_doubt=True).exists()
    assert not CommonEvent.objects.filter(announced=False).exists()


def _assert_told(events: _Events, to: Destination, heard: Sequence[str]) -> int:
    """Each event came, each conversation's in order; return how many came once more."""
    first = list(dict.fromkeys(heard))
    place = {told: number for number, told in enumerate(first)}
    expected = 0
    for keys in events.of(to.topics):
        ids = [id_of(to, key) for key in keys]
        assert not [one for one in ids if one not in place], f"{to}: {keys}"
        places = [place[one] for one in ids]
        assert places == sorted(places), f"{to}: {keys} in another order"
        expected += len(ids)
    assert len(first) == expected
    return len(heard) - len(first)


def _tries() -> dict[str, int]:
    return dict(Counter(Attempt.objects.values_list("result", flat=True)))


# -- waiting -------------------------------------------------------------------------------------
def _wait_for(running: House, lacking: Callable[[], list[str]]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while left := lacking():
        assert time.monotonic() < deadline, f"{', '.join(left)}\n{running.told}"
        running.look()
        time.sleep(0.2)


def _left(holds: Holds) -> list[str]:
    """Say what is not told yet."""
    leases.end_those_of_the_dead(after=SURELY_DEAD)
    waiting = Delivery.objects.filter(state="waiting")
    if IS_SHORT:  # and do not wait for what was put off
        leases.put(waiting.filter(due_at__gt=_now()), due_at=_now())
        leases.put(Destination.objects.filter(open_until__gt=_now()), open_until=None)
        leases.put(SalesforceHold.objects.filter(due_at__gt=_now()), due_at=_now())
    left = {
        "holds": holds.left(),
        "events": CommonEvent.objects.filter(announced=False).count(),
        "deliveries": waiting.count(),
    }
    return [f"{many} {what}" for what, many in left.items() if many]


def _now() -> datetime:
    return datetime.now(UTC)
