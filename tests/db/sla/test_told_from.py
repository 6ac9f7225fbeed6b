"""What had fallen due before a policy held as it does alerts nobody; what comes after it does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.models import CommonEvent
from sla.domain.timers import HELD_LATER
from sla.firing import ALONG_BREACH
from sla.lateness import Late, late_by
from sla.models import Alert, Clock, Notice, Timer
from sla.services import refresh
from sla.versions import note_calendars, note_policy, tell_from_now
from tests import factories
from tests.db.sla.mirrored import fire_due

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 20, 8, tzinfo=UTC)
WITHDRAWN = ("withdrawn", HELD_LATER)


def later(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def asked(at: datetime = START, **values: Any) -> Any:
    return factories.conversation(started_at=at, user_id="u1", queue_id="q1", **values)


def refreshed(of: Any, now: datetime) -> None:
    refresh(conversation_ids=[of.pk], now=now)


def timers(of: Any) -> dict[str, tuple[str, str]]:
    rows = Timer.objects.filter(conversation=of).order_by("due_at", "pk")
    return {row.rung: (row.state, row.reason) for row in rows}


def told() -> list[str]:
    return list(CommonEvent.objects.order_by("pk").values_list("name", flat=True))


def a_policy(**values: Any) -> Any:
    return factories.policy(**{"next_response_s": 14_400, "position": 1, **values})


def test_what_was_late_when_a_policy_was_saved_alerts_nobody_and_is_shown_as_breached() -> None:
    of = asked()
    tell_from_now(policies=[a_policy().pk], now=later(4.4))

    refreshed(of, later(4.4))

    assert timers(of) == {"warning:12600": WITHDRAWN, "breach": WITHDRAWN}
    assert Clock.objects.get().breaches_at == later(4)
    assert fire_due(later(4.4)) == fire_due(later(9)) == 0
    assert not Alert.objects.exists()


def test_what_falls_due_from_then_on_is_told() -> None:
    ladder = factories.ladder()
    rung = factories.rung(ladder, 3600)
    late, soon = asked(), asked(later(0.75))
    tell_from_now(policies=[a_policy(ladder=ladder).pk], now=later(4.5))
    refreshed(late, later(4.5))
    refreshed(soon, later(4.5))

    assert timers(soon)["warning:12600"] == WITHDRAWN
    assert fire_due(later(4.8)) == 1
    assert told() == ["sla.breached"]
    assert timers(late)[f"rung:{rung.pk}"] == ("waiting", "")
    assert fire_due(later(5.1)) == 1
    assert told() == ["sla.breached", "sla.escalated"]


def test_a_shorter_target_or_other_hours_tell_what_falls_due_from_their_version_on() -> None:
    policy = a_policy(next_response_s=28_800, warnings=[])
    note_policy(policy=policy, now=START)
    note_calendars(calendars=[policy.calendar], now=START)
    first, second = asked(), asked(later(1))
    refreshed(first, later(2))
    refreshed(second, later(2))
    policy.next_response_s = 7200
    policy.save(update_fields=["next_response_s"])
    note_policy(policy=policy, now=later(2.5))

    refreshed(first, later(2.6))
    refreshed(second, later(2.6))

    assert timers(first) == {"breach": WITHDRAWN}
    assert timers(second) == {"breach": ("waiting", "")}
    closed = {day: [["10:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    policy.calendar.hours = closed
    policy.calendar.save(update_fields=["hours"])
    note_calendars(calendars=[policy.calendar], now=later(2.9))
    refreshed(second, later(2.9))
    assert Timer.objects.get(conversation=second).due_at == later(4)
    assert fire_due(later(4.1)) == 1


def test_what_waited_already_and_what_was_told_stay_as_they_are() -> None:
    policy = a_policy()
    of, other = asked(), asked(later(0.2))
    refreshed(of, later(1))
    refreshed(other, later(1))
    fire_due(later(3.6))
    tell_from_now(policies=[policy.pk], now=later(4.1))
    refreshed(of, later(4.1))  # its breach was due before the change, and not told yet
    refreshed(other, later(4.1))

    assert timers(of) == {"warning:12600": ("fired", ""), "breach": ("waiting", "")}
    assert timers(other)["warning:12600"] == ("waiting", "")


def test_facts_that_come_late_make_the_same_clock_and_are_told_from_the_same_instant() -> None:
    policy = a_policy()
    early = asked()
    refreshed(early, START)
    tell_from_now(policies=[policy.pk], now=later(4.3))
    refreshed(early, later(4.4))
    late = asked()
    refreshed(late, later(4.4))

    told_by = ("state", "due_at", "breaches_at", "elapsed_ms", "packed_steps", "promised_by")
    one, other = (Clock.objects.values(*told_by).get(conversation=of) for of in (early, late))
    assert one == other
    assert timers(late) == {"warning:12600": WITHDRAWN, "breach": WITHDRAWN}


def test_a_warning_that_comes_with_its_breach_is_told_along_with_it() -> None:
    ladder = factories.ladder()
    before, after = factories.rung(ladder, -600), factories.rung(ladder, 0)
    a_policy(ladder=ladder)
    of = asked()
    refreshed(of, START)

    assert fire_due(later(4.01)) == 2

    assert told() == ["sla.breached", "sla.escalated"]
    assert timers(of) == {
        "warning:12600": ("fired", ALONG_BREACH),
        f"rung:{before.pk}": ("fired", ALONG_BREACH),
        "breach": ("fired", ""),
        f"rung:{after.pk}": ("fired", ""),
    }
    assert Notice.objects.count() == 2
    assert Alert.objects.get().level == "breached"


def test_a_rung_that_quiet_hours_held_back_over_the_breach_is_told_along_with_it() -> None:
    quiet = {"quiet_from": "11:00", "quiet_until": "12:30", "quiet_timezone": "UTC"}
    ladder = factories.ladder(**quiet)
    rung = factories.rung(ladder, -600)
    a_policy(ladder=ladder, warnings=[])
    of = asked()
    refreshed(of, START)
    fire_due(later(3.9))
    assert timers(of)[f"rung:{rung.pk}"][0] == "held"
    assert fire_due(later(4.01)) == 1

    assert fire_due(later(4.6)) == 0
    assert timers(of)[f"rung:{rung.pk}"] == ("fired", ALONG_BREACH)


def test_the_open_conversations_that_a_policy_finds_late_are_counted() -> None:
    policy, other = a_policy(queue_ids=["q1"]), factories.policy("Other", position=2)
    for at in (START, later(1), later(2)):
        asked(at)
    asked(ended_at=later(1))

    assert late_by(policy_id=policy.pk, now=later(5.5)) == Late(2, every=True)
    assert late_by(policy_id=other.pk, now=later(5.5)) == Late(0, every=True)
