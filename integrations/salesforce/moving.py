"""Giving cases to agents: read, decide, write unless somebody was faster, else read again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from simple_salesforce.exceptions import SalesforceError, SalesforceMalformedRequest

from integrations.domain.delivery import Outcome, Result
from integrations.salesforce import fields, verdicts
from integrations.salesforce.client import Client, Row, instant
from integrations.salesforce.domain import ids, owner
from integrations.salesforce.domain.owner import Action, Case, Change, Decision
from integrations.salesforce.form import Settings
from integrations.salesforce.jobs import OwnerJob
from integrations.salesforce.lookup import written

MOST_LOOKS: Final = 3
_CASES: Final = (
    "SELECT Id, OwnerId, IsClosed, CreatedDate, CreatedById, LastModifiedDate, LastModifiedById, "  # noqa: S608 - a field's name
    + fields.ASSIGNED_AT
    + " FROM Case WHERE Id IN {values}"
)
# A change of owner has a name of its own where a user took the case from its queue, or a rule of
# assignment or escalation gave it away.
_HISTORY: Final = (
    "SELECT CaseId, CreatedDate, CreatedById FROM CaseHistory WHERE CaseId IN {values}"
    " AND Field IN ('Owner', 'ownerAccepted', 'ownerAssignment', 'ownerEscalated')"
)
_IS_TRACKED: Final = (
    "SELECT IsFieldHistoryTracked FROM FieldDefinition"
    " WHERE EntityDefinitionId = 'Case' AND QualifiedApiName = 'OwnerId'"
)
_NOTHING: Final = (Action.STAYS, Action.SKIP)


class Seen(NamedTuple):
    """A case as it was read, and when it was changed last, to the second."""

    case: Case
    modified_at: datetime


def read(client: Client, case_ids: Iterable[str]) -> dict[str, Seen]:
    """Return cases by their id, with who has changed their owner: two requests for a hundred.

    Where the organisation keeps no history of owners, with who has changed them at all.
    """
    wanted = set(case_ids)
    rows = client.query_each(_CASES, wanted)
    if not client.known("tracks-owner", lambda: is_tracked(client)):
        return {_id(row["Id"]): _seen(row, _changed(row), tracked=False) for row in rows}
    changes: dict[str, list[Change]] = {}
    for row in client.query_each(_HISTORY, wanted) if rows else ():
        changes.setdefault(_id(row["CaseId"]), []).append(_change(row))
    return {_id(row["Id"]): _seen(row, changes.get(_id(row["Id"]), ())) for row in rows}


def is_tracked(client: Client) -> bool:
    """Ask whether the organisation keeps a history of cases' owners; not so, if nobody may know."""
    try:
        return any(row["IsFieldHistoryTracked"] for row in client.query(_IS_TRACKED))
    except SalesforceMalformedRequest:
        return False


def move(
    client: Client, settings: Settings, job: OwnerJob, target: str, seen: Seen | None
) -> Outcome:
    """Give a case to a user where that may be; a refused precondition is read and decided anew."""
    policy = owner.Policy(from_users=settings.from_users, closed=settings.closed)
    for _ in range(MOST_LOOKS):
        if seen is None:
            return Outcome(Result.REFUSED, "the case is not there, or not to be seen")
        us = client.user_id()
        decision = owner.decide(seen.case, target=target, at=job.at, us=us, policy=policy)
        if decision.action is not Action.MOVE:
            return _left(job, seen.case, decision)
        try:
            _write(client, job, target, seen)
        except SalesforceError as error:
            if error.status != verdicts.PRECONDITION:
                return verdicts.of_record(error)
        else:
            return Outcome(Result.DELIVERED, decision.reason, status=204, remote_id=job.case_id)
        seen = read(client, [job.case_id]).get(job.case_id)
    reason = "the case was changed again and again while it was to be moved"
    return Outcome(Result.FAILED, reason, status=verdicts.PRECONDITION, blames_them=False)


def _write(client: Client, job: OwnerJob, target: str, seen: Seen) -> None:
    record = {"OwnerId": target, fields.ASSIGNED_AT: written(job.at)}
    client.update_unless_changed(fields.CASE, job.case_id, record, seen.modified_at)


def _left(job: OwnerJob, case: Case, decision: Decision) -> Outcome:
    """Return that nothing was to be done; a conflict is kept for the administrators' list."""
    if decision.action in _NOTHING:
        return Outcome(Result.FOUND, decision.reason)
    against = decision.against
    kept = {
        "event": job.event,
        "case_id": job.case_id,
        "user_id": job.agent.user_id,
        "at": job.at,
        "owner_id": case.owner_id,
        "changed_by": against.by if against else "",
        "changed_at": against.at if against else None,
        "reason": decision.reason,
    }
    return Outcome(Result.FOUND, f"conflict: {decision.reason}", kept={"conflict": kept})


def _seen(row: Row, changes: Sequence[Change], *, tracked: bool = True) -> Seen:
    made = Case(
        owner_id=_id(row["OwnerId"]),
        is_closed=bool(row["IsClosed"]),
        created=_change(row),
        assigned_at=instant(row[fields.ASSIGNED_AT]),
        changes=tuple(changes),
        tracked=tracked,
    )
    return Seen(made, _change(row, "LastModified").at.astimezone(UTC))


def _changed(row: Row) -> Sequence[Change]:
    """Return the last change of a case, if it was changed at all since it was created."""
    last = _change(row, "LastModified")
    return () if last == _change(row) else (last,)


def _change(row: Row, what: str = "Created") -> Change:
    at = instant(row[f"{what}Date"])
    assert at is not None
    return Change(at, _id(row[f"{what}ById"]))


def _id(told: Any) -> str:
    return ids.full(str(told or "")) or str(told or "")


def conflict_of(kept: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the conflict that an outcome keeps, if it does."""
    found: Mapping[str, Any] | None = (kept or {}).get("conflict")
    return found
