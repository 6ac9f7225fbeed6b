"""What depends on policies, calendars, ladders and rotas, and so why they may not be deleted."""

from typing import NamedTuple

from sla.models import (
    Calendar,
    Clock,
    Enforcement,
    HoursRule,
    Ladder,
    Policy,
    PolicyVersion,
    Rota,
    Rung,
    TimeUnit,
    Wait,
)
from sla.timelines import needs_rule


class Users(NamedTuple):
    """Who keeps a calendar: policies, by their names, rules of queues' hours, and clocks."""

    policies: tuple[str, ...]
    rules: tuple[str, ...]
    measured: bool

    @property
    def in_use(self) -> bool:
        return bool(self.policies or self.rules) or self.measured


def of_calendar(calendar: Calendar) -> Users:
    """Return who keeps a calendar; measured: some clock does, or some policy once did."""
    earlier = PolicyVersion.objects.filter(terms__calendar_id=calendar.pk)
    clocks = Clock.objects.filter(calendar=calendar)
    return Users(
        tuple(calendar.policies.order_by("name").values_list("name", flat=True)),
        tuple(str(rule) for rule in HoursRule.objects.filter(calendar=calendar)),
        clocks.exists() or earlier.exists(),
    )


def by_rules() -> list[int]:
    """Return the active policies, by primary key, that go or went by the hours of queues."""
    active = Policy.objects.filter(active=True)
    versions = PolicyVersion.objects.filter(policy__in=active).values_list("policy_id", "terms")
    once = {pk for pk, terms in versions if _needs_rule(terms)}
    return sorted(once | {policy.pk for policy in active if needs_rule(policy)})


def why_calendar_stays(calendar: Calendar) -> str:
    """Return why a calendar may not be deleted; "" where nothing depends on it."""
    users = of_calendar(calendar)
    keep = [*(f"policy {name}" for name in users.policies), *(f"rule {r}" for r in users.rules)]
    if keep:
        return f"It cannot be deleted, since it is kept by {', '.join(keep)}."
    if users.measured:
        return "It cannot be deleted, since clocks were measured by it. Take it out of use instead."
    return ""


def why_policy_stays(policy: Policy) -> str:
    """Return why a policy may not be deleted; "" where nothing was measured by it."""
    if Enforcement.objects.filter(policy=policy).exists():
        return "It cannot be deleted while force disconnect is set up for it: delete that first."
    measured = any(table.objects.filter(policy=policy).exists() for table in (Clock, Wait))
    if not measured:
        return ""
    return (
        "It cannot be deleted, since clocks were measured by it and reports count them. To have it "
        "apply no more, switch it off: untick Active and save."
    )


def why_ladder_stays(ladder: Ladder) -> str:
    """Return why a ladder may not be deleted; "" where no policy uses it."""
    names = ", ".join(ladder.policies.order_by("name").values_list("name", flat=True))
    if not names:
        return ""
    return f"It cannot be deleted, since policies use it: {names}. Choose another for them first."


def why_rota_stays(rota: Rota) -> str:
    """Return why a rota may not be deleted; "" where no rung tells its people."""
    rungs = Rung.objects.filter(rota=rota).order_by("ladder__name")
    names = ", ".join(rungs.values_list("ladder__name", flat=True).distinct())
    if not names:
        return ""
    return f"It cannot be deleted, since ladders tell its people: {names}. Change those first."


def _needs_rule(terms: dict[str, object]) -> bool:
    return terms.get("calendar_id") is None and terms.get("time_unit") != TimeUnit.WALL
