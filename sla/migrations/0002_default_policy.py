"""The policy that holds until an administrator writes another: answer within 4 h of business time."""

from django.conf import settings
from django.db import migrations

CALENDAR = "Office hours"
POLICY = "Answer within 4 hours"
OFFICE_HOURS = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def create_default_policy(apps, schema_editor):
    """Create calendar and policy where no policy is there yet."""
    Calendar = apps.get_model("sla", "Calendar")
    Policy = apps.get_model("sla", "Policy")
    if Policy.objects.exists():
        return
    calendar = Calendar.objects.create(
        name=CALENDAR, timezone=settings.TIME_ZONE, hours=OFFICE_HOURS
    )
    Policy.objects.create(
        name=POLICY,
        calendar=calendar,
        media_types=["email", "message"],
        next_response_s=4 * 3600,
        warn_s=3 * 3600 + 1800,
        waiting_on_customer_pauses=True,
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]

    operations = [migrations.RunPython(create_default_policy, migrations.RunPython.noop)]
