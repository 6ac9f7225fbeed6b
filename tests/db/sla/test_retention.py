"""Timers, alerts and notices go when their time is over; what somebody may still act on stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from sla import alerts, retention
from sla.alerts import Deed
from sla.models import Alert, AlertEntry, Clock, Notice, Timer
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _small(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALERT_DAYS = 100
    monkeypatch.setattr(retention, "BATCH", 2)


def told(now: datetime, *, closed: int | None, clock: str = "stopped", **of: Any) -> Alert:
    """Make an alert of which everything was told, closed so many days ago, if it is.

    Its timers: one that fired and one that was withdrawn.
    """
    begun = now - 500 * DAY
    conversation = of.pop("of", None) or factories.conversation(started_at=begun)
    row = factories.clock(conversation, since=begun, state=clock, **of)
    alert = factories.alert(row, opened_at=begun)
    factories.notice(alert, at=begun)
    factories.timer(row, due_at=begun, rung="rung:1", state="withdrawn")
    alerts.note(alerts=[alert.pk], deed=Deed("lead", begun, "called them"))
    if closed is not None:
        alerts.close(alerts=[alert.pk], deed=Deed("lead", now - closed * DAY, "done"))
    return alert


def left() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Alert, Notice, AlertEntry, Timer))


def test_closed_alerts_go_with_their_history_notices_and_timers(now: datetime) -> None:
    for _ in range(5):
        told(now, closed=101)
    kept = told(now, closed=100)

    assert retention.drop_old_alerts(now=now) == 5
    assert retention.drop_old_alerts(now=now) == 0
    assert left() == (1, 1, 2, 2)
    assert Alert.objects.get() == kept
    assert set(Timer.objects.values_list("conversation", flat=True)) == {kept.conversation_id}
    assert Clock.objects.count() == 6


@pytest.mark.parametrize(
    ("closed", "clock"), [(None, "stopped"), (None, "running"), (200, "running"), (200, "paused")]
)
def test_what_is_open_or_still_waits_stays_however_old(
    now: datetime, closed: int | None, clock: str
) -> None:
    alert = told(now, closed=closed, clock=clock)
    before = left()

    assert retention.drop_old_alerts(now=now) == 0
    assert left() == before
    assert Alert.objects.get() == alert


def test_only_the_wait_that_is_over_goes(now: datetime) -> None:
    """The same conversation waits anew, and has another clock whose alert is open."""
    over = told(now, closed=200, kind="next_response")
    Clock.objects.update(state="running", started_at=now - DAY, since=now - DAY)
    again = factories.timer(Clock.objects.get(), due_at=now)
    other = told(now, closed=None, of=over.conversation, kind="first_response")

    assert retention.drop_old_alerts(now=now) == 1
    assert Alert.objects.get() == other
    kinds = Timer.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["next_response", "first_response", "first_response"]
    assert Timer.objects.filter(pk=again.pk).exists()


def test_a_run_that_ends_early_has_done_what_it_has_done(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        told(now, closed=200)

    def killed() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("conversations.bulk.breathe", killed)
        with pytest.raises(KeyboardInterrupt):
            retention.drop_old_alerts(now=now)
    assert left() == (3, 3, 6, 6)
    assert retention.drop_old_alerts(now=now) == 3
    assert left() == (0, 0, 0, 0)


def test_timers_that_told_nothing_go_after_a_month(now: datetime) -> None:
    begun = now - 60 * DAY
    clock = factories.clock(factories.conversation(started_at=begun), since=begun)
    states = ("answered", "withdrawn", "waiting", "checking", "held", "fired")
    for number, state in enumerate(states):
        for age in (30, 31):
            factories.timer(clock, due_at=now - age * DAY, rung=f"rung:{number}:{age}", state=state)
    notice = factories.notice(factories.alert(clock, opened_at=begun), at=now - 40 * DAY)
    Timer.objects.filter(pk=notice.timer_id).update(state="withdrawn")  # told, and taken back

    assert retention.drop_old(now=now) == 2
    assert retention.drop_old(now=now) == 0
    assert Timer.objects.filter(state__in=["answered", "withdrawn"]).count() == 3
    assert Timer.objects.count() == 11
