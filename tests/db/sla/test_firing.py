"""Timers fire when they have passed, once a wait and rung, whoever looks and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chrono import instants
from conversations.models import Change, CommonEvent
from sla.domain.timers import NEWS_FOR, NO_NEWS
from sla.models import Alert, AlertEntry, Clock, Notice, Timer
from sla.services import refresh
from tests import factories
from tests.db.sla.mirrored import fire_due, wrote

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
MS = timedelta(milliseconds=1)
SUBJECT = f"next_response@{instants.to_ms(START)}"


def later(hours: float = 0, **more: float) -> datetime:
    return START + timedelta(hours=hours, **more)


@pytest.fixture
def policy(db: None) -> Any:
    """Four hours at any time of day, and a warning half an hour before."""
    return factories.policy(next_response_s=14_400, warnings=["3 h 30 min"], position=1)


def asked(**values: Any) -> Any:
    made = factories.conversation(started_at=START, user_id="u1", queue_id="q1", **values)
    refresh(conversation_ids=[made.pk], now=START)
    return made


def refreshed(of: Any, now: datetime) -> None:
    refresh(conversation_ids=[of.pk], now=now)


def told() -> list[tuple[str, str, datetime]]:
    rows = CommonEvent.objects.order_by("pk")
    return list(rows.values_list("name", "subject", "at"))


def timers(of: Any) -> dict[str, tuple[str, str]]:
    rows = Timer.objects.filter(conversation=of).order_by("round_at", "due_at", "pk")
    return {row.rung: (row.state, row.reason) for row in rows}


@pytest.mark.usefixtures("policy")
def test_a_warning_and_a_breach_are_told_once_they_have_passed() -> None:
    asked()

    assert fire_due(later(3.5)) == 0
    assert fire_due(later(3.5) + MS) == 1
    assert fire_due(later(4)) == 0  # an answer at this very instant would be in time
    assert fire_due(later(4) + MS) == 1
    assert fire_due(later(4.5)) == 0
    assert told() == [
        ("sla.warned", f"{SUBJECT}:warning:12600", later(3.5)),
        ("sla.breached", SUBJECT, later(4)),
    ]


def test_it_tells_what_an_alert_needs(policy: Any) -> None:
    of = asked()
    fire_due(later(3.6))

    row = CommonEvent.objects.get()
    assert (row.conversation_id, row.recorded_at) == (of.pk, later(3.6))
    assert row.payload == {
        "clock": "next_response",
        "startedAt": "2026-11-20T08:00:00.000Z",
        "dueAt": "2026-11-20T12:00:00.000Z",
        "targetS": "14400",
        "elapsedS": "12600",
        "policyId": str(policy.pk),
        "policy": policy.name,
        "userId": "u1",
        "rung": "warning:12600",
        "verified": "true",
    }
    fire_due(later(4.1), verified=False)
    breached = CommonEvent.objects.get(name="sla.breached")
    assert (breached.payload["elapsedS"], breached.payload["verified"]) == ("14400", "false")


@pytest.mark.usefixtures("policy")
def test_one_alert_a_wait_is_opened_by_the_warning_and_raised_by_the_breach() -> None:
    of = asked()
    fire_due(later(3.6))
    warned = Alert.objects.get()
    assert (warned.conversation_id, warned.kind, warned.round_at) == (of.pk, "next_response", START)
    assert (warned.level, warned.state, warned.opened_at) == ("warned", "open", later(3.6))

    fire_due(later(4.1), verified=False)
    breached = Alert.objects.get()
    assert (breached.pk, breached.level, breached.opened_at) == (warned.pk, "breached", later(3.6))
    assert list(AlertEntry.objects.values_list("at", "actor", "action", "note")) == [
        (later(3.6), "", "opened", "due soon"),
        (later(4.1), "", "raised", "Breached"),
    ]
    notices = Notice.objects.order_by("pk")
    assert [(n.timer.rung, n.at, n.verified, n.subject) for n in notices] == [
        ("warning:12600", later(3.6), True, f"{SUBJECT}:warning:12600"),
        ("breach", later(4.1), False, SUBJECT),
    ]


@pytest.mark.usefixtures("policy")
def test_after_an_outage_the_breach_is_told_however_late_and_its_warning_along_with_it() -> None:
    asked()
    assert fire_due(later(4) + NEWS_FOR * 3) == 1
    assert [name for name, _, _ in told()] == ["sla.breached"]


@pytest.mark.usefixtures("policy")
def test_what_fell_due_long_before_it_was_known_alerts_nobody() -> None:
    of = factories.conversation(started_at=START)
    refreshed(of, later(3.5) + NEWS_FOR)  # its warning is older than that, its breach is news
    assert timers(of) == {"warning:12600": ("withdrawn", NO_NEWS), "breach": ("waiting", "")}
    refreshed(of, later(3.5) + NEWS_FOR)
    assert fire_due(later(4.6)) == 1

    old = factories.conversation(started_at=START)
    refreshed(old, later(4) + NEWS_FOR)
    assert set(timers(old).values()) == {("withdrawn", NO_NEWS)}
    assert timedelta(hours=1) == NEWS_FOR


@pytest.mark.usefixtures("policy")
def test_who_was_answered_is_told_of_no_more_and_the_next_wait_is_another() -> None:
    of = asked()
    wrote("customer", of, START)
    fire_due(later(3.6))
    wrote("agent", of, later(3.7))
    refreshed(of, later(3.7))
    assert timers(of)["breach"] == ("withdrawn", "the agent answered")
    assert fire_due(later(4.1)) == 0

    wrote("customer", of, later(5))
    refreshed(of, later(5))
    assert fire_due(later(8.6)) == fire_due(later(9.1)) == 1
    waits = {subject.partition(":")[0] for _, subject, _ in told()}
    assert waits == {f"next_response@{instants.to_ms(at)}" for at in (START, later(5))}


@pytest.mark.usefixtures("policy")
def test_an_answer_that_comes_while_it_is_checked_is_found_before_it_fires() -> None:
    of = asked()
    wrote("customer", of, START)
    wrote("agent", of, later(3.4))
    Change.objects.create(conversation=of, recorded_at=later(3.6))
    assert fire_due(later(3.6)) == 0
    assert timers(of) == {
        "warning:12600": ("answered", "the agent answered"),
        "breach": ("withdrawn", "the agent answered"),
    }
    assert told() == []
    assert Alert.objects.count() == 0


@pytest.mark.usefixtures("policy")
def test_a_wait_that_is_paused_has_none_waiting_and_gets_them_back() -> None:
    """An agent who writes first and is answered at once."""
    of = asked()
    Clock.objects.filter(conversation=of).delete()
    refreshed(of, later(1))
    assert timers(of) == {"warning:12600": ("waiting", ""), "breach": ("waiting", "")}
    of.ended_at = later(2)
    of.save(update_fields=["ended_at"])
    refreshed(of, later(2))
    assert set(timers(of).values()) == {("withdrawn", "the conversation was closed")}
    of.ended_at = None
    of.save(update_fields=["ended_at"])
    refreshed(of, later(3))
    assert timers(of) == {"warning:12600": ("waiting", ""), "breach": ("waiting", "")}
    assert fire_due(later(3.6)) == fire_due(later(4.1)) == 1


def test_a_target_that_changes_moves_what_waits(policy: Any) -> None:
    of = asked()
    policy.next_response_s = 18_000
    policy.save(update_fields=["next_response_s"])
    refreshed(of, later(1))
    assert fire_due(later(4.9)) == 1
    assert fire_due(later(5) + MS) == 1
    assert Timer.objects.get(rung="breach").due_at == later(5)


def test_a_target_that_changes_to_what_was_long_ago_alerts_nobody(policy: Any) -> None:
    of = asked()
    policy.next_response_s, policy.warnings = 3_600, ["30 min"]
    policy.save(update_fields=["next_response_s", "warnings"])
    refreshed(of, later(2.1))
    assert fire_due(later(2.2)) == 0
    assert timers(of)["breach"] == ("withdrawn", NO_NEWS)


def test_a_breach_that_is_not_one_any_more_is_taken_back_and_told_anew(policy: Any) -> None:
    of = asked()
    fire_due(later(3.6))
    fire_due(later(4.1))
    policy.next_response_s = 16_000
    policy.save(update_fields=["next_response_s"])
    refreshed(of, later(4.2))

    assert timers(of) == {"warning:12600": ("fired", ""), "breach": ("waiting", "")}
    back = CommonEvent.objects.get(name="sla.withdrawn")
    assert (back.subject, back.at, back.payload["withdraws"]) == (
        SUBJECT,
        later(4.2),
        "sla.breached",
    )
    alert = Alert.objects.get()
    assert (alert.level, alert.state) == ("warned", "open")

    assert fire_due(later(0, seconds=16_000)) == 0
    assert fire_due(later(0, seconds=16_001)) == 1
    assert [subject for name, subject, _ in told() if name == "sla.breached"] == [
        SUBJECT,
        f"{SUBJECT}~2",
    ]
    assert Alert.objects.get().level == "breached"


@pytest.mark.usefixtures("policy")
def test_an_answer_that_is_known_late_takes_back_what_was_told_and_closes_the_alert() -> None:
    of = asked()
    wrote("customer", of, START)
    fire_due(later(3.6))
    fire_due(later(4.1))
    wrote("agent", of, later(1))
    refreshed(of, later(4.2))

    back = CommonEvent.objects.filter(name="sla.withdrawn").order_by("pk")
    assert {row.payload["withdraws"] for row in back} == {"sla.warned", "sla.breached"}
    assert set(timers(of).values()) == {("withdrawn", "taken back: the agent answered")}
    alert = Alert.objects.get()
    assert (alert.state, alert.closed_at) == ("closed", later(4.2))
    assert alert.reason == "taken back: the agent answered"
    refreshed(of, later(4.3))
    assert CommonEvent.objects.filter(name="sla.withdrawn").count() == 2


@pytest.mark.usefixtures("policy")
def test_an_answer_after_the_breach_takes_nothing_back() -> None:
    of = asked()
    wrote("customer", of, START)
    fire_due(later(4.1))
    wrote("agent", of, later(4.05))
    wrote("customer", of, later(4.06))
    refreshed(of, later(4.2))
    fired = Timer.objects.filter(conversation=of, round_at=START)
    assert set(fired.values_list("state", flat=True)) == {"fired"}
    assert not CommonEvent.objects.filter(name="sla.withdrawn").exists()


@pytest.mark.usefixtures("policy")
def test_clocks_that_are_made_anew_tell_nothing_again() -> None:
    of = asked()
    fire_due(later(4.1))
    Clock.objects.all().delete()
    refreshed(of, later(4.5))
    assert fire_due(later(4.5)) == 0
    assert len(told()) == 1


@pytest.mark.usefixtures("policy")
def test_more_timers_cost_no_more_statements() -> None:
    def statements(many: int) -> int:
        for _ in range(many):
            asked()
        with CaptureQueriesContext(connection) as captured:
            assert fire_due(later(3.6)) == many
        return sum(
            "INSERT" not in query["sql"] and "SAVEPOINT" not in query["sql"]
            for query in captured.captured_queries
        )

    assert statements(1) == statements(30)


@pytest.mark.django_db(transaction=True)
def test_any_number_of_workers_at_once_tell_once() -> None:
    factories.policy(next_response_s=14_400, warnings=["3 h 30 min"], position=1)
    for _ in range(20):
        asked()

    def work(_: int) -> int:
        try:
            return fire_due(later(4.1))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 20
    assert CommonEvent.objects.count() == 20
    assert Notice.objects.count() == 20
    assert Alert.objects.count() == 20
