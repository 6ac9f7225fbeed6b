"""The data action: its contract, its URL and header, published."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from integrations.errors import RefusedError
from integrations.genesys.client import Reply
from integrations.genesys.setup import names, wishes
from integrations.genesys.setup.credentials import Made
from integrations.genesys.setup.steps import Found, Kind, Step

PATH: Final = "/api/v2/integrations/actions"
WHAT: Final = f'data action "{names.ACTION}"'
TEMPLATES: Final = (
    ("request", "requestTemplate", "requesttemplate.vm"),
    ("response", "successTemplate", "successtemplate.vm"),
)
CONFLICT: Final = 409


class Action(msgspec.Struct, rename="camel"):
    """A data action, as it is listed."""

    id: str
    name: str = ""
    integration_id: str | None = None


class Draft(msgspec.Struct):
    """A data action that is being changed."""

    version: int


def find(found: Found) -> Action | None:
    listed = found.client.entities(PATH, Action, {"name": names.ACTION})
    for each in listed:
        if each.name == names.ACTION and each.integration_id == found.integration_id:
            return each
    return None


def data_action(found: Found) -> Iterator[Step]:
    """Look whether the data action is there and as we need it."""
    known = find(found) if found.integration_id else None
    if known is None:
        why = f"posts to {found.wishes.hook}"
        yield Step(Kind.CREATE, WHAT, why, lambda: _add(found))
        return
    found.action_id = known.id
    differs = _differences(found)
    if differs:
        yield Step(Kind.CHANGE, WHAT, ", ".join(differs), lambda: _repair(found))
    else:
        yield Step(Kind.EXISTS, WHAT)


def _differences(found: Found) -> list[str]:
    """Name what is not as it must be."""
    asked = {"expand": "contract", "includeConfig": "true"}
    known: Any = found.client.get(f"{PATH}/{found.action_id}", asked).decode(dict[str, Any])
    there, wanted = known.get("config") or {}, wishes.config(found.wishes)
    differs = [
        f"{part}.{name} differs"
        for part, name in (
            ("request", "requestUrlTemplate"),
            ("request", "requestType"),
            ("request", "headers"),
        )
        if (there.get(part) or {}).get(name) != wanted[part][name]
    ]
    differs += [
        f"{part}.{name} differs"
        for part, name, file in TEMPLATES
        if _template(found, there.get(part) or {}, name, file) != wanted[part][name]
    ]
    return differs + (["the contract differs"] if _contract_differs(known) else [])


def _contract_differs(known: Any) -> bool:
    """Tell whether an input is missing or of another type; Genesys adds properties of its own."""
    contract = known.get("contract") or {}
    schema = (contract.get("input") or {}).get("inputSchema") or {}
    there = {n: p.get("type") for n, p in (schema.get("properties") or {}).items()}
    wanted = wishes.contract()["input"]["inputSchema"]
    same = there == {name: each["type"] for name, each in wanted["properties"].items()}
    return not same or sorted(schema.get("required") or ()) != sorted(wanted["required"])


def _template(found: Found, part: dict[str, Any], name: str, file: str) -> str:
    """Return a template, which Genesys tells by where it can be read."""
    if name in part or f"{name}Uri" not in part:
        return str(part.get(name) or "")
    reply = found.client.get(f"{PATH}/{found.action_id}/templates/{file}")
    return _text(reply)


def _text(reply: Reply) -> str:
    """Read a text that comes bare, or as a JSON string."""
    try:
        return msgspec.json.decode(reply.body, type=str)
    except msgspec.DecodeError:
        return reply.body.decode(errors="replace")


def _add(found: Found) -> None:
    body = _body(found) | {"integrationId": found.integration_id, "secure": False}
    found.action_id = found.client.change("POST", PATH, body).decode(Made).id


def _repair(found: Found) -> None:
    """Change a draft and publish it: only so can a contract change."""
    path = f"{PATH}/{found.action_id}/draft"
    version = _draft(found, path)
    body = _body(found) | {"version": version}
    version = found.client.change("PATCH", path, body).decode(Draft).version
    found.client.change("POST", f"{path}/publish", {"version": version})


def _draft(found: Found, path: str) -> int:
    """Begin a draft, or go on with one that was left behind; return its version."""
    try:
        return found.client.change("POST", path, {}).decode(Draft).version
    except RefusedError as error:
        if error.status not in {400, CONFLICT}:
            raise
        return found.client.get(path).decode(Draft).version


def _body(found: Found) -> dict[str, Any]:
    return {
        "name": names.ACTION,
        "category": names.INTEGRATION,
        "config": wishes.config(found.wishes),
        "contract": wishes.contract(),
    }
