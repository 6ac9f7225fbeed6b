"""What stands between an organisation of Salesforce and us, from the outside in."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import msgspec
from django.db.models import Count, Q
from simple_salesforce.exceptions import SalesforceError, SalesforceResourceNotFound

from integrations import seal
from integrations.doctor.findings import Finding, Level, ago, fail, ok, warn, worst
from integrations.errors import IntegrationError
from integrations.models import Delivery, Destination, SalesforceConflict, SalesforceUser
from integrations.outbox import registry, secrets
from integrations.salesforce import fields, links, moving, tokens, verdicts
from integrations.salesforce.client import Client, Row
from integrations.salesforce.form import Settings, names

GUIDE: Final = "docs/salesforce-setup.md"
DEPLOY: Final = f"deploy salesforce/ and assign the permission set DCM_Integration: {GUIDE}"
ADMIN: Final = "Admin"
STATES: Final = frozenset({"open", "ended", "final", "withdrawn"})


@dataclass
class Patient:
    """One destination, and when it is looked at."""

    destination: Destination
    settings: Settings
    now: datetime
    described: dict[str, Row] = field(default_factory=dict)

    @cached_property
    def client(self) -> Client:
        return Client(self.settings)

    def fields_of(self, name: str) -> dict[str, Row]:
        """Return the fields of an object by their API name; asked for once."""
        if name not in self.described:
            self.described[name] = self.client.describe(name)
        return {one["name"]: one for one in self.described[name]["fields"]}

    @property
    def moves_owners(self) -> bool:
        return "agent.connected" in self.destination.topics


Check = Callable[[Patient], Iterator[Finding]]


def examine(*, now: datetime) -> Iterator[Finding]:
    """Look at every destination of the kind."""
    rows = list(Destination.objects.filter(kind="salesforce").order_by("name"))
    if not rows:
        fix = f"add one in the admin, under Destinations, kind Salesforce: {GUIDE}"
        yield warn("destination", "there is none of the kind Salesforce", fix)
    for row in rows:
        yield from _destination(row, now)


def _destination(row: Destination, now: datetime) -> Iterator[Finding]:
    yield ok("destination", f"{row.name}: {row.get_mode_display().lower()}")
    if row.disabled_at:
        told = f"stopped {ago(row.disabled_at, now)}: {row.disabled_reason}"
        yield fail("destination", told, "mend what is named, then enable it in the admin")
    try:
        settings = registry.kind(row.kind).settings_of(row, secrets.of(row))
    except (seal.SealBrokenError, msgspec.ValidationError) as error:
        yield fail("settings", str(error), "enter them again in the admin")
        return
    patient = Patient(row, settings, now)
    first = list(_guarded("credentials", credentials(patient)))
    yield from first
    if worst(first) != Level.FAIL:
        for name, check in INSIDE:
            yield from _guarded(name, check(patient))
    for check in OURS:
        yield from check(patient)


def _guarded(name: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Tell an error of one check as its finding, so that the others go on."""
    try:
        yield from findings
    except SalesforceError as error:
        code = verdicts.code_of(error)
        yield fail(name, f"HTTP {error.status} {code}".strip(), DEPLOY)
    except IntegrationError as error:
        yield fail(name, str(error), f"check the settings in the admin, and {GUIDE}")


def credentials(patient: Patient) -> Iterator[Finding]:
    """Look whether we are let in. A fresh token: a cached one may outlive what it was given for."""
    token = tokens.log_in(patient.settings, patient.client.token_session)
    way = "a JWT" if patient.settings.flow == "jwt" else "client credentials"
    yield ok("credentials", f"a token by {way}, as user {token.user_id or 'unknown'}")


def version(patient: Patient) -> Iterator[Finding]:
    """Look whether the API version is served."""
    wanted = patient.settings.api_version
    try:
        patient.client.call(lambda sf: sf.restful(""))
    except SalesforceResourceNotFound:
        yield fail("API version", f"{wanted} is not served", "enter a newer one in the admin")
    else:
        yield ok("API version", wanted)


def organisation(patient: Patient) -> Iterator[Finding]:
    """Name the organisation."""
    (row,) = patient.client.query("SELECT Name, IsSandbox FROM Organization LIMIT 1")
    yield ok("organisation", f"{row['Name']}{' (a sandbox)' if row['IsSandbox'] else ''}")


def hold_object(patient: Patient) -> Iterator[Finding]:
    """Look at the object that holds are written to."""
    try:
        known = patient.fields_of(fields.HOLD)
    except SalesforceResourceNotFound:
        yield fail("holds", f"{fields.HOLD} is not there, or not to be seen", DEPLOY)
        return
    yield from _written("holds", fields.HOLD, known, fields.HOLD_FIELDS)
    key = known.get(fields.KEY, {})
    if key and not (key.get("externalId") and key.get("unique")):
        why = f"{fields.KEY} is no unique external id: records could double"
        yield fail("holds", why, DEPLOY)
    states = {one["value"] for one in known.get(fields.STATE, {}).get("picklistValues", ())}
    if states and not states >= STATES:
        yield fail("holds", f"{fields.STATE} lacks {_listed(STATES - states)}", DEPLOY)


def case_object(patient: Patient) -> Iterator[Finding]:
    """Look at the fields of Case."""
    known = patient.fields_of(fields.CASE)
    if patient.moves_owners:
        yield from _written("cases", fields.CASE, known, ("OwnerId", fields.ASSIGNED_AT))
        yield from _history(patient)
    name = patient.settings.conversation_field
    if name and not known.get(name, {}).get("filterable"):
        fix = f"{DEPLOY}; or leave the field empty in the admin"
        yield fail("linking", f"Case has no field {name} that can be searched", fix)


def _history(patient: Patient) -> Iterator[Finding]:
    """Look whether it can be seen who changed an owner: else every change of a case counts."""
    fix = "track the history of Case Owner: Setup, Object Manager, Case, Set History Tracking"
    if not moving.is_tracked(patient.client):
        saw = "the history of owners is not tracked: a case that anybody changed since is not moved"
        yield warn("cases", saw, fix)
        return
    try:
        patient.client.query("SELECT Id FROM CaseHistory WHERE Field = 'Owner' LIMIT 1")
    except SalesforceError:
        yield fail("cases", "the history of owners is not to be seen", fix)


def linking(patient: Patient) -> Iterator[Finding]:
    """Look at the ways from a conversation to its case."""
    settings = patient.settings
    ways = [f"field {settings.conversation_field}"] if settings.conversation_field else []
    ways += [f"attribute {name}" for name in names(settings.attributes)]
    ways += ["external tag"] if settings.external_tag else []
    if settings.task_field:
        ways.append(f"tasks by {settings.task_field}")
        if settings.task_field not in patient.fields_of(fields.TASK):
            fix = "correct it in the admin, or leave it empty"
            yield fail("linking", f"Task has no field {settings.task_field}", fix)
    if settings.message_id_attributes:
        ways.append("e-mails")
        patient.client.query("SELECT Id FROM EmailMessage LIMIT 1")
    if ways:
        yield ok("linking", f"by {', '.join(ways)}")
    else:
        yield fail("linking", "no way to a case is set", "name one in the admin")


def task_object(patient: Patient) -> Iterator[Finding]:
    """Look at Task, and how a task is found again whose answer was lost."""
    if not patient.settings.write_tasks:
        yield ok("tasks", "none are written")
        return
    known = patient.fields_of(fields.TASK)
    yield from _written("tasks", fields.TASK, known, fields.TASK_FIELDS)
    if known.get(fields.TASK_KEY, {}).get("externalId"):
        yield ok("tasks", f"found again by the external id {fields.TASK_KEY}")
    else:
        yield ok("tasks", f"found again by {fields.TASK_MARK}: Task has no external id of ours")


def _written(
    check: str, name: str, known: dict[str, Row], wanted: Collection[str]
) -> Iterator[Finding]:
    """Look whether fields are there, and may be written."""
    lacking = [one for one in wanted if one not in known]
    sealed = [
        one
        for one in wanted
        if one in known and not (known[one].get("createable") and known[one].get("updateable"))
    ]
    if lacking:
        yield fail(check, f"{name} has no {_listed(lacking)}, or not for our user", DEPLOY)
    if sealed:
        yield fail(check, f"{_listed(sealed)} of {name} may not be written", DEPLOY)
    if not lacking and not sealed:
        yield ok(check, f"{name}: {len(wanted)} fields may be written")


def limits(patient: Patient) -> Iterator[Finding]:
    """Look how many API calls are left of the day's."""
    told = patient.client.limits()["DailyApiRequests"]
    most, left = int(told["Max"]), int(told["Remaining"])
    percent = round(100 * (most - left) / most) if most else 100
    saw = f"{percent} % of {most} API calls of 24 hours are used"
    if percent >= patient.settings.budget_percent:
        fix = "see who uses them (Setup, System Overview); tasks and final figures wait meanwhile"
        yield warn("limits", saw, fix)
    else:
        yield ok("limits", saw)


def agents(patient: Patient) -> Iterator[Finding]:
    """Count the agents whose user is known."""
    rows = SalesforceUser.objects.filter(destination=patient.destination)
    unknown = rows.filter(salesforce_id="").count()
    saw = f"of {rows.count()} agents seen, {unknown} have no user in Salesforce"
    if unknown:
        yield warn("users", saw, f"name their users: {ADMIN}, Salesforce users, known: No")
    else:
        yield ok("users", saw)


def conversations(patient: Patient) -> Iterator[Finding]:
    """Count the conversations without a case, and the conflicts."""
    unlinked = links.unlinked(patient.destination)
    if unlinked:
        fix = f"see why: {ADMIN}, Salesforce links, known: No"
        yield warn("unlinked", f"{unlinked} conversations have no case", fix)
    else:
        yield ok("unlinked", "every conversation that was looked for has its case")
    conflicts = SalesforceConflict.objects.filter(destination=patient.destination).count()
    yield ok("conflicts", f"{conflicts} cases were left to a newer decision")


def deliveries(patient: Patient) -> Iterator[Finding]:
    """Look when something got through last, what waits, and what was given up."""
    row = patient.destination
    counted = Delivery.objects.filter(destination=row).aggregate(
        waiting=Count("pk", filter=Q(state="waiting")), dead=Count("pk", filter=Q(state="dead"))
    )
    saw = f"last {ago(row.delivered_at, patient.now)}, {counted['waiting']} waiting"
    saw = f"{saw}, {counted['dead']} given up"
    if counted["dead"]:
        fix = f"see why: {ADMIN}, Deliveries; after a fix choose the action Send (again)"
        yield warn("delivery", saw, fix)
    else:
        yield ok("delivery", saw)


INSIDE: Final[tuple[tuple[str, Check], ...]] = (
    ("API version", version),
    ("organisation", organisation),
    ("holds", hold_object),
    ("cases", case_object),
    ("linking", linking),
    ("tasks", task_object),
    ("limits", limits),
)
OURS: Final[tuple[Check, ...]] = (agents, conversations, deliveries)


def _listed(given: Iterable[Any]) -> str:
    return ", ".join(sorted(map(str, given)))
