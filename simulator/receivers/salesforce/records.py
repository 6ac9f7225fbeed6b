"""Writing records: what is checked, in Salesforce's order and words, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.receivers.salesforce import cases
from simulator.receivers.salesforce.errors import SalesforceError, no_column, not_found
from simulator.receivers.salesforce.ids import full
from simulator.receivers.salesforce.objects import Field, Kind
from simulator.receivers.salesforce.tables import Row
from simulator.receivers.salesforce.values import read

if TYPE_CHECKING:
    from simulator.receivers.salesforce.org import Org

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class By:
    """Who writes, and whether assignment rules run: they do unless a request says otherwise."""

    user: str
    assigns: bool = False
    accepts: bool = False  # a person takes a case out of a queue
    checked: bool = True  # trouble may befall it


class Upserted(NamedTuple):
    """What became of an upsert."""

    id: str
    created: bool


class SeveralError(Exception):
    """A key stands in several records: args are their ids."""


def create(org: "Org", kind: Kind, values: Values, by: By) -> str:
    """Make a record and return its id. Raises SalesforceError where it is refused."""
    given = _read(org, kind, values, "c")
    _befall(org, kind, by)
    row: Row = {f.name: f.default for f in kind.fields.values()} | given
    _require(kind, row)
    row |= {"Id": org.ids.make(kind.prefix)} | _stamp(org.now(), by, "Created")
    _store(org, kind, row, None, by)
    return str(row["Id"])


def update(org: "Org", kind: Kind, id_: str, values: Values, by: By) -> None:
    """Change a record. Raises SalesforceError where it is refused or there is none."""
    before = existing(org, kind, id_)
    given = _read(org, kind, values, "u")
    _befall(org, kind, by, before["Id"])
    _store(org, kind, before | given, before, by)


def upsert(org: "Org", kind: Kind, key: tuple[Field, Any], values: Values, by: By) -> Upserted:
    """Change the record that has a key, or make one. Raises SalesforceError, or SeveralError."""
    field, value = key
    found = org.table(kind).find(field, read(field, value))
    if len(found) > 1:
        raise SeveralError(*(row["Id"] for row in found))
    if found:
        update(org, kind, found[0]["Id"], values, by)
        return Upserted(found[0]["Id"], created=False)
    return Upserted(create(org, kind, {**values, field.name: value}, by), created=True)


def delete(org: "Org", kind: Kind, id_: str, by: By) -> None:
    """Put a record into the bin. Raises SalesforceError where it is not there."""
    row = existing(org, kind, id_)
    _befall(org, kind, by, row["Id"])
    org.table(kind).put(row | {"IsDeleted": True} | _stamp(org.now(), by, "LastModified"))


def existing(org: "Org", kind: Kind, id_: str) -> Row:
    """Return a record that is there. Raises SalesforceError (404) where it is not, or not now."""
    row = org.table(kind).rows.get(full(id_) or "")
    if row is None:
        raise not_found()
    if row["IsDeleted"]:
        raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", fields=(), status=404)
    return row


def external(kind: Kind, name: str) -> Field:
    """Return a field that records can be found by. Raises SalesforceError (404) where it is not."""
    field = kind.field(name)
    if field is None or not (field.external or field.name == "Id"):
        raise not_found("Provided external ID field does not exist or is not accessible: " + name)
    return field


def _store(org: "Org", kind: Kind, row: Row, before: Row | None, by: By) -> None:
    _require(kind, row)
    if kind.field("OwnerId"):
        row["OwnerId"] = row["OwnerId"] or by.user
    if kind.name == "Case":
        cases.prepare(org, row, before, by)
    _check_owner(org, kind, row, before)
    _check_unique(org, kind, row)
    row |= _stamp(org.now(), by, "LastModified")
    _complete(org, kind, row, before)
    org.table(kind).put(row)
    if kind.name == "Case":
        cases.follow(org, row, before, by)


def _read(org: "Org", kind: Kind, values: Values, way: str) -> Row:
    """Return what is kept of given values, by the fields' own names."""
    if way not in kind.write:
        wording = f"entity type {kind.name} does not support {'create' if way == 'c' else 'update'}"
        raise SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", wording, fields=())
    given: Row = {}
    for name, value in values.items():
        if name != "attributes":
            field, value = _meant(org, kind, name, value)  # noqa: PLW2901 - a parent's key
            _writable(field, way)
            given[field.name] = read(field, value)
            _check_reference(org, field, given[field.name])
    return given


def _meant(org: "Org", kind: Kind, name: str, value: Any) -> tuple[Field, Any]:
    """Return the field of a name, and its value: a parent may be given by a key of its own."""
    if field := kind.field(name):
        return field, value
    related = [f for f in kind.fields.values() if f.relation and f.relation.lower() == name.lower()]
    if not related or not isinstance(value, dict):
        raise no_column(name, kind.name)
    parent = org.kind(related[0].references[0])
    given = {key: v for key, v in value.items() if key != "attributes"}
    for key, wanted in given.items():
        found = org.table(parent).find(external(parent, key), wanted)
        if len(found) == 1:
            return related[0], found[0]["Id"]
    wording = f"Foreign key external ID not found for field {name} in entity {parent.name}: {given}"
    raise SalesforceError("INVALID_FIELD", wording, fields=())


def _writable(field: Field, way: str) -> None:
    if way not in field.write:
        wording = (
            f"Unable to create/update fields: {field.name}. Please check the security settings of"
            " this field and verify that it is read/write for your profile or permission set."
        )
        raise SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", wording, fields=[field.name])


def _befall(org: "Org", kind: Kind, by: By, id_: str = "") -> None:
    if by.checked:
        org.faults.befall(kind.name, id_)


def _require(kind: Kind, row: Row) -> None:
    if missing := [f.name for f in kind.fields.values() if f.required and row[f.name] is None]:
        wording = f"Required fields are missing: [{', '.join(missing)}]"
        raise SalesforceError("REQUIRED_FIELD_MISSING", wording, fields=missing)


def _check_reference(org: "Org", field: Field, id_: str | None) -> None:
    if field.type != "reference" or id_ is None:
        return
    kind = org.kind_of(id_)
    if kind is None or kind.name not in field.references:
        wording = f"{field.name}: id value of incorrect type: {id_}"
        raise SalesforceError("MALFORMED_ID", wording, fields=[field.name])
    row = org.table(kind).rows.get(id_)
    if row is None:
        wording = "invalid cross reference id"
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", wording, fields=())
    if row["IsDeleted"]:
        raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", fields=())


def _check_owner(org: "Org", kind: Kind, row: Row, before: Row | None) -> None:
    owner = row.get("OwnerId")
    if owner is None or (before and before["OwnerId"] == owner) or not owner.startswith("005"):
        return
    if not org.table(org.kind("User")).rows[owner]["IsActive"]:
        wording = (
            "owner or user is inactive: operation performed with inactive user"
            f" [{owner}] as owner of {kind.name.lower()}"
        )
        raise SalesforceError("INACTIVE_OWNER_OR_USER", wording, fields=())


def _check_unique(org: "Org", kind: Kind, row: Row) -> None:
    for field in kind.fields.values():
        if field.unique and row[field.name] is not None:
            found = org.table(kind).find(field, row[field.name])
            if other := next((each for each in found if each["Id"] != row["Id"]), None):
                name, id_ = field.name, other["Id"]
                wording = f"duplicate value found: {name} duplicates value on record with id: {id_}"
                raise SalesforceError("DUPLICATE_VALUE", wording, fields=())


def _stamp(now: datetime, by: By, what: str) -> Row:
    at = now.replace(microsecond=0)
    stamps = {f"{what}Date": at, f"{what}ById": by.user}
    return stamps | ({"SystemModstamp": at} if what == "LastModified" else {})


def _complete(org: "Org", kind: Kind, row: Row, before: Row | None) -> None:
    """Fill in what follows from the rest."""
    match kind.name:
        case "User":
            row["Name"] = " ".join(filter(None, (row["FirstName"], row["LastName"])))
        case "Task":
            row["IsClosed"] = row["Status"] == "Completed"
            done = row["CompletedDateTime"] or row["LastModifiedDate"]
            row["CompletedDateTime"] = done if row["IsClosed"] else None
        case "DCM_Hold__c" if before is None:
            row["Name"] = f"H-{len(org.table(kind).rows) + 1:06}"
