"""Forgotten work in the table: of open agents' sessions, and anew when their presence changes."""

from datetime import datetime, timedelta

import pytest

from conversations.domain.presence import PresenceTold
from conversations.models import Change, CommonEvent, Conversation
from conversations.presence import record_live
from integrations.services import derive
from sla.domain.words import filled
from sla.firing import fire
from sla.models import Alert, Clock, Policy, Timer
from sla.tending import close_ended
from tests.db.sla.mirrored import (
    FRIDAY_1645,
    MONDAY,
    agent_has,
    clock,
    conversation,
    refreshed,
    wrote,
)

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _promised() -> None:
    Policy.objects.update(forgotten_s=7200, away_s=1800)


def monday(hour: int, minute: int = 0) -> datetime:
    return MONDAY.replace(hour=hour, minute=minute)


def parked(number: int = 1, since: datetime = FRIDAY_1645) -> Conversation:
    """Make a conversation in which Anna has parked what the customer wrote."""
    made = conversation(number, started_at=since)
    wrote("customer", made, since)
    agent_has(made, "anna", ("interact", since), ("parked", since + timedelta(minutes=5)))
    return made


def becomes(presence: str, at: datetime, user_id: str = "anna") -> None:
    told = [
        PresenceTold(user_id, "presence", presence, "", at),
        PresenceTold(user_id, "routing", "OFF_QUEUE", "", at),
    ]
    record_live(told=told, now=at)


def due(of: Conversation) -> datetime | None:
    return clock(of, "forgotten").due_at


def test_what_is_parked_on_friday_at_1645_is_forgotten_on_monday() -> None:
    asked = parked()

    refreshed(asked)

    assert due(asked) == monday(10, 50)
    found = clock(asked, "forgotten")
    assert (found.target_s, found.started_at) == (7200, FRIDAY_1645 + timedelta(minutes=5))
    assert filled(found.reason) == "parked since 2026-03-27T16:50:00.000Z by anna"


def test_gone_home_is_due_sooner_and_back_at_work_it_is_idle_only() -> None:
    asked, other = parked(1, monday(9)), parked(2, monday(9))
    refreshed(asked, other)
    assert due(asked) == monday(11, 5)

    becomes("OFFLINE", monday(9, 30))
    assert set(Change.objects.values_list("conversation_id", flat=True)) == {asked.pk, other.pk}
    derive(now=monday(9, 30))
    assert (due(asked), clock(asked, "forgotten").started_at) == (monday(10), monday(9, 30))

    becomes("AVAILABLE", monday(9, 45))
    derive(now=monday(9, 45))
    assert (due(asked), clock(asked, "forgotten").started_at) == (monday(11, 5), monday(9, 5))


def test_presence_that_tells_nothing_of_being_away_orders_nothing() -> None:
    parked(1, monday(9))
    becomes("AVAILABLE", monday(9, 10))
    assert not Change.objects.exists()

    becomes("OFFLINE", monday(9, 20), "ben")
    assert not Change.objects.exists()
    becomes("OFFLINE", monday(9, 30))
    Change.objects.all().delete()
    becomes("OFFLINE", monday(9, 30))
    assert not Change.objects.exists()


def test_who_asked_for_a_photo_and_went_home_has_forgotten_nothing_until_it_comes() -> None:
    asked = parked(1, monday(9))
    wrote("agent", asked, monday(9, 30), "anna")
    becomes("OFFLINE", monday(16))
    refreshed(asked, now=monday(16))
    assert (clock(asked, "forgotten").state, due(asked)) == ("paused", None)

    wrote("customer", asked, monday(16, 20))
    refreshed(asked, now=monday(16, 20))
    assert (clock(asked, "forgotten").state, due(asked)) == ("running", monday(16, 50))


def test_sixty_days_open_whose_agents_left_is_nobodys_forgotten_work() -> None:
    asked = conversation()
    agent_has(asked, "anna", ("interact", FRIDAY_1645), until=FRIDAY_1645 + timedelta(hours=1))
    customer = agent_has(asked, "", ("interact", FRIDAY_1645))
    customer.participant.purpose = "customer"
    customer.participant.save(update_fields=["purpose"])
    customer.purpose = "customer"
    customer.save(update_fields=["purpose"])

    refreshed(asked, now=FRIDAY_1645 + timedelta(days=60))

    assert not Clock.objects.filter(kind="forgotten").exists()


def test_a_clock_of_forgotten_work_goes_when_the_work_goes_on() -> None:
    asked = parked()
    refreshed(asked)
    session = asked.sessions.get()
    session.segments.filter(ended_at=None).update(ended_at=LATER)
    session.ended_at = LATER
    session.save(update_fields=["ended_at"])

    assert refreshed(asked, now=LATER).deleted == 1
    assert not Clock.objects.filter(kind="forgotten").exists()


def told_of(asked: Conversation) -> Timer:
    """Let the breach of forgotten work fire at 11:06, and return its timer."""
    refreshed(asked, now=monday(9, 10))
    breach = Timer.objects.get(kind="forgotten", rung="breach")
    Timer.objects.filter(pk=breach.pk).update(state=Timer.State.CHECKING, asked_at=monday(11, 5))
    assert fire(verified={breach.pk: True}, now=monday(11, 6)) == 1
    breach.refresh_from_db()
    return breach


def test_what_was_forgotten_is_over_when_its_agent_acts_and_not_taken_back() -> None:
    asked = parked(1, monday(9))
    breach = told_of(asked)
    assert (breach.state, breach.due_at) == (Timer.State.FIRED, monday(11, 5))
    assert Alert.objects.get().level == Alert.Level.FORGOTTEN

    wrote("agent", asked, monday(11, 30), "anna")
    refreshed(asked, now=monday(11, 30))
    close_ended(now=monday(11, 30))

    breach.refresh_from_db()
    assert breach.state == Timer.State.FIRED
    assert (Alert.objects.get().state, Alert.objects.get().reason) == ("closed", "its agent acted")
    assert not CommonEvent.objects.filter(name="sla.withdrawn").exists()


def test_what_its_agent_did_in_time_and_was_known_late_is_taken_back() -> None:
    asked = parked(1, monday(9))
    breach = told_of(asked)

    wrote("agent", asked, monday(10), "anna")
    refreshed(asked, now=monday(11, 30))

    breach.refresh_from_db()
    assert (breach.state, breach.reason) == ("withdrawn", "taken back: its agent acted")
    assert CommonEvent.objects.filter(name="sla.withdrawn", conversation=asked).count() == 1
    assert Alert.objects.get().state == "closed"


def test_an_agent_who_comes_back_ends_it_and_takes_nothing_back() -> None:
    asked = parked(1, monday(9))
    becomes("OFFLINE", monday(9, 30))
    refreshed(asked, now=monday(9, 30))
    breach = Timer.objects.get(kind="forgotten", rung="breach")
    Timer.objects.filter(pk=breach.pk).update(state=Timer.State.CHECKING, asked_at=monday(10, 1))
    assert fire(verified={breach.pk: True}, now=monday(10, 2)) == 1

    becomes("AVAILABLE", monday(10, 30))
    derive(now=monday(10, 30))
    close_ended(now=monday(10, 30))

    breach.refresh_from_db()
    assert breach.state == Timer.State.FIRED
    assert (Alert.objects.get().state, Alert.objects.get().reason) == ("closed", "its agent acted")
    again = Timer.objects.get(kind="forgotten", rung="breach", round_at=monday(9, 5))
    assert (again.state, again.due_at) == (Timer.State.WAITING, monday(11, 5))
