"""The directory as Genesys lists it, read into our facts: the only place with its field names."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from conversations.domain import directory
from sla.schedules import GroupFact, ScheduleFact

ORGANIZATION: Final = "/api/v2/organizations/me"
DIVISIONS: Final = "/api/v2/authorization/divisions"
USERS: Final = "/api/v2/users"
QUEUES: Final = "/api/v2/routing/queues"
WRAP_UP_CODES: Final = "/api/v2/routing/wrapupcodes"
UTILIZATION: Final = "/api/v2/routing/utilization"
USER_UTILIZATION: Final = "/api/v2/routing/users/{}/utilization"
SCHEDULES: Final = "/api/v2/architect/schedules"
SCHEDULE_GROUPS: Final = "/api/v2/architect/schedulegroups"

LONGEST_NAME: Final = 300


class Wire(msgspec.Struct, rename="camel"):
    """A shape of Genesys's JSON: every key but the id may be absent or null."""


class Ref(Wire):
    id: str | None = None


class Organization(Wire):
    id: str
    name: str | None = None


class Division(Wire):
    id: str
    name: str | None = None

    def fact(self) -> directory.Division:
        return directory.Division(self.id, _name(self.name))


class User(Wire):
    id: str
    name: str | None = None
    email: str | None = None
    division: Ref | None = None
    state: str | None = None
    acd_auto_answer: bool | None = None

    def fact(self) -> directory.Agent:
        return directory.Agent(
            self.id,
            _name(self.name),
            _name(self.email),
            _id(self.division),
            self.state or "active",
            auto_answer=bool(self.acd_auto_answer),
        )


class WrapUpCode(Wire):
    id: str
    name: str | None = None
    division: Ref | None = None

    def fact(self) -> directory.WrapUpCode:
        return directory.WrapUpCode(self.id, _name(self.name), _id(self.division))


class Queue(Wire):
    """outboundEmailAddress, and those in mediaSettings.email, tell what the queue writes from."""

    id: str
    name: str | None = None
    division: Ref | None = None
    media_settings: dict[str, Any] | None = None
    outbound_email_address: Any = None

    def fact(self) -> directory.Queue:
        media = self.media_settings or {}
        email = media.get("email")
        more = email.get("allOutboundEmailAddresses") if isinstance(email, dict) else None
        addresses = {*_addresses(self.outbound_email_address), *_addresses(more)}
        return directory.Queue(
            self.id, _name(self.name), _id(self.division), tuple(sorted(addresses)), media
        )


class Schedule(Wire):
    """start and end are local times without a zone: they are kept as they are written."""

    id: str
    start: str
    end: str
    name: str | None = None
    state: str | None = None
    rrule: str | None = None

    def fact(self) -> ScheduleFact:
        return ScheduleFact(
            self.id,
            _name(self.name),
            self.state or "active",
            self.start,
            self.end,
            self.rrule or "",
        )


class ScheduleGroup(Wire):
    id: str
    name: str | None = None
    time_zone: str | None = None
    open_schedules: list[Ref] | None = None
    closed_schedules: list[Ref] | None = None
    holiday_schedules: list[Ref] | None = None

    def fact(self, *, timezone: str) -> GroupFact:
        """Return the group; timezone is the organisation's, for a group that has none."""
        return GroupFact(
            self.id,
            _name(self.name),
            self.time_zone or timezone,
            _ids(self.open_schedules),
            _ids(self.closed_schedules),
            _ids(self.holiday_schedules),
        )


class Utilization(Wire):
    """By media (call, chat, email, ...), of the organisation or a user: level tells whose it is."""

    utilization: dict[str, Any] = {}
    label_utilizations: dict[str, Any] = {}
    max_inbound_calls: int | None = None
    level: str | None = None

    def own(self) -> dict[str, Any] | None:
        """Return a user's own utilization; None where the organisation's holds."""
        return self.utilization if self.level == "Agent" else None


def _name(text: str | None) -> str:
    return (text or "")[:LONGEST_NAME]


def _id(ref: Ref | None) -> str:
    return (ref and ref.id) or ""


def _ids(refs: list[Ref] | None) -> tuple[str, ...]:
    return tuple(ref.id for ref in refs or () if ref.id)


def _addresses(told: Any) -> Iterator[str]:
    """Find e-mail addresses: a text, one {domain, route}, or a list of these."""
    match told:
        case str() if "@" in told:
            yield told.casefold()
        case list():
            for one in told:
                yield from _addresses(one)
        case {"route": {"fromEmail": str(address)}} if "@" in address:
            yield address.casefold()
        case {"route": {"pattern": str(local)}, "domain": {"id": str(domain)}} if local and domain:
            yield f"{local}@{domain}".casefold()
        case {"email": str(address)} if "@" in address:
            yield address.casefold()
