"""Several requests in one, of which later ones use what earlier ones answered."""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from simulator.receivers.salesforce.asks import Answer, Ask
from simulator.receivers.salesforce.errors import SalesforceError

MOST: Final = 25
_MOST_QUERIES: Final = 5
_REFERENCE: Final = re.compile(r"@\{([\w-]+)((?:\.\w+|\[\d+\])*)\}")
_HALTED: Final = (
    "The transaction was rolled back since another operation in the same transaction failed."
)
Run = Callable[[Ask], Answer]


def answer(ask: Ask, run: Run) -> Answer:
    """Run the requests of a composite one after the other. Raises SalesforceError (400)."""
    body = ask.object()
    asked = body.get("compositeRequest")
    if not isinstance(asked, list):
        raise SalesforceError("JSON_PARSER_ERROR", "compositeRequest must be a list")
    _check(asked)
    all_or_none = body.get("allOrNone") is True
    before = ask.org.copy() if all_or_none else None
    told: list[dict[str, Any]] = []
    for each in asked:
        told.append(_one(ask, each, told, run))
        if all_or_none and told[-1]["httpStatusCode"] >= 300:  # noqa: PLR2004 - HTTP's
            break
    if before is not None and told and told[-1]["httpStatusCode"] >= 300:  # noqa: PLR2004
        ask.org.put_back(before)
        told = _halted(asked, told)
    return Answer(200, {"compositeResponse": told})


def _check(asked: list[Any]) -> None:
    if len(asked) > MOST:
        wording = f"Limit of {MOST} reached for operations in one composite request"
        raise SalesforceError("INVALID_INPUT", wording)
    if not all(_is_request(each) for each in asked):
        wording = "Each request needs a method, a url and a referenceId"
        raise SalesforceError("INVALID_INPUT", wording)
    queries = [each for each in asked if re.search(r"/query|/sobjects\b.*/sobjects", each["url"])]
    if len(queries) > _MOST_QUERIES:
        wording = f"Limit of {_MOST_QUERIES} reached for queries in one composite request"
        raise SalesforceError("INVALID_INPUT", wording)
    names = [each.get("referenceId") for each in asked]
    if len(set(names)) < len(names):
        raise SalesforceError("INVALID_INPUT", "Each request needs a referenceId of its own")


def _is_request(each: Any) -> bool:
    needed = ("method", "url", "referenceId")
    return isinstance(each, dict) and all(isinstance(each.get(name), str) for name in needed)


def _one(ask: Ask, each: dict[str, Any], told: list[dict[str, Any]], run: Run) -> dict[str, Any]:
    try:
        done = run(_inner(ask, each, told))
    except SalesforceError as error:
        done = Answer(error.status, error.body())
    return {
        "body": done.value,
        "httpHeaders": dict(done.headers),
        "httpStatusCode": done.status,
        "referenceId": each["referenceId"],
    }


def _inner(ask: Ask, each: dict[str, Any], told: list[dict[str, Any]]) -> Ask:
    known = {before["referenceId"]: before["body"] for before in told}
    url = urlsplit(_filled(each["url"], known))
    parts = [unquote(part) for part in url.path.split("/") if part]
    if parts[:3] != ["services", "data", f"v{ask.version}"]:
        wording = f"The url must begin with /services/data/v{ask.version}/: {each['url']}"
        raise SalesforceError("INVALID_INPUT", wording)
    body = _filled(each.get("body"), known)
    given = {name.lower(): str(value) for name, value in each.get("httpHeaders", {}).items()}
    return Ask(
        ask.org,
        each["method"].upper(),
        ask.version,
        tuple(parts[3:]),
        dict(parse_qsl(url.query)),
        dict(ask.headers) | given,
        b"" if body is None else msgspec.json.encode(body),
        ask.user,
    )


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """Put what was answered where a value refers to it."""
    if isinstance(value, dict):
        return {name: _filled(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: str(_looked_up(found, known)), value)
    return value


def _looked_up(found: re.Match[str], known: dict[str, Any]) -> Any:
    value = known.get(found[1])
    try:
        for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", found[2]):
            value = value[name] if name else value[int(index)]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        value = None
    if value is None:
        wording = f"Invalid reference specified. No value for {found[1]}{found[2]} found"
        raise SalesforceError("PROCESSING_HALTED", wording)
    return value


def _halted(asked: list[dict[str, Any]], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is told where all was undone: the failure alone keeps its own words."""
    body = SalesforceError("PROCESSING_HALTED", _HALTED).body()
    made = []
    for each in asked:
        if each["referenceId"] == told[-1]["referenceId"]:
            made.append(told[-1])
        else:
            halted = {"body": body, "httpHeaders": {}, "httpStatusCode": 400}
            made.append(halted | {"referenceId": each["referenceId"]})
    return made
