"""The REST API below /services/data/vXX.0/: records one by one, describes, queries, limits."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

from simulator.receivers.salesforce import records, select, soql
from simulator.receivers.salesforce.asks import Answer, Ask
from simulator.receivers.salesforce.errors import SalesforceError, no_column, not_found
from simulator.receivers.salesforce.objects import Kind, describe
from simulator.receivers.salesforce.records import SeveralError
from simulator.receivers.salesforce.tables import Row
from simulator.receivers.salesforce.values import read

VERSIONS: Final = tuple(f"{number}.0" for number in range(59, 69))
Handler = Callable[[Ask], Answer]
# Method, path with {} for what may be anything, handler.
Routes = tuple[tuple[str, str, Handler], ...]


def resources(ask: Ask) -> Answer:
    names = ("limits", "sobjects", "query", "queryAll", "composite", "jobs")
    return Answer(200, {name: f"/services/data/v{ask.version}/{name}" for name in names})


def limits(ask: Ask) -> Answer:
    return Answer(200, ask.org.limits.told())


def describe_all(ask: Ask) -> Answer:
    seen = [describe(kind) for kind in ask.org.kinds.values() if not kind.hidden]
    told = [{k: v for k, v in each.items() if k != "fields"} for each in seen]
    return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": told})


def about(ask: Ask) -> Answer:
    kind = _kind(ask)
    told = {k: v for k, v in describe(kind).items() if k != "fields"}
    return Answer(200, {"objectDescribe": told, "recentItems": []})


def describe_one(ask: Ask) -> Answer:
    return Answer(200, describe(_kind(ask)))


def create(ask: Ask) -> Answer:
    id_ = records.create(ask.org, _kind(ask), ask.object(), ask.by())
    return Answer(201, {"id": id_, "success": True, "errors": []})


def get(ask: Ask) -> Answer:
    kind = _kind(ask)
    row = records.existing(ask.org, kind, ask.path[2])
    return _shown(ask, kind, row)


def update(ask: Ask) -> Answer:
    kind, id_ = _kind(ask), ask.path[2]
    _check_unmodified(ask, records.existing(ask.org, kind, id_))
    records.update(ask.org, kind, id_, ask.object(), ask.by())
    return Answer(204)


def delete(ask: Ask) -> Answer:
    records.delete(ask.org, _kind(ask), ask.path[2], ask.by())
    return Answer(204)


def get_by_key(ask: Ask) -> Answer:
    kind = _kind(ask)
    found = _found(ask, kind)
    if not found:
        wording = "Provided external ID field does not exist or is not accessible: " + ask.path[3]
        raise not_found(wording)
    return _shown(ask, kind, found[0])


def upsert(ask: Ask) -> Answer:
    kind, body = _kind(ask), ask.object()
    field = records.external(kind, ask.path[2])
    if any(name.lower() == field.name.lower() for name in body):
        wording = f"The {field.name} field should not be specified in the sobject data."
        raise SalesforceError("INVALID_FIELD", wording)
    found = _found(ask, kind)
    if found:
        _check_unmodified(ask, found[0])
    elif ask.query.get("updateOnly", "").lower() == "true" or field.name == "Id":
        raise not_found()
    done = records.upsert(ask.org, kind, (field, ask.path[3]), body, ask.by())
    value = {"id": done.id, "success": True, "errors": [], "created": done.created}
    return Answer(201 if done.created else 200, value)


def delete_by_key(ask: Ask) -> Answer:
    kind = _kind(ask)
    found = _found(ask, kind)
    if not found:
        raise not_found()
    records.delete(ask.org, kind, found[0]["Id"], ask.by())
    return Answer(204)


def query(ask: Ask) -> Answer:
    if "q" not in ask.query:
        raise SalesforceError("MALFORMED_QUERY", "A query string has to be specified")
    parsed = soql.parse(ask.query["q"])
    every = ask.path[0].lower() == "queryall"
    found = select.run(ask.org, parsed, ask.version, deleted=every)
    if parsed.counts:
        return Answer(200, {"totalSize": len(found), "done": True, "records": []})
    cursor = f"{ask.org.ids.make('01g')}"
    ask.org.cursors[cursor] = found
    return Answer(200, _page(ask, cursor, 0))


def query_more(ask: Ask) -> Answer:
    cursor, _, start = ask.path[1].partition("-")
    if cursor not in ask.org.cursors or not start.isdigit():
        raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(200, _page(ask, cursor, int(start)))


def _page(ask: Ask, cursor: str, start: int) -> dict[str, Any]:
    found, end = ask.org.cursors[cursor], start + ask.org.page
    told = {"totalSize": len(found), "done": end >= len(found), "records": found[start:end]}
    if told["done"]:
        ask.org.cursors.pop(cursor)
        return told
    return told | {"nextRecordsUrl": f"/services/data/v{ask.version}/query/{cursor}-{end}"}


def _kind(ask: Ask) -> Kind:
    return ask.org.kind(ask.path[1])


def _found(ask: Ask, kind: Kind) -> list[Row]:
    """Return the one record that has a key, or none. Raises SeveralError."""
    field = records.external(kind, ask.path[2])
    found = ask.org.table(kind).find(field, read(field, ask.path[3]))
    if len(found) > 1:
        raise SeveralError(*(row["Id"] for row in found))
    return found


def _shown(ask: Ask, kind: Kind, row: Row) -> Answer:
    wanted = ask.query.get("fields")
    names = wanted.split(",") if wanted else [field.name for field in kind.fields.values()]
    for name in names:
        if kind.field(name) is None:
            raise no_column(name, kind.name)
    asked = soql.Query(names, kind.name, where=soql.Comparison("Id", "=", _text(row["Id"])))
    changed = format_datetime(row["LastModifiedDate"].astimezone(UTC), usegmt=True)
    shown = select.run(ask.org, asked, ask.version)[0]
    return Answer(200, shown, {"Last-Modified": changed})


def _text(value: str) -> soql.Literal:
    return soql.Literal("text", value)


def _check_unmodified(ask: Ask, row: Row) -> None:
    """Hold a record against If-Unmodified-Since, to the second. If-Match is for accounts alone."""
    given = ask.headers.get("if-unmodified-since")
    if given is not None and row["LastModifiedDate"] > _http_date(given):
        wording = "The record was modified after the given date"
        raise SalesforceError("PRECONDITION_FAILED", wording, status=412)


def _http_date(text: str) -> datetime:
    try:
        at = parsedate_to_datetime(text)
    except ValueError as error:
        wording = f"Invalid value of the header If-Unmodified-Since: {text}"
        raise SalesforceError("INVALID_HEADER", wording) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


ROUTES: Final[Routes] = (
    ("GET", "", resources),
    ("GET", "limits", limits),
    ("GET", "sobjects", describe_all),
    ("GET", "sobjects/{}", about),
    ("POST", "sobjects/{}", create),
    ("GET", "sobjects/{}/describe", describe_one),
    ("GET", "sobjects/{}/{}", get),
    ("PATCH", "sobjects/{}/{}", update),
    ("DELETE", "sobjects/{}/{}", delete),
    ("GET", "sobjects/{}/{}/{}", get_by_key),
    ("PATCH", "sobjects/{}/{}/{}", upsert),
    ("DELETE", "sobjects/{}/{}/{}", delete_by_key),
    ("GET", "query", query),
    ("GET", "queryAll", query),
    ("GET", "query/{}", query_more),
    ("GET", "queryAll/{}", query_more),
)
