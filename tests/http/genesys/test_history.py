"""Days read by asynchronous jobs: each night the last seven, and history when it is asked for."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from conversations.models import CommonEvent, Conversation, Participant, Segment
from integrations.errors import IntegrationError, TemporaryError
from integrations.genesys import jobs
from integrations.genesys.backfill import backfill, plan, progress
from integrations.genesys.client import Client
from integrations.genesys.nightly import night_of, nightly
from integrations.genesys.poll import last_day, poll
from integrations.genesys.reading import Read
from integrations.models import Gap, HistoryDay, Watermark
from simulator.clock import ManualClock
from simulator.server import Served

pytestmark = pytest.mark.django_db

EPOCH = datetime(2026, 3, 27, 20, tzinfo=UTC)  # a Friday evening: few come before Monday
SUNDAY = datetime(2026, 3, 29, 4, tzinfo=UTC)
SATURDAY = date(2026, 3, 28)
JOBS = "/api/v2/analytics/conversations/details/jobs"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(SUNDAY)


@pytest.fixture
def epoch() -> datetime:
    return EPOCH


@pytest.fixture
def centre(centre: Served) -> Served:
    """Bring the centre to the present of its clock: jobs are asked of what has happened."""
    centre.centre.live_on()
    return centre


def _night(client: Client, clock: ManualClock, *, most: int = 30) -> Read:
    """Let beat tick until the night's work is done."""
    read = Read()
    for _ in range(most):
        read += nightly(client=client, now=clock.now())
        if not HistoryDay.objects.filter(state__in=("waiting", "submitted", "reading")).exists():
            return read
        clock.advance(5)
    raise AssertionError(list(HistoryDay.objects.values_list("day", "state", "reason")))


def _attributes_told(centre: Served, before: date) -> dict[str, dict[str, str]]:
    world = centre.centre.world.conversations.values()
    return {
        p.id: p.attributes
        for c in world
        if datetime.fromtimestamp(c.start / 1000, UTC).date() < before
        for p in c.participants
    }


def test_a_night_reads_the_last_week_with_attributes_and_the_next_writes_nothing(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    clock.advance(-0)
    poll(client=simulated, now=clock.now())
    _night(simulated, clock)

    told = _attributes_told(centre, SUNDAY.date())
    mirror = dict(
        Participant.objects.filter(genesys_id__in=told).values_list("genesys_id", "attributes")
    )
    assert mirror == told
    assert any(told.values())
    assert HistoryDay.objects.filter(state="done").count() == 7

    clock.advance(7_200)
    _once_more(simulated, clock)
    settled = Conversation.objects.filter(ended_at__lt=SUNDAY - timedelta(hours=4))
    before = dict(settled.values_list("pk", "observed_at"))
    _once_more(simulated, clock)
    last_day(client=simulated, now=clock.now())
    _once_more(simulated, clock)
    after = dict(settled.values_list("pk", "observed_at"))
    # A survey or an evaluation may have come to some of them.
    assert sum(after[pk] == at for pk, at in before.items()) > 0.95 * len(before)


def _once_more(client: Client, clock: ManualClock) -> None:
    """Have the same night's days read again."""
    HistoryDay.objects.update(wanted_for=None)
    clock.advance(60)
    _night(client, clock)


def test_what_genesys_corrects_on_the_third_day_is_adopted_in_one_night(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    poll(client=simulated, now=clock.now())
    clock.advance(86_400)
    world = centre.centre.live_on().conversations
    corrected = set()
    for c in world.values():
        friday = c.start < (EPOCH + timedelta(hours=4)).timestamp() * 1000
        for segment in (s for session in c.sessions for s in session.segments if friday):
            if segment.wrap_up_code:
                segment.wrap_up_code = "corrected"
                corrected.add(c.id)

    _night(simulated, clock)

    # By keys: without statistics PostgreSQL plans one join of four tables at minutes.
    segments = Segment.objects.filter(wrap_up_code="corrected")
    told = Conversation.objects.filter(
        sessions__in=list(segments.values_list("session", flat=True))
    )
    assert corrected
    assert set(told.values_list("genesys_id", flat=True)) == corrected


def test_a_worker_that_dies_while_reading_goes_on_where_it_was(
    centre: Served, simulated: Client, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAGE_SIZE", 50)
    plan(first=SATURDAY, last=SATURDAY)

    def go_on() -> Any:
        return backfill(client=simulated, first=SATURDAY, last=SATURDAY, now=clock.now())

    go_on()
    row = HistoryDay.objects.get()
    assert (row.state, row.available_at) == ("submitted", SUNDAY - timedelta(hours=1))
    clock.advance(5)
    simulated.clock = _dying_at(simulated.clock, request=5)
    with pytest.raises(KeyboardInterrupt):
        go_on()
    row.refresh_from_db()
    assert row.state == "reading"
    assert 0 < row.conversations == Conversation.objects.count()
    assert Watermark.objects.get(road="genesys.backfill").leased_until is None

    simulated.clock = clock.now
    lost = {"path": f"{JOBS}/*/results", "kind": "error", "status": 500, "count": 3}
    centre.centre.faults.put([lost])
    with pytest.raises(TemporaryError):
        go_on()
    done = go_on()
    assert (done.done, done.is_over) == (1, True)
    assert done.conversations == Conversation.objects.count()
    assert set(CommonEvent.objects.values_list("historic", flat=True)) == {True}
    assert go_on().done == 1
    assert len(centre.centre.jobs.known) == 1


def _dying_at(clock: Callable[[], datetime], *, request: int) -> Callable[[], datetime]:
    """Return a clock that Ctrl-C comes to, some looks later."""
    looks = count(1)

    def look() -> datetime:
        if next(looks) > 2 * request:
            raise KeyboardInterrupt
        return clock()

    return look


@pytest.mark.parametrize("kind", ["job_failed", "job_expired", "job_cancelled"])
def test_a_job_that_comes_to_nothing_is_ordered_again(
    centre: Served, simulated: Client, clock: ManualClock, kind: str
) -> None:
    centre.centre.faults.put([{"path": JOBS, "kind": kind, "method": "POST", "count": 1}])
    plan(first=EPOCH.date(), last=EPOCH.date())
    for _ in range(20):
        backfill(client=simulated, first=EPOCH.date(), last=EPOCH.date(), now=clock.now())
        clock.advance(15)
    done = progress(first=EPOCH.date(), last=EPOCH.date())
    assert (done.done, done.conversations) == (1, Conversation.objects.count())
    assert len(centre.centre.jobs.known) == 2


def test_a_day_that_never_comes_is_a_gap_until_a_later_night_fills_it(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    centre.centre.faults.put([{"path": JOBS, "kind": "job_failed", "method": "POST"}])
    for _ in range(20):
        nightly(client=simulated, now=clock.now())
        clock.advance(600)
        nightly(client=simulated, now=clock.now())
        clock.advance(3_600)
    assert HistoryDay.objects.filter(state="failed").count() >= 3
    gap = Gap.objects.filter(road="genesys.nightly").latest("start")
    assert (gap.start.date(), gap.filled_at) == (SATURDAY, None)
    assert "FAILED" in gap.reason

    centre.centre.faults.put([])
    clock.set(SUNDAY + timedelta(days=1))
    _night(simulated, clock)
    gap.refresh_from_db()
    assert gap.filled_at is not None
    assert not Gap.objects.filter(filled_at=None, start__gte=EPOCH - timedelta(days=1)).exists()


def test_a_cursor_that_is_refused_begins_the_result_anew(
    centre: Served, simulated: Client, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAGE_SIZE", 100)
    rule = {"path": f"{JOBS}/*/results", "kind": "invalid_cursor", "count": 2}
    centre.centre.faults.put([rule])
    plan(first=SATURDAY, last=SATURDAY)
    for _ in range(3):
        backfill(client=simulated, first=SATURDAY, last=SATURDAY, now=clock.now())
        clock.advance(5)
    done = progress(first=SATURDAY, last=SATURDAY)
    assert (done.done, done.conversations) == (1, Conversation.objects.count())


def test_a_day_whose_data_is_not_there_yet_waits(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    centre.centre.jobs.behind = timedelta(hours=10)
    for _ in range(9):
        nightly(client=simulated, now=clock.now())
        clock.advance(5)
    waiting = HistoryDay.objects.get(day=SATURDAY)
    assert (waiting.state, waiting.attempts) == ("waiting", 0)
    assert HistoryDay.objects.filter(state="done").count() == 6

    clock.advance(7 * 3_600)
    _night(simulated, clock)
    assert HistoryDay.objects.get(day=SATURDAY).state == "done"


def test_nights_that_were_missed_are_made_up_for(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    _night(simulated, clock)
    clock.advance(12 * 86_400)
    centre.centre.jobs.behind = timedelta(days=40)  # planning is enough here
    nightly(client=simulated, now=clock.now())
    days = list(HistoryDay.objects.order_by("day").values_list("day", flat=True))
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert days[-1] == clock.now().date() - timedelta(days=1)
    assert HistoryDay.objects.filter(state="waiting").count() == 12


def test_a_night_begins_at_its_hour_in_local_time(settings: Any) -> None:
    settings.TIME_ZONE, settings.NIGHTLY_HOUR = "Europe/Berlin", 3
    assert night_of(datetime(2026, 3, 29, 0, 59, tzinfo=UTC)) == date(2026, 3, 28)
    assert night_of(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == date(2026, 3, 29)


def test_one_backfill_at_a_time(simulated: Client, clock: ManualClock) -> None:
    Watermark.objects.create(
        road="genesys.backfill", leased_until=clock.now() + timedelta(minutes=1)
    )
    plan(first=SATURDAY, last=SATURDAY)
    with pytest.raises(IntegrationError, match="another run"):
        backfill(client=simulated, first=SATURDAY, last=SATURDAY, now=clock.now())
