"""The integration of the type Web Services Data Actions, its configuration, and that it is on."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from integrations.errors import RefusedError
from integrations.genesys.setup import names
from integrations.genesys.setup.credentials import Made
from integrations.genesys.setup.steps import Found, Kind, Step

PATH: Final = "/api/v2/integrations"
WHAT: Final = f'integration "{names.INTEGRATION}"'


class Type(msgspec.Struct):
    """The type of an integration."""

    id: str = ""


class Integration(msgspec.Struct, rename="camel"):
    """An integration, as it is listed."""

    id: str
    name: str = ""
    integration_type: Type | None = None
    intended_state: str | None = None

    @property
    def is_ours(self) -> bool:
        kind = self.integration_type.id if self.integration_type else ""
        return self.name == names.INTEGRATION and kind == names.INTEGRATION_TYPE


class Specification(msgspec.Struct, rename="camel"):
    """Which credentials have a place in an integration."""

    credential_types: list[str] | None = None


class TypeOfOurs(msgspec.Struct):
    """The places for credentials that our type has."""

    credentials: dict[str, Specification] | None = None


def find(found: Found) -> Integration | None:
    return next((each for each in found.client.entities(PATH, Integration) if each.is_ours), None)


def integration(found: Found) -> Iterator[Step]:
    """Look whether the integration is there."""
    known = find(found)
    if known:
        found.integration_id = known.id
        yield Step(Kind.EXISTS, WHAT)
    else:
        yield Step(Kind.CREATE, WHAT, "of the type Web Services Data Actions", lambda: _add(found))


def configuration(found: Found) -> Iterator[Step]:
    """Look whether the integration uses our credential."""
    what = f"credential of the {WHAT}"
    if not (found.integration_id and found.credential_id):
        yield Step(Kind.CHANGE, what, "ours is put in its place")
        return
    path = f"{PATH}/{found.integration_id}/config/current"
    known: dict[str, Any] = found.client.get(path).decode(dict[str, Any])
    place = _place(found)
    used = ((known.get("credentials") or {}).get(place) or {}).get("id")
    if used == found.credential_id:
        yield Step(Kind.EXISTS, what)
        return
    given = {"id": found.credential_id}
    body = known | {"credentials": {**(known.get("credentials") or {}), place: given}}
    yield Step(
        Kind.CHANGE,
        what,
        "ours is put in its place",
        lambda: _change(found, "PUT", "/config/current", body),
    )


def activation(found: Found) -> Iterator[Step]:
    """Look whether the integration is switched on."""
    what = f"state of the {WHAT}"
    known = find(found) if found.integration_id else None
    if known and known.intended_state == "ENABLED":
        yield Step(Kind.EXISTS, what)
        return
    on = {"intendedState": "ENABLED"}
    yield Step(Kind.CHANGE, what, "switched on", lambda: _change(found, "PATCH", "", on))


def _add(found: Found) -> None:
    body = {"name": names.INTEGRATION, "integrationType": {"id": names.INTEGRATION_TYPE}}
    found.integration_id = found.client.change("POST", PATH, body).decode(Made).id


def _change(found: Found, method: str, path: str, body: Any) -> None:
    found.client.change(method, f"{PATH}/{found.integration_id}{path}", body)


def _place(found: Found) -> str:
    """Return under which name this type of integration keeps a user-defined credential."""
    path = f"{PATH}/types/{names.INTEGRATION_TYPE}"
    places = found.client.get(path).decode(TypeOfOurs).credentials or {}
    for place, told in places.items():
        if names.CREDENTIAL_TYPE in (told.credential_types or ()):
            return place
    raise RefusedError(f"GET {path}: integrations of this type take no user-defined credentials")
