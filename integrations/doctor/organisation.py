"""What the organisation shows us: permissions, limits, queues, opening hours."""

from collections.abc import Iterator
from typing import Final

import msgspec

from conversations.models import Queue
from integrations.doctor.findings import GUIDE, Finding, fail, ok, some, warn
from integrations.doctor.patient import Patient
from integrations.genesys import directory, permissions
from integrations.models import Organization
from sla.models import Enforcement

LIMITS: Final = "/api/v2/organizations/limits/namespaces/platform.api/defaults"
RATE: Final = "client.credentials.token.rate.per.minute"
LEAST_RATE: Final = 60


class Named(msgspec.Struct):
    """A queue or a schedule, as it is listed."""

    id: str
    name: str = ""


class Group(msgspec.Struct, rename="camel"):
    """A schedule group, as it is listed."""

    name: str = ""
    time_zone: str | None = None
    open_schedules: list[Named] | None = None


class Limit(msgspec.Struct):
    """A limit of the platform."""

    key: str = ""
    value: int | None = None


class Limits(msgspec.Struct):
    """The limits of a namespace."""

    entities: list[Limit] | None = None


def may(patient: Patient) -> Iterator[Finding]:
    """Look at the permissions, by name."""
    held = permissions.granted(patient.client)
    off = Enforcement.Mode.OFF
    does = {"", *Enforcement.objects.exclude(mode=off).values_list("action", flat=True)}
    needs = [need for need in permissions.NEEDS if need.only_to in does]
    lacking = permissions.lacking(patient.client, needs, held=held)
    where = f"Admin > People & Permissions > Roles / Permissions, see {GUIDE}, Permissions"
    for need in lacking:
        if need.only_setup:
            continue
        made = fail if need.vital else warn
        yield made(
            "permission", f"{need.told} is missing: {need.without}", f"add it to a role: {where}"
        )
    wanted = [need for need in needs if not need.only_setup]
    if not any(need in lacking for need in wanted):
        yield ok("permission", f"all {len(wanted)} that reading needs")
    yield _of_setup([need.told for need in lacking if need.only_setup], told=held is not None)


def _of_setup(lacking: list[str], *, told: bool) -> Finding:
    """Tell of what genesys_setup alone needs: going without it afterwards is good practice."""
    if not told:
        return ok("permission", "what genesys_setup may do is not told: it says so when it runs")
    if lacking:
        return ok("permission", f"to run genesys_setup these would be needed: {', '.join(lacking)}")
    return ok("permission", "all that genesys_setup needs, too; it may go once that is done")


def identity(patient: Patient) -> Iterator[Finding]:
    """Look which organisation it is, and whether the database mirrors the same."""
    told = patient.client.get(directory.ORGANIZATION).decode(directory.Organization)
    name = told.name or told.id
    known = Organization.objects.exclude(genesys_id="").first()
    if known and known.genesys_id != told.id:
        yield fail(
            "organisation",
            f"{name}, but the database mirrors {known.name or known.genesys_id}",
            "give each organisation a database of its own (DATABASE_URL)",
        )
        return
    yield ok("organisation", name)


def limits(patient: Patient) -> Iterator[Finding]:
    """Look how many requests a minute a token may make."""
    told = patient.client.get(LIMITS).decode(Limits).entities or ()
    rate = next((each.value for each in told if each.key == RATE), None)
    if rate is None:
        yield ok("limits", "the rate limit of a token is not told here; answers tell it")
    elif 0 < rate < LEAST_RATE:
        fix = "ask Genesys to raise client.credentials.token.rate.per.minute; 300 is usual"
        yield warn("limits", f"{rate} requests a minute: polling will lag", fix)
    else:
        yield ok("limits", f"{rate or 'unlimited'} requests a minute and token")


def queues(patient: Patient) -> Iterator[Finding]:
    """Look which queues are visible, and whether the mirror knows them."""
    there = list(patient.client.entities(directory.QUEUES, Named))
    if not there:
        fix = "let the role have the divisions of the queues (in the OAuth client, at its role)"
        yield warn("queues", "none is visible", fix)
        return
    known = set(Queue.objects.values_list("genesys_id", flat=True))
    strange = [queue.name for queue in there if queue.id not in known]
    told = f"{len(there)} are visible"
    if strange:
        yield warn(
            "queues",
            f"{told}, {len(strange)} of them not mirrored yet: {some(strange)}",
            "run manage.py genesys_sync, or wait for the next synchronisation",
        )
    else:
        yield ok("queues", f"{told}, all mirrored")


def opening_hours(patient: Patient) -> Iterator[Finding]:
    """Look at schedules and schedule groups: SLA clocks may count by them."""
    schedules = sum(1 for _ in patient.client.entities(directory.SCHEDULES, Named))
    groups = list(patient.client.entities(directory.SCHEDULE_GROUPS, Group))
    bad = [group.name for group in groups if not (group.time_zone and group.open_schedules)]
    told = f"{schedules} schedules, {len(groups)} schedule groups"
    if bad:
        yield warn(
            "schedules",
            f"{told}; without time zone or open schedule: {some(bad)}",
            "complete them under Admin > Architect > Schedule Groups, or do not count by them",
        )
    else:
        yield ok("schedules", told)
