"""What is odd about a force disconnect: it may come before its policy has even warned."""

from datetime import datetime

from chrono.errors import HoursError
from chrono.zones import zone_named
from sla.domain import ahead
from sla.forcing.standing import rule_of
from sla.models import Enforcement, Policy, TimeUnit
from sla.selectors import hours_of, terms_of

NO_HOURS = "it counts opening hours, and its policy has no calendar of its own: nothing is ended."

NO_QUEUE = "it never does anything: no queue is chosen."


def oddities(policy: Policy, *, now: datetime) -> list[str]:
    """Return what an administrator of a policy should know about its force disconnect."""
    on = Enforcement.objects.exclude(mode=Enforcement.Mode.OFF)
    found = on.select_related("policy__calendar").filter(policy_id=policy.pk)
    return [f"Force disconnect: {told}" for one in found if (told := ahead_of(one, now))]


def ahead_of(one: Enforcement, now: datetime) -> str:
    """Return what is odd: no queue, or an example of what is ended before its policy has warned.

    "" where nothing is.

    Nor is there one where the policy has no hours of its own; what is measured by these is told.
    """
    if not one.queue_ids:
        return NO_QUEUE
    rule, calendar = rule_of(one), one.policy.calendar
    if calendar is None:
        return NO_HOURS if one.unit == TimeUnit.BUSINESS else ""
    try:
        terms, zone = terms_of(one.policy, hours_of(calendar)), zone_named(calendar.timezone)
    except HoursError as error:
        return f"its opening hours cannot be read: {error}"
    return ahead.warning(rule, terms, zone, now) if rule else ""
