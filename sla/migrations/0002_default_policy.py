"""The policy that holds until an administrator writes another: answer within 4 h of business time."""

from django.conf import settings
from django.db import migrations
from django.utils import timezone

CALENDAR = "Office hours"
POLICY = "Answer within 4 hours"
OFFICE_HOURS = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
WRITTEN_HOURS = ("timezone", "hours", "holidays", "overrides", "breaks")
PROMISED = (
    *("calendar_id", "time_unit", "first_response_s", "next_response_s", "resolution_s"),
    *("warnings", "waiting_on_customer_pauses", "parking_pauses", "holding_pauses"),
    *("on_change", "reopening", "forgotten_s", "away_s"),
)


def create_default_policy(apps, schema_editor):
    """Create calendar and policy where no policy is there yet."""
    Calendar = apps.get_model("sla", "Calendar")
    Policy = apps.get_model("sla", "Policy")
    if Policy.objects.exists():
        return
    calendar = Calendar.objects.create(
        name=CALENDAR, timezone=settings.TIME_ZONE, hours=OFFICE_HOURS
    )
    policy = Policy.objects.create(
        name=POLICY,
        calendar=calendar,
        media_types=["email", "message"],
        next_response_s=4 * 3600,
        warnings=["3 h 30 min"],
        waiting_on_customer_pauses=True,
        forgotten_s=2 * 3600,
        away_s=1800,
    )
    add_first_versions(apps, calendar, policy, timezone.now())


def add_first_versions(apps, calendar, policy, now):
    """Keep what both say from the beginning: conversations that are older are measured by it."""
    written = {name: getattr(calendar, name) for name in WRITTEN_HOURS}
    apps.get_model("sla", "CalendarVersion").objects.create(
        calendar=calendar, number=1, valid_from=now, hours=written
    )
    promised = {name: getattr(policy, name) for name in PROMISED}
    apps.get_model("sla", "PolicyVersion").objects.create(
        policy=policy, number=1, valid_from=now, terms=promised
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]

    operations = [migrations.RunPython(create_default_policy, migrations.RunPython.noop)]
