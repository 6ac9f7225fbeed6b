"""What the AHT page reads, from rows that a recomputation wrote."""

from datetime import date, timedelta

import pytest

from dashboards.aht import Query, groups, interruptions
from handling import services
from handling.models import AgentHandling
from tests.db.handling.mirrored import MORNING, at, session

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 27)


@pytest.fixture
def _week() -> None:
    session("E1", "email", "i0 h100 i400-500", queue="mail")
    session("V", "voice", "i100-300", queue="calls")
    session("E2", "email", "i1000-1100", queue="mail", user="a2")
    session("E3", "email", "i90000-90050", queue="mail", user="a2")
    session("R", "voice", "a2000-2010", queue="calls")
    for user in ("a1", "a2"):
        services.rebuild(user_id=user, now=MORNING + timedelta(days=9), zone="UTC")


@pytest.mark.usefixtures("_week")
def test_handle_time_is_summed_by_queue_and_medium() -> None:
    mail, calls = groups(Query(DAY, DAY))
    assert (calls.genesys_id, calls.media_type, calls.sums.handled) == ("calls", "voice", 1)
    assert (mail.genesys_id, mail.sums.handled, mail.sums.interrupted) == ("mail", 2, 1)
    sums = mail.sums
    assert (sums.gross_ms, sums.interrupted_ms, sums.adjusted_ms) == (600_000, 200_000, 400_000)
    assert mail.p90_ms == 300_000


@pytest.mark.usefixtures("_week")
def test_days_queues_agents_and_media_narrow_it() -> None:
    (row,) = groups(Query(DAY, DAY + timedelta(days=3), agent="a2"))
    assert (row.sums.handled, row.sums.gross_ms, row.p90_ms) == (2, 150_000, 100_000)
    assert [row.media_type for row in groups(Query(DAY, DAY, media="voice"))] == ["voice"]
    assert groups(Query(DAY, DAY, queue="nobody's")) == []
    by_agent = groups(Query(DAY, DAY, queue="mail", by="agent"))
    assert [(row.genesys_id, row.sums.handled) for row in by_agent] == [("a1", 1), ("a2", 1)]


@pytest.mark.parametrize(("count", "tenth"), [(1, 1), (2, 2), (10, 9), (11, 10), (20, 18)])
def test_nine_of_ten_do_not_exceed_the_p90(count: int, tenth: int) -> None:
    for seconds in range(1, count + 1):
        session(f"E{seconds}", "email", f"i{seconds * 1000}-{seconds * 1000 + seconds}")
    services.rebuild(user_id="a1", now=MORNING + timedelta(days=1), zone="UTC")
    (row,) = groups(Query(DAY, DAY))
    assert row.p90_ms == tenth * 1000


@pytest.mark.usefixtures("_week")
def test_a_row_leads_to_its_interruptions() -> None:
    email = AgentHandling.objects.get(conversation__genesys_id="E1")
    (leg,) = interruptions([email.pk])[email.pk]
    assert (leg.interrupter.genesys_id, leg.started_at, leg.ended_at) == ("V", at(100), at(300))
