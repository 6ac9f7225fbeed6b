"""Answering a query: which rows it means, in which order, with which fields."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.receivers.salesforce.errors import SalesforceError
from simulator.receivers.salesforce.ids import full
from simulator.receivers.salesforce.objects import Field, Kind
from simulator.receivers.salesforce.soql import Comparison, Group, Literal, Order, Query
from simulator.receivers.salesforce.tables import Row, same
from simulator.receivers.salesforce.values import told

if TYPE_CHECKING:
    from simulator.receivers.salesforce.org import Org

Test = Callable[[Row], bool]


def run(org: "Org", query: Query, version: str, *, deleted: bool = False) -> list[dict[str, Any]]:
    """Return the records that a query means. Raises SalesforceError where it names what is not."""
    kind = _kind(org, query.object)
    paths = [_path(org, kind, name) for name in query.fields]
    fits = _test(org, kind, query.where)
    rows = [r for r in _candidates(org, kind, query.where) if deleted or not r["IsDeleted"]]
    rows = [row for row in rows if fits(row)]
    for order in reversed(query.order):
        rows = _ordered(org, kind, order, rows)
    rows = rows[query.offset :][: query.limit]
    return [_shown(org, kind, row, paths, version) for row in rows]


def record(org: "Org", kind: Kind, row: Row, version: str) -> dict[str, Any]:
    """Return what stands at the head of a record in an answer."""
    url = f"/services/data/v{version}/sobjects/{kind.name}/{row['Id']}"
    return {"attributes": {"type": kind.name, "url": url}}


def _kind(org: "Org", name: str) -> Kind:
    kind = org.kinds.get(name.lower())
    if kind is None or kind.hidden:
        wording = (
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object,"
            " be sure to append the '__c' after the entity name. Please reference your WSDL or the"
            " describe call for the appropriate names."
        )
        raise SalesforceError("INVALID_TYPE", wording)
    return kind


def _path(org: "Org", kind: Kind, name: str) -> tuple[Field, ...]:
    """Return the fields that lead to what a name such as Owner.Name means, at most two."""
    head, _, rest = name.partition(".")
    if not rest or head.lower() == kind.name.lower():
        return (_field(kind, rest or head),)
    for field in kind.fields.values():
        if field.relation and field.relation.lower() == head.lower():
            parent = org.kind(field.references[-1])
            return (field, _field(parent, rest))
    wording = f"Didn't understand relationship '{head}' in field path."
    raise SalesforceError("INVALID_FIELD", wording)


def _field(kind: Kind, name: str) -> Field:
    field = kind.field(name)
    if field is None:
        wording = (
            f"No such column '{name}' on entity '{kind.name}'. If you are attempting to use a"
            " custom field, be sure to append the '__c' after the custom field name. Please"
            " reference your WSDL or the describe call for the appropriate names."
        )
        raise SalesforceError("INVALID_FIELD", wording)
    return field


def _value(org: "Org", row: Row, path: tuple[Field, ...]) -> Any:
    value = row.get(path[0].name)
    if len(path) == 1 or value is None:
        return value
    kind = org.kind_of(value)
    return org.table(kind).rows[value].get(path[1].name) if kind else None


def _candidates(org: "Org", kind: Kind, where: Comparison | Group | None) -> list[Row]:
    """Return rows among which all lie that fit: few, where one condition names them."""
    table = org.table(kind)
    parts = where.parts if isinstance(where, Group) and where.word == "and" else (where,)
    for part in parts:
        if isinstance(part, Comparison) and part.operator in ("=", "in"):
            field = kind.field(part.field)
            if field and (field.name == "Id" or field in kind.found_by()):
                wanted = part.value if part.operator == "in" else (part.value,)
                keys = dict.fromkeys(_meant(field, each) for each in wanted)
                found = [r for key in keys for r in table.find(field, key, deleted=True)]
                return sorted({r["Id"]: r for r in found}.values(), key=lambda r: str(r["Id"]))
    return list(table.rows.values())


def _test(org: "Org", kind: Kind, where: Comparison | Group | None) -> Test:
    if where is None:
        return lambda _: True
    if isinstance(where, Comparison):
        return _compared(org, kind, where)
    parts = [_test(org, kind, part) for part in where.parts]
    match where.word:
        case "and":
            return lambda row: all(part(row) for part in parts)
        case "or":
            return lambda row: any(part(row) for part in parts)
    return lambda row: not parts[0](row)


def _compared(org: "Org", kind: Kind, comparison: Comparison) -> Test:
    path = _path(org, kind, comparison.field)
    field, operator = path[-1], comparison.operator
    if not field.filterable:
        wording = f"field '{field.name}' can not be filtered in a query call"
        raise SalesforceError("INVALID_FIELD", wording)
    if operator in ("in", "not in"):
        several = {same(field, _meant(field, each)) for each in comparison.value}
        return lambda row: (same(field, _value(org, row, path)) in several) == (operator == "in")
    wanted = same(field, _meant(field, comparison.value))
    if operator == "like":
        likes = _like(wanted)
        return lambda row: bool(likes(str(same(field, _value(org, row, path)) or "")))
    if operator in ("=", "!="):
        return lambda row: (same(field, _value(org, row, path)) == wanted) == (operator == "=")
    return lambda row: _orders(same(field, _value(org, row, path)), operator, wanted)


def _orders(value: Any, operator: str, wanted: Any) -> bool:
    if value is None or wanted is None:
        return False
    if operator[0] == "<":
        return bool(value < wanted or (operator == "<=" and value == wanted))
    return bool(value > wanted or (operator == ">=" and value == wanted))


def _like(pattern: Any) -> Callable[[str], Any]:
    parts = {"%": ".*", "_": "."}
    return re.compile(
        "".join(parts.get(c, re.escape(c)) for c in str(pattern)), re.DOTALL
    ).fullmatch


def _meant(field: Field, literal: Literal) -> Any:
    """Return the value that rows are compared with. Raises SalesforceError where it cannot be."""
    value = literal.value
    if value is None:
        return False if field.type == "boolean" else None
    needed = {"datetime": "datetime", "date": "date", "boolean": "word", "double": "number"}
    needs = needed.get(field.type, "number" if field.type == "int" else "text")
    if literal.kind != needs:
        quoted = " and should not be enclosed in quotes" if literal.kind == "text" else ""
        name = "dateTime" if field.type == "datetime" else field.type
        wording = (
            f"value of filter criterion for field '{field.name}' must be of type {name}{quoted}"
        )
        raise SalesforceError("INVALID_FIELD", wording)
    if field.type in ("id", "reference"):
        return _id(field, value)
    return value


def _id(field: Field, value: str) -> str:
    id_ = full(value)
    if id_ is None:
        wording = f"invalid ID field: {value}"
        raise SalesforceError("INVALID_QUERY_FILTER_OPERATOR", wording)
    return id_


def _ordered(org: "Org", kind: Kind, order: Order, rows: list[Row]) -> list[Row]:
    path = _path(org, kind, order.field)
    field = path[-1]

    def key(row: Row) -> Any:
        value = same(field, _value(org, row, path))
        return value.timestamp() if isinstance(value, datetime) else value

    known = [row for row in rows if key(row) is not None]
    unknown = [row for row in rows if key(row) is None]
    known.sort(key=key, reverse=order.descending)
    return known + unknown if order.nulls_last else unknown + known


def _shown(
    org: "Org", kind: Kind, row: Row, paths: list[tuple[Field, ...]], version: str
) -> dict[str, Any]:
    shown = record(org, kind, row, version)
    for path in paths:
        if len(path) == 1:
            shown[path[0].name] = told(path[0], row.get(path[0].name))
        else:
            _show_parent(org, row, path, version, shown)
    return shown


def _show_parent(
    org: "Org", row: Row, path: tuple[Field, ...], version: str, shown: dict[str, Any]
) -> None:
    head, field = path
    parent = org.kind_of(row.get(head.name) or "")
    if parent is None:
        shown[head.relation] = None
        return
    found = org.table(parent).rows[row[head.name]]
    inner = shown.setdefault(head.relation, record(org, parent, found, version))
    inner[field.name] = told(field, found.get(field.name))
