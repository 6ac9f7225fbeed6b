"""The opening hours by which clocks go, ready to be asked."""

from collections.abc import Collection
from contextlib import suppress

from chrono.always import ALWAYS
from chrono.errors import HoursError
from dashboards.opening import OpeningHours
from sla.models import Calendar, CalendarVersion
from sla.selectors import HoursKey, emergencies_of, hours_as_read, hours_of


def by_calendar(keys: Collection[HoursKey]) -> dict[HoursKey, OpeningHours]:
    """Read hours by calendar and version; what cannot be read is left out."""
    found: dict[HoursKey, OpeningHours] = {(None, None): ALWAYS}
    calendars = Calendar.objects.in_bulk({pk for pk, _ in keys if pk})
    for calendar in calendars.values():
        with suppress(HoursError):
            found[calendar.pk, None] = hours_of(calendar)
    earlier = {key for key in keys if key[1] is not None}
    if not earlier:
        return found
    rows = CalendarVersion.objects.filter(calendar__in={pk for pk, _ in earlier})
    emergencies = emergencies_of(calendars.values())
    for row in rows:
        if (row.calendar_id, row.number) in earlier:
            with suppress(HoursError):
                found[row.calendar_id, row.number] = hours_as_read(
                    row.hours, emergencies.get(row.calendar_id, ())
                )
    return found
