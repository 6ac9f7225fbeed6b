"""Show day by day when a calendar is open, and why it is not."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chrono.errors import HoursError
from chrono.zones import zone_named
from sla.models import Calendar
from sla.strip import SHOWN, lines


class Command(BaseCommand):
    """manage.py opening_hours CALENDAR [--from DATE] [--days N]."""

    help = (
        "Show when a calendar is open on the next days: its hours, holidays, schedules and "
        "emergencies taken together. Days on which clocks change, and why a day is shut, are said."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("calendar", help="its name, or its number in the admin")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="2026-11-20")
        parser.add_argument("--days", type=int, default=SHOWN, choices=range(1, 367), metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        calendar = _named(options["calendar"])
        try:
            zone = zone_named(calendar.timezone)
            first = options["first"] or timezone.now().astimezone(zone).date()
            for line in lines(calendar, first, options["days"]):
                why = f"  {line.why}" if line.why else ""
                self.stdout.write(f"{line.day:<15} {line.open:<32} {line.total:>8}{why}")
        except HoursError as error:
            raise CommandError(f"{calendar}: its hours cannot be read: {error}") from error


def _named(told: str) -> Calendar:
    found = Calendar.objects.filter(name=told).order_by("pk").first()
    if found is None and told.isascii() and told.isdigit():
        found = Calendar.objects.filter(pk=int(told)).first()
    if found is None:
        known = ", ".join(Calendar.objects.order_by("name", "pk").values_list("name", flat=True))
        raise CommandError(f"There is no calendar {told!r}. There are: {known or 'none'}.")
    return found
