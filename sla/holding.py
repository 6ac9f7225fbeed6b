"""What holds a rung back: somebody looks after it, or it is quiet. Clocks go on meanwhile."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from chrono.zones import zone_named
from conversations.bulk import Among
from sla.models import Alert, Ladder, Rung
from sla.raising import wait_of
from sla.telling import Due, Wait

# How soon a rung that somebody holds back is looked at again: he may let go of it at any time.
LOOK_AGAIN: Final = timedelta(minutes=1)


class Hold(NamedTuple):
    """Held back to an instant at least, and why, for people to read."""

    until: datetime
    reason: str


def holds(
    timers: Collection[Due], rungs: Mapping[int | None, Rung], *, now: datetime
) -> dict[int, Hold]:
    """Return which of these timers are held back, by primary key.

    Warnings and breaches never are: they are facts. rungs are telling.rungs() of the timers.
    """
    mine = [timer for timer in timers if timer.of_rung_id in rungs]
    alerts = _alerts(mine)
    found = {}
    for timer in mine:
        alert = alerts.get(timer.wait)
        by_people = _by(alert, now) if alert else None
        if hold := by_people or quiet(rungs[timer.of_rung_id].ladder, now):
            found[timer.pk] = hold
    return found


def quiet(ladder: Ladder, at: datetime) -> Hold | None:
    """Return what holds a ladder's rungs back at an instant because it is quiet.

    Quiet hours that cannot be read hold nothing back: whoever is to be told is told.
    """
    span = ladder.quiet_hours.around(at) if ladder.quiet_hours else None
    if span is None:
        return None
    until = _shown(span.end, zone_named(ladder.quiet_timezone))
    return Hold(span.end, f"held back until {until}: quiet hours")


def _by(alert: Alert, now: datetime) -> Hold | None:
    """Return what holds a wait's rungs back because somebody looks after it."""
    match alert.state:
        case Alert.State.ACKNOWLEDGED:
            until, why = alert.acknowledged_until, f"acknowledged by {alert.acknowledged_by}"
        case Alert.State.SNOOZED:
            until, why = alert.snoozed_until, "snoozed"
        case Alert.State.CLOSED:
            until, why = None, f"its alert was closed: {alert.reason}"
        case _:
            return None
    if until is None:
        return Hold(now + LOOK_AGAIN, f"held back: {why}")
    if until <= now:
        return None
    return Hold(
        min(until, now + LOOK_AGAIN), f"held back until {_shown(until, ZoneInfo('UTC'))}: {why}"
    )


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d %b, %H:%M %Z}"


def _alerts(timers: Iterable[Due]) -> Mapping[Wait, Alert]:
    """Return the alerts of timers' waits that somebody has done something about."""
    pks = {timer.conversation_id for timer in timers}
    rows = Alert.objects.filter(Among("conversation_id", pks)).exclude(state=Alert.State.OPEN)
    return {wait_of(row): row for row in rows}
