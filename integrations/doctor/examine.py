"""All checks in order. What would only fail again for the same reason is not looked at."""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final

from integrations.doctor import events, hours, organisation, reach, roads
from integrations.doctor.findings import AGAIN, Finding, Level, fail, warn
from integrations.doctor.patient import Patient
from integrations.errors import IntegrationError, PermissionMissingError
from integrations.genesys.setup.fixes import fix_of

Check = Callable[[Patient], Iterator[Finding]]
# From the outside in: what is looked at, how, and of which road alone it is.
CHECKS: Final[tuple[tuple[str, Check, str], ...]] = (
    ("settings", reach.configuration, ""),
    ("hosts", reach.hosts, ""),
    ("clock", reach.clock, ""),
    ("credentials", reach.token, ""),
    ("permission", organisation.may, ""),
    ("organisation", organisation.identity, ""),
    ("limits", organisation.limits, ""),
    ("queues", organisation.queues, ""),
    ("schedules", organisation.opening_hours, ""),
    ("topics", events.notification_topics, "notifications"),
    ("trigger topics", events.trigger_topics, "triggers"),
    ("triggers", events.our_triggers, "triggers"),
)
# Where one of these fails, nothing further in can be seen.
NEEDED: Final = frozenset({"hosts", "credentials"})


def genesys(patient: Patient, wanted: frozenset[str]) -> Generator[Finding, None, bool]:
    """Look at Genesys Cloud, from the outside in; return whether it lets us in."""
    checks = [(name, check) for name, check, road in CHECKS if not road or road in wanted]
    for number, (name, check) in enumerate(checks, start=1):
        failed = False
        for finding in _guarded(name, check(patient)):
            failed = failed or finding.level == Level.FAIL
            yield finding
        if failed and name in NEEDED:
            unseen = ", ".join(name for name, _ in checks[number:])
            yield warn("Genesys Cloud", f"not looked at: {unseen}", AGAIN)
            return False
    return True


def ours(patient: Patient, wanted: frozenset[str], *, let_in: bool) -> Iterator[Finding]:
    """Look at our own rows; let_in tells whether Genesys lets us in now."""
    yield from hours.of_queues()
    yield from roads.roads(patient.clock(), wanted, let_in=let_in)


def _guarded(name: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Tell an error of one check as its finding, so that the others go on."""
    try:
        yield from findings
    except PermissionMissingError as error:
        yield warn(name, f"not to be seen: {error}", fix_of(error))
    except IntegrationError as error:
        yield fail(name, str(error), fix_of(error))
