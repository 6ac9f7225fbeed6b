"""What people do with alerts, and what time does with them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sla import alerts, tending
from sla.alerts import Deed
from sla.models import Alert, AlertEntry, Clock, Ladder
from sla.tending import Tended, tend
from tests import factories

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)  # a Friday, 16:00 in Berlin
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture
def alert(db: None) -> Alert:
    """An alert of a customer who has waited for five hours."""
    return an_alert()


def an_alert(*, policy: Any = None, **values: Any) -> Alert:
    of = factories.conversation(started_at=AT - 5 * HOUR)
    clock = factories.clock(of, since=AT - 5 * HOUR, policy=policy or factories.policy())
    return factories.alert(clock, opened_at=AT - HOUR, **values)


def by(name: str = "Ada", at: datetime = AT, note: str = "") -> Deed:
    return Deed(name, at, note)


def now(alert: Alert) -> Alert:
    return Alert.objects.get(pk=alert.pk)


def history(alert: Alert) -> list[tuple[str, str, str]]:
    return list(alert.entries.values_list("actor", "action", "note"))


def test_whoever_acknowledges_first_has_it_for_an_hour(alert: Alert) -> None:
    assert alerts.acknowledge(alerts=[alert.pk], deed=by(note="on it")) == 1
    assert alerts.acknowledge(alerts=[alert.pk], deed=by("Bob", AT + MINUTE)) == 0

    seen = now(alert)
    assert (seen.state, seen.acknowledged_by, seen.acknowledged_at) == ("acknowledged", "Ada", AT)
    assert seen.acknowledged_until == AT + HOUR
    assert history(alert) == [("Ada", "acknowledged", "on it")]


@pytest.mark.parametrize(("seconds", "until"), [(900, AT + 15 * MINUTE), (0, None)])
def test_the_ladder_says_how_long_an_acknowledgement_counts(
    db: None, seconds: int, until: datetime | None
) -> None:
    ladder = Ladder.objects.create(name="Support", acknowledged_for_s=seconds)
    alert, plain = an_alert(policy=factories.policy("L", ladder=ladder)), an_alert()

    assert alerts.acknowledge(alerts=[alert.pk, plain.pk], deed=by()) == 2
    assert now(alert).acknowledged_until == until
    assert now(plain).acknowledged_until == AT + HOUR


def test_an_acknowledgement_can_be_taken_back(alert: Alert) -> None:
    assert alerts.unacknowledge(alerts=[alert.pk], deed=by()) == 0
    alerts.acknowledge(alerts=[alert.pk], deed=by())
    assert alerts.unacknowledge(alerts=[alert.pk], deed=by("Bob")) == 1

    seen = now(alert)
    assert (seen.state, seen.acknowledged_by, seen.acknowledged_until) == ("open", "", None)
    assert [action for _, action, _ in history(alert)] == ["acknowledged", "unacknowledged"]


def test_an_alert_is_somebodys_until_it_is_anothers_or_nobodys(alert: Alert) -> None:
    ada = factories.user("ada", first_name="Ada", last_name="Lovelace")

    assert alerts.assign(alerts=[alert.pk], to=ada, deed=by("Bob", note="please")) == 1
    assert alerts.assign(alerts=[alert.pk], to=ada, deed=by("Bob")) == 0
    assert now(alert).assigned_to == ada
    assert alerts.assign(alerts=[alert.pk], to=None, deed=by("Bob")) == 1
    assert now(alert).assigned_to is None
    assert history(alert) == [
        ("Bob", "assigned", "to Ada Lovelace: please"),
        ("Bob", "unassigned", ""),
    ]


def test_a_snoozed_alert_wakes_when_its_time_is_over(alert: Alert) -> None:
    until = AT + 15 * MINUTE
    alerts.acknowledge(alerts=[alert.pk], deed=by())
    assert alerts.snooze(alerts=[alert.pk], until=until, deed=by()) == 1
    assert alerts.snooze(alerts=[alert.pk], until=until, deed=by()) == 0
    assert (now(alert).state, now(alert).acknowledged_by) == ("snoozed", "")

    assert tend(now=until - MINUTE) == Tended(0, 0, 0)
    assert tend(now=until) == Tended(0, 1, 0)
    assert tend(now=until) == Tended(0, 0, 0)
    assert (now(alert).state, now(alert).snoozed_until) == ("open", None)
    assert history(alert)[-2:] == [("Ada", "snoozed", ""), ("", "woke", "")]


def test_a_snooze_that_ends_before_it_begins_is_refused(alert: Alert) -> None:
    with pytest.raises(ValueError, match="a snooze ends later than it begins"):
        alerts.snooze(alerts=[alert.pk], until=AT, deed=by())
    assert history(alert) == []


def test_an_alert_sleeps_until_its_own_hours_open_and_no_others(db: None) -> None:
    berlin = factories.calendar("Berlin", timezone="Europe/Berlin", hours=OFFICE)
    office = an_alert(policy=factories.policy("Office", calendar=berlin))
    broken = factories.calendar("Broken", timezone="Berlin", hours=OFFICE)
    unread = an_alert(policy=factories.policy("Unread", calendar=broken))
    always = an_alert()

    pks = [office.pk, always.pk, unread.pk]
    assert alerts.snooze_until_opening(alerts=pks, deed=by()) == 1
    assert now(office).snoozed_until == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert (now(always).state, now(unread).state) == ("open", "open")


def test_a_note_stands_in_the_history_and_an_empty_one_does_not(alert: Alert) -> None:
    assert alerts.note(alerts=[alert.pk], deed=by(note="called the customer")) == 1
    assert alerts.note(alerts=[alert.pk], deed=by()) == 0
    assert history(alert) == [("Ada", "noted", "called the customer")]
    assert now(alert).state == "open"


def test_a_closed_alert_stays_closed(alert: Alert) -> None:
    assert alerts.close(alerts=[alert.pk], deed=by(note="a duplicate")) == 1
    assert alerts.close(alerts=[alert.pk], deed=by("Bob")) == 0
    assert alerts.acknowledge(alerts=[alert.pk], deed=by()) == 0
    assert alerts.snooze(alerts=[alert.pk], until=AT + HOUR, deed=by()) == 0

    seen = now(alert)
    assert (seen.state, seen.closed_at, seen.reason) == ("closed", AT, "a duplicate")
    assert history(alert) == [("Ada", "closed", "a duplicate")]


def test_an_acknowledgement_runs_out_while_the_breach_lasts(alert: Alert) -> None:
    alerts.acknowledge(alerts=[alert.pk], deed=by())

    assert tending.expire(now=AT + HOUR - MINUTE) == 0
    assert tending.expire(now=AT + HOUR) == 1
    assert tending.expire(now=AT + HOUR) == 0
    assert (now(alert).state, now(alert).acknowledged_by) == ("open", "")
    assert history(alert)[-1] == ("", "acknowledgement ran out", "it is still breached")


@pytest.mark.parametrize(
    "standing",
    [
        {"breaches_at": AT + 3 * HOUR, "due_at": AT + 3 * HOUR},
        {"state": Clock.State.PAUSED},
        {"started_at": AT - HOUR},
        {"kind": Clock.Kind.FIRST_RESPONSE},
    ],
    ids=["not breached yet", "paused", "another round", "another clock"],
)
def test_an_acknowledgement_holds_where_nothing_is_breached(
    alert: Alert, standing: dict[str, Any]
) -> None:
    alerts.acknowledge(alerts=[alert.pk], deed=by())
    Clock.objects.update(**standing)

    assert tending.expire(now=AT + 2 * HOUR) == 0
    assert now(alert).state == "acknowledged"


@pytest.mark.parametrize("state", ["open", "snoozed", "acknowledged"])
def test_no_lock_is_taken_where_time_does_nothing(state: str, db: None) -> None:
    an_alert(state=state, snoozed_until=AT + HOUR, acknowledged_until=AT + HOUR)
    with CaptureQueriesContext(connection) as seen:
        assert tend(now=AT) == Tended(closed=0, woke=0, expired=0)
    statements = [query["sql"] for query in seen.captured_queries]
    assert [one for one in statements if not one.startswith("SELECT")] == []
    assert [one for one in statements if "FOR UPDATE" in one] == []


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        ({"state": "paused", "reason": "the agent wrote last"}, "the agent answered"),
        ({"state": "stopped", "reason": "the agent answered"}, "the agent answered"),
        (
            {"state": "stopped", "reason": "the conversation was closed"},
            "the conversation ended",
        ),
        ({"started_at": AT - HOUR}, "the agent answered"),
        ({"started_at": AT - 6 * HOUR}, tending.GONE),
        ({"kind": Clock.Kind.FIRST_RESPONSE}, tending.GONE),
        ({"state": "paused", "reason": "parked"}, ""),
        ({"state": "running"}, ""),
    ],
)
def test_an_alert_closes_by_itself_when_its_wait_is_over(
    alert: Alert, standing: dict[str, Any], reason: str
) -> None:
    alerts.acknowledge(alerts=[alert.pk], deed=by())
    Clock.objects.update(**standing)

    assert tending.close_ended(now=AT + MINUTE) == bool(reason)
    assert tending.close_ended(now=AT + MINUTE) == 0
    assert (now(alert).state == "closed", now(alert).reason) == (bool(reason), reason)
    assert now(alert).acknowledged_by == "Ada"
    if reason:
        assert history(alert)[-1] == ("", "closed", reason)


@pytest.mark.parametrize(
    ("kind", "ended", "reason"),
    [
        ("next_response", None, "the agent answered"),
        ("next_response", AT, "the conversation ended"),
        ("forgotten", None, "its agent acted"),
    ],
)
def test_a_finished_wait_says_how_it_ended(
    alert: Alert, kind: str, ended: datetime | None, reason: str
) -> None:
    Alert.objects.update(kind=kind)
    conversation = alert.conversation
    type(conversation).objects.update(ended_at=ended)
    factories.wait(conversation, ended_at=AT, started_at=alert.round_at, kind=kind)

    assert tend(now=AT + MINUTE).closed == 1
    assert now(alert).reason == reason


@pytest.mark.django_db(transaction=True)
def test_of_many_who_acknowledge_at_once_one_is_written_down() -> None:
    alert = an_alert()

    def press(number: int) -> int:
        try:
            return alerts.acknowledge(alerts=[alert.pk], deed=by(f"user {number}"))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(8))) == 1
    assert AlertEntry.objects.get().actor == now(alert).acknowledged_by
