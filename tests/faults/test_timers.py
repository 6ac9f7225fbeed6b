"""Workers, beats and the database die while timers fire, the broker is emptied: each tells once.

The suite has 30 clocks with four timers each and kills four times; `make chaos` has 10,000, kills
500 and crashes the database fifteen times. Two workers and three beats run all the while. What must
be told is worked out by the test, and held against timers, events, the outbox and what was heard.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest
from django.db import OperationalError
from django.db.models import Max

from conversations.models import CommonEvent
from dcm.processes import commands_in
from integrations.models import Attempt, Delivery
from sla.models import Alert, Clock, Notice, Timer
from tests.faults import customers, leases
from tests.faults.customers import Due
from tests.faults.ground import Ground, ground
from tests.faults.nemesis import ROOT, House, Nemesis, house
from tests.receiving import Receiving, receiving
from tests.web import environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CLOCKS: Final = int(os.environ.get("DCM_CHAOS_CLOCKS", "30"))
KILLS: Final = int(os.environ.get("DCM_CHAOS_TIMER_KILLS", "4"))
CRASHES: Final = int(os.environ.get("DCM_CHAOS_CRASHES", "1"))
SEED: Final = int(os.environ.get("DCM_CHAOS_SEED", "0")) or Random().randrange(1, 1_000_000)
IS_SHORT: Final = KILLS < 20
WITHIN_S: Final = 90.0 if IS_SHORT else 1_800.0
PAUSE_S: Final = (0.2, 0.8) if IS_SHORT else (0.3, 1.3)
# Over so long timers fall due, the first of them after the house has got up.
OVER_S: Final = 4.0 if IS_SHORT else KILLS * 2.1
FIRST_AFTER: Final = timedelta(seconds=4 if IS_SHORT else 30)
# No call lasts longer than that here, as long as its process lives.
SURELY_DEAD: Final = timedelta(seconds=2 if IS_SHORT else 3)
WORKERS: Final = ("worker", "other-worker")
BEATS: Final = ("beat", "second-beat", "third-beat")
# So long a kill waits for somebody to be told since the last one.
A_WHILE_S: Final = 10.0
# Most deaths are those of workers.
VICTIMS: Final = (*WORKERS * (3 if IS_SHORT else 9), *BEATS)
A_CLOCK: Final = 4


@pytest.fixture
def draw() -> Random:
    sys.stdout.write(f"seed {SEED}: DCM_CHAOS_SEED={SEED} draws the same\n")
    return Random(SEED)


@pytest.fixture
def receivers() -> Iterator[Receiving]:
    with receiving() as running:
        yield running


@pytest.fixture
def below(draw: Random, tmp_path: Path) -> Iterator[Ground]:
    with ground(draw, tmp_path / "var") as made:
        yield made


@pytest.fixture
def running(below: Ground, tmp_path: Path) -> Iterator[House]:
    """Two workers and three beats, each of these with a schedule of its own."""
    own = {k: v for k, v in environment().items() if not k.startswith("DCM_CHAOS_")}
    env = own | {
        **below.env,
        "DCM_OUTBOUND_ALLOW": "127.0.0.0/8",
        "DJANGO_SETTINGS_MODULE": "tests.faults.alone.settings",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }
    known = commands_in(ROOT / "Procfile")
    worker = known["worker"].replace("genesys,", "")
    workers = {name: f"{worker} --hostname {name}" for name in WORKERS}
    beats = {name: f"{known['beat']} --schedule {tmp_path / name}" for name in BEATS}
    with house({**workers, **beats}, env, tmp_path) as members:
        yield members


def test_no_kill_loses_a_timer_tells_it_twice_or_early(
    draw: Random, receivers: Receiving, below: Ground, running: House
) -> None:
    begun = time.monotonic()
    first_at = _now() + FIRST_AFTER
    dues = customers.wait(draw, CLOCKS, first_at=first_at, over_s=OVER_S, url=receivers.url)
    nemesis = Nemesis(running, draw, VICTIMS, PAUSE_S)
    _rage(nemesis, below, until=max(due.at for due in dues))
    raged = time.monotonic() - begun
    _wait_until_all_is_told(running)
    took = time.monotonic() - begun

    _assert_timers(dues)
    _assert_outbox(dues)
    _assert_heard(dues, receivers)
    assert below.crashes.total() == (CRASHES if below.database else 0)
    sys.stdout.write(f"{len(dues)} timers: 0 missing, 0 double, 0 early\n")
    sys.stdout.write(f"{_killed(nemesis)} kills of workers: {nemesis.counts}\n")
    sys.stdout.write(f"crashes: {dict(below.crashes)}; emptied {below.times_emptied} times\n")
    sys.stdout.write(f"{raged:.0f} s of kills, {took:.0f} s in all\n")


def _rage(nemesis: Nemesis, below: Ground, *, until: datetime) -> None:
    """Kill, crash and empty until enough have died and the last timer is due."""
    seen = 0

    def go_on() -> bool:
        nonlocal seen
        seen, killed = _worked(seen), _killed(nemesis)
        if below.times_emptied == 0 or nemesis.draw.random() < 0.1:
            below.empty_the_broker()
        crashed = below.crashes.total()
        is_time = crashed < CRASHES and killed * CRASHES >= (crashed + 1) * KILLS
        if below.database and is_time:
            below.crash()
        return killed < KILLS or _now() < until

    nemesis.rage(go_on=go_on)


def _worked(seen: int) -> int:
    """Return the last try to tell somebody, once there is another, none is left, or after a while.

    Workers that are killed while they start tell nobody, and nothing would come of it.
    """
    deadline = time.monotonic() + A_WHILE_S
    waiting = Delivery.objects.filter(state="waiting")
    while (told := _tries()) == seen and time.monotonic() < deadline and waiting.exists():
        _have_leases_of_the_dead_run_out()
        time.sleep(0.1)
    return told


def _tries() -> int:
    return Attempt.objects.aggregate(last=Max("pk"))["last"] or 0


def _killed(nemesis: Nemesis) -> int:
    return sum(len(nemesis.of(name)) for name in WORKERS)


# -- what must have been told ---------------------------------------------------------------------
def _assert_timers(dues: Collection[Due]) -> None:
    """Each has fired once, after its instant; alerts and notices are there once."""
    told = ("conversation__genesys_id", "round_at", "rung")
    fired = {
        tuple(key): at
        for *key, at in Timer.objects.filter(state="fired", kind="next_response").values_list(
            *told, "fired_at"
        )
    }
    expected = {(due.conversation, due.since, due.step.rung): due.at for due in dues}
    _assert_same(expected, fired)
    assert Timer.objects.count() == len(dues)
    assert [key for key, at in fired.items() if at <= expected[key]] == []
    _tell_lag("due to fired", [at - expected[key] for key, at in fired.items()])
    assert Notice.objects.count() == len(dues)
    assert Alert.objects.filter(level="breached").count() == CLOCKS
    assert Clock.objects.filter(state="running").count() == CLOCKS


def _assert_outbox(dues: Collection[Due]) -> None:
    """Each is one event, and one delivery to whoever is to hear of it."""
    events = CommonEvent.objects.values_list("name", "conversation__genesys_id", "subject", "at")
    expected = [(due.step.name, due.conversation, due.subject, due.at) for due in dues]
    _assert_same(expected, events.filter(name__startswith="sla."))
    rows = Delivery.objects.values_list("destination__name", "key", "state")
    keys = [(due.step.path, f"{due.conversation}:{due.step.name}:{due.subject}") for due in dues]
    _assert_same([(*key, "delivered") for key in keys], rows)


def _assert_heard(dues: Collection[Due], receivers: Receiving) -> None:
    """Each was heard under one id, however often, and not before its instant."""
    expected = {(due.step.path, due.step.name, due.conversation, due.subject): due for due in dues}
    ids: dict[tuple[str, str, str, str], set[str]] = {}
    first: dict[tuple[str, str, str, str], float] = {}
    heard = receivers.heard()
    for call in heard:
        data = call.body["data"]
        key = (call.path, call.body["type"], data["conversationId"], data["subject"])
        ids.setdefault(key, set()).add(call.id)
        first.setdefault(key, call.at)
    _assert_same(expected, ids)
    assert [key for key, known in ids.items() if len(known) > 1] == []
    lags = [timedelta(seconds=at - expected[key].at.timestamp()) for key, at in first.items()]
    assert min(lags) > timedelta()
    _tell_lag("due to heard", lags)
    tries = Delivery.objects.aggregate(most=Max("attempts"))["most"]
    sys.stdout.write(f"heard again under one id: {len(heard) - len(ids)}; most tries: {tries}\n")


def _assert_same(expected: Iterable[Hashable], found: Iterable[Hashable]) -> None:
    """Fail where anything is missing, was not expected, or is there twice; name some of it."""
    wanted, counts = Counter(list(expected)), Counter(list(found))
    missing, more = wanted - counts, counts - wanted
    assert (missing.total(), more.total()) == (0, 0), (_some(missing), _some(more))


def _some(found: Counter[Hashable]) -> list[Hashable]:
    return list(found)[:5]


def _tell_lag(what: str, lags: Sequence[timedelta]) -> None:
    known = sorted(lag.total_seconds() for lag in lags)
    median, late = known[len(known) // 2], known[len(known) * 99 // 100]
    sys.stdout.write(f"{what}: median {median:.1f}, p99 {late:.1f}, most {known[-1]:.1f} s\n")


# -- waiting -------------------------------------------------------------------------------------
def _wait_until_all_is_told(running: House) -> None:
    deadline = time.monotonic() + WITHIN_S
    while left := _left():
        assert time.monotonic() < deadline, f"{left}\n{running.told}"
        running.look()
        _have_leases_of_the_dead_run_out()
        time.sleep(0.3)


def _left() -> list[str]:
    left = {
        "timers": A_CLOCK * CLOCKS - Timer.objects.filter(state="fired").count(),
        "events": CommonEvent.objects.filter(announced=False).count(),
        "deliveries": Delivery.objects.filter(state="waiting").count(),
    }
    return [f"{many} {what}" for what, many in left.items() if many]


def _have_leases_of_the_dead_run_out() -> None:
    with suppress(OperationalError):  # SQLite's one place is taken: the next time, then
        leases.end_those_of_the_dead(after=SURELY_DEAD)


def _now() -> datetime:
    return datetime.now(UTC)
