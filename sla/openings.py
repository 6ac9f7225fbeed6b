"""When the opening hours of alerts open next."""

from collections.abc import Iterable
from datetime import datetime

from chrono.errors import HoursError
from sla.models import Alert, Calendar, Clock
from sla.selectors import hours_of


def next_openings(alerts: Iterable[Alert], *, after: datetime) -> dict[int, datetime]:
    """Return when the hours by which each alert's clock is measured open next.

    By primary key; alerts whose hours always are open, never are, or cannot be read are left out.
    """
    wanted = {(alert.conversation_id, alert.kind): alert.pk for alert in alerts}
    clocks = Clock.objects.filter(conversation__in={of for of, _ in wanted})
    measured = clocks.values_list("conversation_id", "kind", "calendar_id")
    calendars = {wanted[of, kind]: pk for of, kind, pk in measured if (of, kind) in wanted}
    opening = {
        calendar.pk: _next_opening(calendar, after)
        for calendar in Calendar.objects.filter(pk__in=set(calendars.values()))
    }
    found = {alert: opening.get(calendar) for alert, calendar in calendars.items()}
    return {alert: at for alert, at in found.items() if at}


def _next_opening(calendar: Calendar, after: datetime) -> datetime | None:
    try:
        return hours_of(calendar).next_opening(after)
    except HoursError:
        return None
