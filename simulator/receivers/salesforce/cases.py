"""What is particular about cases: who owns them, who is told of it, and what is remembered."""

from typing import TYPE_CHECKING, Any, Final

from simulator.receivers.salesforce.errors import SalesforceError
from simulator.receivers.salesforce.tables import Row

if TYPE_CHECKING:
    from simulator.receivers.salesforce.org import Org
    from simulator.receivers.salesforce.records import By

GOES_BACK: Final = "Genesys assigned this case to an agent later than that."
_FIRST_NUMBER: Final = 1001


def prepare(org: "Org", row: Row, before: Row | None, by: "By") -> None:
    """Let happen before a case is stored: assignment rules, and the validation rule."""
    if by.assigns:
        row["OwnerId"] = org.assignment(row) or org.default_owner
    closed = row["Status"] == "Closed"
    row["IsClosed"] = closed
    row["ClosedDate"] = (row["ClosedDate"] or org.now().replace(microsecond=0)) if closed else None
    if before is None:
        row["CaseNumber"] = f"{len(org.table(org.kind('Case')).rows) + _FIRST_NUMBER:08}"
    elif org.validates:
        _not_back(row, before)


def _not_back(row: Row, before: Row) -> None:
    name = "Genesys_Assigned_At__c"
    at, earlier = row.get(name), before.get(name)
    if at and earlier and at < earlier:
        raise SalesforceError("FIELD_CUSTOM_VALIDATION_EXCEPTION", GOES_BACK, fields=[name])


def follow(org: "Org", row: Row, before: Row | None, by: "By") -> None:
    """Let happen after a case is stored: its history, and what waits to be routed."""
    if before is None:
        _remember(org, row, by, "created")
    if before and before["Status"] != row["Status"] and "Status" in org.tracked:
        _remember(org, row, by, "Status", ("Text", before["Status"], row["Status"]))
    if before and before["OwnerId"] != row["OwnerId"] and "Owner" in org.tracked:
        _remember_owner(org, row, before, by)
    if before is None or before["OwnerId"] != row["OwnerId"]:
        _route(org, row, by)


def _remember_owner(org: "Org", row: Row, before: Row, by: "By") -> None:
    """Two rows, as for every field that points at a record: one with names, one with ids."""
    old, new = before["OwnerId"], row["OwnerId"]
    field = "Owner"
    if by.accepts:
        field = "ownerAccepted"
    elif by.assigns:
        field = "ownerAssignment"
    _remember(org, row, by, field, ("Text", org.name_of(old), org.name_of(new)))
    _remember(org, row, by, field, ("EntityId", old, new))


def _remember(
    org: "Org",
    row: Row,
    by: "By",
    field: str,
    change: tuple[str | None, Any, Any] = (None, None, None),
) -> None:
    data_type, old, new = change
    what = {"Field": field, "DataType": data_type, "OldValue": old, "NewValue": new}
    org.write("CaseHistory", {"CaseId": row["Id"]} | what, by.user)


def _route(org: "Org", row: Row, by: "By") -> None:
    """Let a case wait for routing while a queue owns it that Omni-Channel looks after."""
    kind = org.kind("PendingServiceRouting")
    table = org.table(kind)
    work_item = kind.fields["workitemid"]
    for waiting in table.find(work_item, row["Id"]):
        table.put(waiting | {"IsDeleted": True})
    if row["OwnerId"] in org.omni_queues:
        values = {"WorkItemId": row["Id"], "GroupId": row["OwnerId"], "QueueId": row["OwnerId"]}
        org.write("PendingServiceRouting", values, by.user)
