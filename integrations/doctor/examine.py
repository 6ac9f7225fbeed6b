"""All checks in order. What would only fail again for the same reason is not looked at."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from integrations.doctor import events, organisation, reach, roads
from integrations.doctor.findings import Finding, Level, fail, warn, worst
from integrations.doctor.patient import Patient
from integrations.errors import IntegrationError, PermissionMissingError
from integrations.genesys.setup.fixes import fix_of

Check = Callable[[Patient], Iterator[Finding]]
FIRST: Final[tuple[Check, ...]] = (
    reach.configuration,
    reach.hosts,
    reach.clock,
    reach.token,
)
# Where one of these fails, nothing further in can be seen.
NEEDED: Final[tuple[Check, ...]] = (reach.hosts, reach.token)
INSIDE: Final[tuple[tuple[str, Check, str], ...]] = (
    ("permission", organisation.may, ""),
    ("organisation", organisation.identity, ""),
    ("limits", organisation.limits, ""),
    ("queues", organisation.queues, ""),
    ("schedules", organisation.opening_hours, ""),
    ("topics", events.notification_topics, "notifications"),
    ("trigger topics", events.trigger_topics, "triggers"),
    ("triggers", events.our_triggers, "triggers"),
)


def genesys(patient: Patient, wanted: frozenset[str]) -> Iterator[Finding]:
    """Look at Genesys Cloud, from the outside in."""
    for check in FIRST:
        found = list(check(patient))
        yield from found
        if check in NEEDED and worst(found) == Level.FAIL:
            return
    for name, inner, road in INSIDE:
        if not road or road in wanted:
            yield from _guarded(name, inner(patient))


def ours(patient: Patient, wanted: frozenset[str]) -> Iterator[Finding]:
    """Look at our own rows."""
    yield from roads.roads(patient.clock(), wanted)


def _guarded(name: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Tell an error of one check as its finding, so that the others go on."""
    try:
        yield from findings
    except PermissionMissingError as error:
        yield warn(name, f"not to be seen: {error}", fix_of(error))
    except IntegrationError as error:
        yield fail(name, str(error), fix_of(error))
