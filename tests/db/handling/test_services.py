"""Recomputing: right rows, nothing written twice, nothing left behind."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import Agent, Conversation, Segment, Session
from handling import services
from handling.models import AgentHandling, DailyHandling, Interruption, Utilization
from tests.db.handling.mirrored import MORNING, at, close, metrics, session

pytestmark = pytest.mark.django_db
LATER = MORNING + timedelta(days=1)


def recompute(
    start: int = 0, end: int = 1000, now: datetime = LATER, user: str = "a1", zone: str = "UTC"
) -> services.Recomputed:
    return services.recompute(user_id=user, start=at(start), end=at(end), now=now, zone=zone)


def row(name: str, user: str = "a1") -> AgentHandling:
    return AgentHandling.objects.get(conversation__genesys_id=name, user_id=user)


def legs(name: str) -> list[tuple[str, float, float, bool]]:
    return [
        (
            leg.interrupter.genesys_id,
            (leg.started_at - MORNING).total_seconds(),
            (leg.ended_at - MORNING).total_seconds(),
            leg.provisional,
        )
        for leg in Interruption.objects.filter(handling=row(name)).order_by("started_at", "pk")
    ]


def everything() -> list[list[tuple[Any, ...]]]:
    return [
        list(AgentHandling.objects.order_by("pk").values_list()),
        list(Interruption.objects.order_by("pk").values_list()),
        list(DailyHandling.objects.order_by("pk").values_list()),
    ]


def content() -> list[set[tuple[Any, ...]]]:
    """Return all that the rows say, without their keys and when they were computed."""
    said = [f.attname for f in AgentHandling._meta.concrete_fields]
    said = [name for name in said if name not in {"id", "computed_at"}]
    leg = ("handling__conversation", "handling__user_id", "interrupter", "started_at", "ended_at")
    day = [f.attname for f in DailyHandling._meta.concrete_fields if f.attname != "id"]
    return [
        set(AgentHandling.objects.values_list(*said)),
        set(Interruption.objects.values_list(*leg)),
        set(DailyHandling.objects.values_list(*day)),
    ]


def test_an_interrupted_email_gets_a_row_its_interruption_and_its_day() -> None:
    email = session("E", "email", "i0 h100 i400 w500-510")
    session("V", "voice", "a90 i100 w300-320", queue="q2")
    metrics(email, tHandle=510_000)
    assert recompute() == (2, 0, 0, 1, 2)
    found = row("E")
    assert (found.started_at, found.ended_at) == (at(0), at(510))
    assert (found.media_type, found.queue_id, found.genesys_handle_ms) == ("email", "q1", 510_000)
    assert (found.gross_ms, found.adjusted_ms, found.interrupted_ms) == (510_000, 290_000, 220_000)
    assert (found.live_ms, found.acw_ms, found.other_hold_ms) == (200_000, 10_000, 80_000)
    assert (found.shared_ms, found.resumption_lag_ms, found.flags) == (290_000, 80_000, 0)
    assert found.completed_on == date(2026, 3, 27)
    assert legs("E") == [("V", 100, 320, False)]
    day = DailyHandling.objects.get(queue_id="q1")
    assert (day.date, day.handled, day.interrupted) == (date(2026, 3, 27), 1, 1)
    assert (day.gross_ms, day.adjusted_ms, day.shared_ms) == (510_000, 290_000, 290_000)


def test_recomputing_twice_writes_nothing() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-300")
    session("O", "chat", "i450")
    recompute(now=at(600))
    before = everything()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert recompute(now=at(600)).writes == 0
    assert everything() == before
    writes = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert writes == []


def test_of_closed_conversations_nothing_depends_on_the_clock() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-300")
    recompute(now=at(600))
    before = everything()
    assert recompute(now=LATER).writes == 0
    assert everything() == before


def test_a_call_that_comes_late_changes_the_email_it_interrupted() -> None:
    session("E", "email", "i0 h100 i400-500")
    recompute()
    assert row("E").interrupted_ms == 0
    session("V", "voice", "i100-300")
    assert recompute(start=100, end=300) == (1, 1, 0, 1, 2)
    assert row("E").interrupted_ms == 200_000
    assert DailyHandling.objects.get(media_type="email").interrupted_ms == 200_000


def test_a_session_that_vanished_takes_its_row_its_interruptions_and_its_day_along() -> None:
    session("E", "email", "i0 h100 i400-500")
    call = session("V", "voice", "i100-300")
    recompute()
    Segment.objects.filter(session=call).delete()
    Session.objects.filter(pk=call.pk).delete()
    recompute(start=100, end=300)
    assert not AgentHandling.objects.filter(conversation__genesys_id="V").exists()
    assert row("E").interrupted_ms == 0
    assert Interruption.objects.count() == 0
    assert DailyHandling.objects.filter(media_type="voice").count() == 0


def test_a_row_whose_end_the_window_does_not_touch_is_brought_in_line_and_not_lost() -> None:
    email = session("E", "email", "i0")
    recompute(now=at(50))
    close(email, 60)
    session("V", "voice", "i100-300")
    recompute(start=100, end=300)
    assert row("E").ended_at == at(60)


def test_an_open_hold_has_a_provisional_interruption_that_grows_and_becomes_final() -> None:
    email = session("E", "email", "i0 h100")
    call = session("V", "voice", "i100")
    recompute(now=at(200))
    assert legs("E") == [("V", 100, 200, True)]
    assert row("E").ended_at is None
    assert DailyHandling.objects.count() == 0
    services.refresh_open(now=at(250), zone="UTC")
    assert legs("E") == [("V", 100, 250, True)]
    close(call, 260)
    close(email, 300)
    services.refresh_open(now=at(400), zone="UTC")
    assert legs("E") == [("V", 100, 260, False)]
    assert services.refresh_open(now=LATER) == 0


def test_an_unanswered_ring_interrupts_and_was_not_handled() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "a150-180")
    recompute()
    assert legs("E") == [("V", 150, 180, False)]
    assert row("V").gross_ms == 0
    assert list(DailyHandling.objects.values_list("media_type", flat=True)) == ["email"]


def test_other_users_take_part_only_where_they_count(settings: Any) -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-300", purpose="user")
    session("C", "chat", "i100-300", purpose="customer")
    recompute()
    assert row("E").interrupted_ms == 0
    assert AgentHandling.objects.count() == 1
    settings.COUNT_NON_ACD = True
    recompute()
    assert row("E").interrupted_ms == 200_000


def test_a_consult_leg_is_told_by_its_peer_and_costs_the_call_nothing() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i0-300", purpose="customer", user="")
    caller = session("V", "voice", "i0 h50-300", user="a2")
    session("V", "voice", "i100-200", peer=caller.genesys_id)
    recompute()
    assert legs("E") == [("V", 100, 200, False)]
    assert not AgentHandling.objects.filter(user_id="a1", conversation__genesys_id="V").exists()


def test_a_call_between_two_agents_alone_is_no_consult() -> None:
    caller = session("V", "voice", "i0-300", user="a2")
    session("V", "voice", "i100-200", peer=caller.genesys_id)
    recompute()
    assert row("V").gross_ms == 100_000


def test_the_organisations_utilization_decides_and_the_agents_own_before_it() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-300")
    never: dict[str, Any] = {"email": {"interruptableMediaTypes": []}}
    assert services.set_utilization(organization={"utilization": never}, now=LATER)
    assert not services.set_utilization(organization={"utilization": never}, now=LATER)
    assert Utilization.objects.count() == 1
    recompute()
    assert (row("E").interrupted_ms, row("E").switched_ms) == (0, 200_000)
    by_calls = {"email": {"interruptableMediaTypes": ["call"]}}
    Agent.objects.create(genesys_id="a1", utilization={"level": "Agent", "utilization": by_calls})
    recompute()
    assert row("E").interrupted_ms == 200_000


def test_a_day_is_the_local_one_of_the_end() -> None:
    session("E", "email", "i0-57600")
    recompute(end=60_000, zone="Europe/Berlin")
    assert DailyHandling.objects.get().date == date(2026, 3, 28)
    recompute(end=60_000, zone="UTC")
    assert DailyHandling.objects.get().date == date(2026, 3, 28)
    recompute(end=60_000, zone="America/New_York")
    assert DailyHandling.objects.get().date == date(2026, 3, 27)


def test_several_sessions_in_one_conversation_are_one_row_with_the_latest_queue() -> None:
    session("M", "message", "i0-100", queue="q1")
    session("M", "message", "i500 w600-700", queue="q2")
    recompute(start=650, end=660)
    found = row("M")
    assert (found.gross_ms, found.queue_id, found.started_at) == (300_000, "q2", at(0))


def test_agents_of_one_conversation_have_a_row_each() -> None:
    session("V", "voice", "i0-100", user="a1")
    session("V", "voice", "i100-180", user="a2")
    recompute()
    recompute(user="a2")
    assert (row("V", "a1").gross_ms, row("V", "a2").gross_ms) == (100_000, 80_000)


def test_what_has_not_happened_yet_is_cut_at_now() -> None:
    session("V", "voice", "i0-1000")
    recompute(now=at(300))
    assert (row("V").gross_ms, row("V").ended_at) == (300_000, None)


def test_a_deleted_conversation_takes_its_rows_along() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-300")
    recompute()
    Conversation.objects.filter(genesys_id="V").delete()
    recompute()
    assert legs("E") == []


MEDIA = ["voice", "chat", "message", "email"]
stories = st.lists(
    st.tuples(
        st.sampled_from("ABCD"),
        st.sampled_from(MEDIA),
        st.lists(st.sampled_from("iihwap"), min_size=1, max_size=4),
        st.integers(0, 60),
        st.integers(1, 25),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories)
def test_piece_by_piece_in_any_order_ends_in_the_rows_of_a_rebuild(stories: list[Any]) -> None:
    Conversation.objects.all().delete()
    DailyHandling.objects.all().delete()
    for name, media, kinds, start, step, lasts in stories:
        words = [f"{kind}{start + step * number}" for number, kind in enumerate(kinds)]
        end = start + step * len(kinds)
        session(name, media, " ".join(words) + ("" if lasts else f"-{end}"))
        recompute(start=start, end=end if not lasts else 1000, now=at(200))
    piecemeal = content()
    assert services.rebuild(user_id="a1", now=at(200), zone="UTC").writes == 0
    AgentHandling.objects.all().delete()
    services.rebuild(user_id="a1", now=at(200), zone="UTC")
    assert content() == piecemeal
