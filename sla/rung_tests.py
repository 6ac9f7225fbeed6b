"""A test of a rung: what it would say goes to whom it would tell now, and all of that is said."""

from collections.abc import Iterator
from datetime import datetime

from sla import advice, audience, ways
from sla.audience import Audience
from sla.domain.plan import RUNG
from sla.models import Rung
from sla.telling import about_rung


def send(rung: Rung, *, now: datetime) -> str:
    """Send a test by a rung's way; say how that went, who was named in it, and what is amiss."""
    to = audience.People(now).of(rung, queue_id="", user_id="")
    told = {"rung": f"{RUNG}{rung.pk}", "verified": "true", **dict(about_rung(rung, to))}
    about = {name: value for name, value in told.items() if value}
    how = ways.send_test(rung.destination_id, about, now=now)
    return ". ".join([how, *_to_whom(to)]) + "."


def _to_whom(to: Audience) -> Iterator[str]:
    """Say whom a test named, and why those: its conversation is made up, and in no queue."""
    people = list(audience.active().filter(pk__in=to.users))
    if people:
        yield f"It names {', '.join(advice.named(one) for one in people)}"
    if to.wrong:
        yield f"So the administrators are told, since {to.wrong} (a test is in no real queue)"
    if without := advice.without_address(people):
        yield without
