"""The opening hours of calendars, ready to be asked."""

from collections.abc import Collection

from chrono.errors import HoursError
from dashboards.opening import OpeningHours
from sla.models import Calendar
from sla.selectors import hours_of


def by_calendar(ids: Collection[int]) -> dict[int, OpeningHours]:
    """Read the hours of calendars by primary key; one that cannot be read is left out."""
    found: dict[int, OpeningHours] = {}
    for calendar in Calendar.objects.filter(pk__in=ids):
        try:
            found[calendar.pk] = hours_of(calendar)
        except HoursError:
            continue
    return found
