"""What is odd about a ladder: it may be saved so, but whoever saves it should know."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sla import ways
from sla.audience import active, rotas
from sla.domain.words import said
from sla.models import TARGETS, Ladder, Policy, Rung, Shift, Supervision

MOST_NAMED: Final = 5


def oddities(ladder: Ladder, *, now: datetime) -> Iterator[str]:
    """Yield what is odd about a ladder and its rungs, in sentences."""
    rungs, policies = list(ladder.rungs.all()), list(ladder.policies.filter(active=True))
    if ladder.trouble:
        yield f"Its quiet hours count for nothing: {ladder.trouble}"
    if not rungs:
        yield "It has no rungs: nobody is told anything by it."
    if not policies:
        yield "No active policy has this ladder: choose it in the policies that it is for."
    targets = [target for policy in policies for target in _targets(policy)]
    for rung in rungs:
        yield from (f"{rung}: {odd}" for odd in _odd(rung, targets, now))


def _targets(policy: Policy) -> list[int]:
    return [value for name in TARGETS if (value := getattr(policy, name)) is not None]


def _odd(rung: Rung, targets: list[int], now: datetime) -> Iterator[str]:
    early = -rung.offset_s
    if early > 0 and targets and early >= max(targets):
        longest = said(timedelta(seconds=max(targets)))
        yield f"it is never reached: it lies before the wait, since the longest target is {longest}"
    if rung.destination_id is not None:
        way = ways.every().get(rung.destination_id)
        if way is None:
            yield f"its destination is {ways.GONE}, so the administrators are told instead"
        elif way.trouble:
            yield f"nothing arrives by {way.name}: {way.trouble}"
    if nobody := _nobody(rung, now):
        yield f"{nobody}, so the administrators are told instead"
    if without := without_address(_people(rung)):
        yield without


def named(user: Any) -> str:
    """Return how a user is called."""
    return str(user.get_full_name() or user.get_username())


def without_address(people: Iterable[Any]) -> str:
    """Say who of some users has no e-mail address, or ""."""
    lacking = [named(one) for one in people if not one.email]
    shown = ", ".join([*lacking[:MOST_NAMED], *(["others"] if lacking[MOST_NAMED:] else [])])
    have = "have" if lacking[1:] else "has"
    return f"{shown} {have} no e-mail address" if lacking else ""


def _people(rung: Rung) -> Iterable[Any]:
    """Return all users whom a rung may tell, whenever and of whatever queue."""
    match rung.audience:
        case Rung.Audience.SUPERVISORS:
            return active().filter(supervisions__isnull=False).distinct()
        case Rung.Audience.ROTA:
            shifts = Shift.objects.filter(rota=rung.rota_id)
            return active().filter(pk__in=shifts.values("people"))
        case Rung.Audience.ADMINISTRATORS:
            return active().filter(is_superuser=True)
    return ()


def _nobody(rung: Rung, now: datetime) -> str:
    """Say why a rung would tell nobody, or ""."""
    match rung.audience:
        case Rung.Audience.SUPERVISORS:
            people = Supervision.objects.filter(people__is_active=True)
            return "" if people.exists() else "nobody supervises any queue"
        case Rung.Audience.ROTA:
            rota = next((one for one in rotas(now) if one.pk == rung.rota_id), None)
            shifts = rota.shifts.all() if rota else ()
            manned = any(shift.people.all() for shift in shifts)
            return "" if manned else "its rota has no shift with anybody in it"
        case Rung.Audience.ADMINISTRATORS:
            known = active().filter(is_superuser=True).exists()
            return "" if known else "there is no administrator"
    return ""
