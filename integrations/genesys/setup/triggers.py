"""The triggers, one an event: they start the workflow of their event."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import msgspec

from integrations.errors import MalformedAnswerError
from integrations.genesys.client import MOST_PAGES, Client
from integrations.genesys.setup import names, wishes
from integrations.genesys.setup.steps import Found, Kind, Step

PATH: Final = "/api/v2/processautomation/triggers"
TOPICS: Final = f"{PATH}/topics"
PAGE_SIZE: Final = 200
# What of a trigger must be as we want it.
KEPT: Final = (
    *("topicName", "enabled", "target", "matchCriteria"),
    *("eventTTLSeconds", "delayBySeconds", "description"),
)


class Page(msgspec.Struct, rename="camel"):
    """A page of triggers; the next one is told by its URI."""

    entities: list[dict[str, Any]] | None = None
    next_uri: str | None = None


class Topics(msgspec.Struct):
    """The topics that triggers may have."""

    entities: list[str] | None = None


def find(client: Client) -> dict[str, dict[str, Any]]:
    """Return our triggers by name."""
    wanted = {names.of_event(event) for event in names.EVENTS}
    return {each["name"]: each for each in _all(client) if each.get("name") in wanted}


def offered(client: Client) -> list[str]:
    """Return the topics that triggers may have here."""
    return client.get(TOPICS, {"pageSize": PAGE_SIZE}).decode(Topics).entities or []


def triggers(found: Found) -> Iterator[Step]:
    """Look at each trigger, and whether it starts its workflow for what is wanted."""
    known = find(found.client)
    for event in names.EVENTS:
        yield _step(found, known.get(names.of_event(event)), event)


def _step(found: Found, known: dict[str, Any] | None, event: str) -> Step:
    what = f'trigger "{names.of_event(event)}"'
    wanted = wishes.trigger(event, found.flow_ids.get(event, ""), found.wishes)
    if known is None:
        told = "enabled" if found.wishes.enabled else "disabled"
        return Step(Kind.CREATE, what, f"{told}{_filtered(wanted)}", partial(_add, found, event))
    differs = [name for name in KEPT if _normal(known.get(name)) != _normal(wanted.get(name))]
    if not differs:
        return Step(Kind.EXISTS, what)
    do = partial(_replace if "topicName" in differs else _put, found, known, event)
    return Step(Kind.CHANGE, what, ", ".join(f"{name} differs" for name in differs), do)


def _filtered(wanted: dict[str, Any]) -> str:
    told = [
        f"{each['jsonPath']} in {', '.join(each['values'])}" for each in wanted["matchCriteria"]
    ]
    return f", where {' and '.join(told)}" if told else ""


def _normal(value: Any) -> Any:
    """Return a value without what is absent, empty or of no consequence for comparing."""
    match value:
        case dict():
            kept = {key: _normal(each) for key, each in value.items() if key != "selfUri"}
            return {key: each for key, each in kept.items() if each not in (None, [], {})} or None
        case list():
            inner = [_normal(each) for each in value]
            return sorted(inner, key=msgspec.json.encode) or None
    return value


def _add(found: Found, event: str) -> None:
    body = wishes.trigger(event, found.flow_ids[event], found.wishes)
    found.client.change("POST", PATH, body)


def _put(found: Found, known: dict[str, Any], event: str) -> None:
    body = wishes.trigger(event, found.flow_ids[event], found.wishes)
    found.client.change("PUT", f"{PATH}/{known['id']}", body | {"version": known.get("version")})


def _replace(found: Found, known: dict[str, Any], event: str) -> None:
    """Make the trigger anew: its topic cannot be changed."""
    found.client.change("DELETE", f"{PATH}/{known['id']}")
    _add(found, event)


def _all(client: Client) -> Iterator[dict[str, Any]]:
    path, asked = PATH, {"pageSize": str(PAGE_SIZE)}
    for _ in range(MOST_PAGES):
        page = client.get(path, asked).decode(Page)
        yield from page.entities or ()
        if not page.next_uri:
            return
        path, asked = page.next_uri, {}
    raise MalformedAnswerError(f"{PATH}: the listing does not end after {MOST_PAGES} pages")
