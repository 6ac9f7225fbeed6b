"""Whose user in Salesforce is whose: by hand, else by e-mail address; one active, or none."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now

from conversations.models import Agent
from integrations.models import Destination, SalesforceUser
from integrations.salesforce.client import Client, Row
from integrations.salesforce.domain import ids
from integrations.salesforce.jobs import Person

# How long a user that was found, and one that was not, is taken for granted.
FOUND_FOR: Final = timedelta(hours=24)
LACKING_FOR: Final = timedelta(hours=1)
_FIELDS: Final = (
    ("FederationIdentifier", SalesforceUser.How.FEDERATION),
    ("Username", SalesforceUser.How.USERNAME),
    ("Email", SalesforceUser.How.EMAIL),
)
_QUERY: Final = (
    "SELECT Id, FederationIdentifier, Username, Email, IsActive FROM User WHERE"
    " FederationIdentifier IN {values} OR Username IN {values} OR Email IN {values}"
)


class Resolved(NamedTuple):
    """An agent's user, 18 letters, and how it was found; without one, why not."""

    salesforce_id: str
    how: str = ""
    reason: str = ""


def persons(destination: Destination, user_ids: Iterable[str]) -> dict[str, Person]:
    """Return agents by their Genesys id, with their user where it is known."""
    wanted = set(user_ids)
    agents = {row.genesys_id: row for row in Agent.objects.filter(genesys_id__in=wanted)}
    rows = SalesforceUser.objects.filter(destination=destination, user_id__in=wanted)
    fresh = Case(When(_is_fresh(), then=Value(True)), default=Value(False))
    known = {row.user_id: row for row in rows.annotate(fresh=fresh)}
    return {one: _person(one, agents.get(one), known.get(one)) for one in wanted}


def _is_fresh() -> Q:
    return (
        Q(how=SalesforceUser.How.HAND)
        | Q(looked_at__gt=Now() - FOUND_FOR) & ~Q(salesforce_id="")
        | Q(looked_at__gt=Now() - LACKING_FOR)
    )


def _person(user_id: str, agent: Agent | None, known: Any) -> Person:
    return Person(
        user_id=user_id,
        name=agent.name if agent else "",
        email=agent.email if agent else "",
        salesforce_id=known.salesforce_id if known else "",
        look=bool(user_id) and not (known and known.fresh),
    )


def resolve(client: Client, people: Iterable[Person]) -> dict[str, Resolved]:
    """Look for those that are to be looked for: one request for a hundred."""
    wanted = {one.user_id: one for one in people if one.look}
    emails = {one.email for one in wanted.values() if one.email}
    rows = client.query_each(_QUERY, emails) if emails else []
    return {user_id: choose(one.email, rows) for user_id, one in wanted.items()}


def choose(email: str, rows: Iterable[Row]) -> Resolved:
    """Return the one active user that has an e-mail address in the first field in which any has.

    Pure. Where several have, or none is active, there is none.
    """
    if not email:
        return Resolved("", reason="the agent has no e-mail address in Genesys")
    inactive = False
    for field, how in _FIELDS:
        there = [row for row in rows if str(row[field] or "").casefold() == email.casefold()]
        active = {str(row["Id"]) for row in there if row["IsActive"]}
        inactive = inactive or bool(there and not active)
        if len(active) > 1:
            return Resolved("", reason=f"{len(active)} active users have this {field}")
        if active:
            return Resolved(ids.full(active.pop()) or "", how)
    why = "the user is inactive" if inactive else "no user has the agent's e-mail address"
    return Resolved("", reason=why)


def keep(destination: Destination, found: Mapping[str, Resolved], *, now: datetime) -> None:
    """Note who was found, and who was not; what was set by hand stays."""
    for user_id, one in sorted(found.items()):
        values = {**one._asdict(), "looked_at": now}
        row, made = SalesforceUser.objects.get_or_create(
            destination=destination, user_id=user_id, defaults=values
        )
        if not made and row.how != SalesforceUser.How.HAND:
            SalesforceUser.objects.filter(pk=row.pk).update(**values)


def set_by_hand(row: SalesforceUser, given: str, *, now: datetime) -> None:
    """Say whose user an agent's is; empty: it is looked for again.

    Raises ValueError where it is no id of a user.
    """
    user_id = ids.full(given, ids.USER_PREFIX) if given.strip() else ""
    if user_id is None:
        raise ValueError("this is no id of a user: 15 or 18 letters and digits that begin with 005")
    row.salesforce_id, row.reason = user_id, ""
    row.how = SalesforceUser.How.HAND if user_id else ""
    row.looked_at = now if user_id else now - FOUND_FOR
    row.save(update_fields=["salesforce_id", "reason", "how", "looked_at"])
