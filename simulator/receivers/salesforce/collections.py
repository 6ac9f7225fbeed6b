"""Several records in one request: at most 200, each with an answer of its own, in their order."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from simulator.receivers.salesforce import records, select, soql
from simulator.receivers.salesforce.asks import Answer, Ask
from simulator.receivers.salesforce.errors import SalesforceError
from simulator.receivers.salesforce.objects import Kind
from simulator.receivers.salesforce.records import By, SeveralError
from simulator.receivers.salesforce.rest import Routes

MOST: Final = 200
_ROLLED_BACK: Final = (
    "Record rolled back because not all records were valid and the request was using AllOrNone"
    " header"
)
One = Callable[[Ask, dict[str, Any], By], dict[str, Any]]


def create(ask: Ask) -> Answer:
    return _each(ask, _create)


def update(ask: Ask) -> Answer:
    return _each(ask, _update)


def upsert(ask: Ask) -> Answer:
    """Upsert records of one kind by a key that stands in each of them."""
    kind = ask.org.kind(ask.path[2])
    field = records.external(kind, ask.path[3])
    asked = _records(ask)
    counted = Counter(str(each.get(field.name)) for each in asked)

    def one(ask: Ask, given: dict[str, Any], by: By) -> dict[str, Any]:
        _check_type(given, kind)
        key = given.get(field.name)
        if key in (None, ""):
            raise SalesforceError("MISSING_ARGUMENT", f"{field.name} not specified", fields=())
        if counted[str(key)] > 1:
            wording = f"Duplicate external id specified: {key}"
            raise SalesforceError("DUPLICATE_VALUE", wording, fields=[field.name])
        rest = {name: value for name, value in given.items() if name != field.name}
        done = records.upsert(ask.org, kind, (field, key), rest, by)
        return {"id": done.id, "success": True, "errors": [], "created": done.created}

    return _each(ask, one)


def delete(ask: Ask) -> Answer:
    ids = [id_ for id_ in ask.query.get("ids", "").split(",") if id_]
    every = ask.query.get("allOrNone", "").lower() == "true"
    return _results(ask, [{"id": id_} for id_ in ids], _delete, all_or_none=every)


def retrieve(ask: Ask) -> Answer:
    """Tell records by their ids, in this order; null where there is none."""
    body = ask.object() if ask.method == "POST" else {}
    ids = body.get("ids") or ask.query.get("ids", "").split(",")
    names = body.get("fields") or ask.query.get("fields", "Id").split(",")
    wanted = tuple(soql.Literal("text", id_) for id_ in ids)
    asked = soql.Query(
        ["Id", *names], ask.org.kind(ask.path[2]).name, where=soql.Comparison("Id", "in", wanted)
    )
    found = {row["Id"][:15]: row for row in select.run(ask.org, asked, ask.version)}
    return Answer(200, [found.get(id_[:15]) for id_ in ids])


def _records(ask: Ask) -> list[dict[str, Any]]:
    given = ask.object().get("records")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise SalesforceError("JSON_PARSER_ERROR", "records must be a list of objects")
    _check_count(given)
    return given


def _check_count(given: Sequence[Any]) -> None:
    if len(given) > MOST:
        wording = f"record limit reached. cannot submit more than {MOST} records into this call"
        raise SalesforceError("EXCEEDED_ID_LIMIT", wording)


def _each(ask: Ask, one: One) -> Answer:
    given, every = _records(ask), ask.object().get("allOrNone", False)
    return _results(ask, given, one, all_or_none=every is True)


def _results(ask: Ask, given: list[dict[str, Any]], one: One, *, all_or_none: bool) -> Answer:
    _check_count(given)
    before = ask.org.copy() if all_or_none else None
    results = [_result(ask, each, one) for each in given]
    if before is not None and not all(each["success"] for each in results):
        ask.org.put_back(before)
        undone = SalesforceError("ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK).result()
        results = [undone if each["success"] else each for each in results]
    return Answer(200, results)


def _result(ask: Ask, given: dict[str, Any], one: One) -> dict[str, Any]:
    try:
        return one(ask, given, ask.by())
    except SalesforceError as error:
        return error.result()
    except SeveralError:
        wording = "more than one record found for external id field"
        return SalesforceError("DUPLICATE_VALUE", wording).result()


def _create(ask: Ask, given: dict[str, Any], by: By) -> dict[str, Any]:
    id_ = records.create(ask.org, _kind(ask, given), given, by)
    return {"id": id_, "success": True, "errors": []}


def _update(ask: Ask, given: dict[str, Any], by: By) -> dict[str, Any]:
    id_ = str(next((value for name, value in given.items() if name.lower() == "id"), ""))
    rest = {name: value for name, value in given.items() if name.lower() != "id"}
    kind = _kind(ask, given)
    row = records.existing(ask.org, kind, id_)
    records.update(ask.org, kind, id_, rest, by)
    return {"id": row["Id"], "success": True, "errors": []}


def _delete(ask: Ask, given: dict[str, Any], by: By) -> dict[str, Any]:
    kind = ask.org.kind_of(given["id"])
    if kind is None:
        raise SalesforceError("MALFORMED_ID", f"bad id {given['id']}", fields=())
    records.delete(ask.org, kind, given["id"], by)
    return {"id": given["id"], "success": True, "errors": []}


def _kind(ask: Ask, given: dict[str, Any]) -> Kind:
    return ask.org.kind(_type(given))


def _check_type(given: dict[str, Any], kind: Kind) -> None:
    if _type(given).lower() != kind.name.lower():
        wording = f"The type of each record must be {kind.name}, as in the address"
        raise SalesforceError("INVALID_TYPE", wording, fields=())


def _type(given: dict[str, Any]) -> str:
    attributes = given.get("attributes")
    found = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(found, str):
        wording = "Cannot deserialize instance of sobject: attributes.type is missing"
        raise SalesforceError("JSON_PARSER_ERROR", wording, fields=())
    return found


ROUTES: Final[Routes] = (
    ("POST", "composite/sobjects", create),
    ("PATCH", "composite/sobjects", update),
    ("DELETE", "composite/sobjects", delete),
    ("GET", "composite/sobjects/{}", retrieve),
    ("POST", "composite/sobjects/{}", retrieve),
    ("PATCH", "composite/sobjects/{}/{}", upsert),
)
