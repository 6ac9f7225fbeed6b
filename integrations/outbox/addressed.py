"""To whom by name an event goes, and what its own message says: looked up when it is sent."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from django.contrib.auth import get_user_model
from django.utils import timezone

from conversations.models import Agent, PresenceSpan
from integrations.domain.delivery import Parcel
from sla.domain import template

USER: Final = "user:"
AGENT: Final = "agent:"


class Recipient(msgspec.Struct, frozen=True):
    """Somebody who is told by name; address is for mail and "" where none is known."""

    name: str
    address: str = ""


class Book(NamedTuple):
    """Recipients by how events name them, and the presence of agents by Genesys's user id."""

    recipients: Mapping[str, Recipient]
    presences: Mapping[str, str]

    def of(self, parcel: Parcel) -> tuple[Recipient, ...]:
        """Return whom a parcel is for by name; who is there no more is left out."""
        return tuple(self.recipients[told] for told in _named(parcel) if told in self.recipients)


NOBODY: Final = Book({}, {})


def book(parcels: Sequence[Parcel]) -> Book:
    """Look up whom parcels name: a fixed number of queries, none where they name nobody."""
    told = {name for parcel in parcels for name in _named(parcel)}
    templated = {_about(one).get("userId", "") for one in parcels if _about(one).get("template")}
    return Book(_users(told) | _agents(told), _presences(templated - {""}))


def _users(told: Iterable[str]) -> dict[str, Recipient]:
    pks = [int(name.removeprefix(USER)) for name in told if name.startswith(USER)]
    rows = get_user_model().objects.filter(pk__in=pks, is_active=True) if pks else ()
    return {
        f"{USER}{row.pk}": Recipient(row.get_full_name() or row.get_username(), row.email)
        for row in rows
    }


def _agents(told: Iterable[str]) -> dict[str, Recipient]:
    ids = [name.removeprefix(AGENT) for name in told if name.startswith(AGENT)]
    rows = Agent.objects.filter(genesys_id__in=ids) if ids else ()
    return {f"{AGENT}{row.genesys_id}": Recipient(str(row), row.email) for row in rows}


def _presences(user_ids: Iterable[str]) -> dict[str, str]:
    wanted = list(user_ids)
    if not wanted:
        return {}
    rows = PresenceSpan.objects.filter(
        user_id__in=wanted, kind=PresenceSpan.Kind.PRESENCE, ended_at=None
    )
    found = rows.order_by("started_at").values_list("user_id", "value")
    return {user_id: value.replace("_", " ").lower() for user_id, value in found}


def text_of(parcel: Parcel, values: Mapping[str, str], presence: str) -> str:
    """Return the message that somebody wrote for this event, filled in; "" where there is none.

    One that cannot be read, since it was written before it was looked at, is left out.
    """
    about = _about(parcel)
    if not about.get("template"):
        return ""
    told = {
        "presence": presence or "presence not known",
        "since": _moment(about.get("startedAt", "")),
        "due": _moment(about.get("dueAt", "")),
    }
    try:
        return template.filled(about["template"], {**values, **told})
    except ValueError:
        return ""


def _moment(text: str) -> str:
    zone = timezone.get_default_timezone()
    return f"{datetime.fromisoformat(text).astimezone(zone):%d %b %Y, %H:%M %Z}" if text else ""


def _named(parcel: Parcel) -> list[str]:
    return _about(parcel).get("recipients", "").split()


def _about(parcel: Parcel) -> Mapping[str, str]:
    about: Mapping[str, str] = parcel.payload.get("about", {})
    return about
