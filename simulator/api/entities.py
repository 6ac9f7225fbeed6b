"""What endpoints of entities have in common: a page of them, one of them, its version."""

from collections.abc import Iterable, Mapping

from starlette.requests import Request

from simulator.api.errors import ApiError, bad_request, not_found
from simulator.automation.store import Entity

_PER_PAGE, _MOST_PER_PAGE, _MOST_PAGES = 25, 100, 100_000


def page(request: Request, entities: list[Entity]) -> Entity:
    """Return the page that was asked for, of entities that are in their order."""
    size = number(request, "pageSize", _PER_PAGE, most=_MOST_PER_PAGE)
    at = number(request, "pageNumber", 1, most=_MOST_PAGES)
    pages = -(-len(entities) // size)
    path = request.url.path
    answer: Entity = {
        "entities": entities[(at - 1) * size : at * size],
        "pageSize": size,
        "pageNumber": at,
        "total": len(entities),
        "pageCount": pages,
        "firstUri": f"{path}?pageSize={size}&pageNumber=1",
        "lastUri": f"{path}?pageSize={size}&pageNumber={max(pages, 1)}",
        "selfUri": f"{path}?pageSize={size}&pageNumber={at}",
    }
    if at < pages:
        answer["nextUri"] = f"{path}?pageSize={size}&pageNumber={at + 1}"
    return answer


def by_name(entities: Iterable[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda each: str(each["name"]))


def number(request: Request, name: str, default: int, *, most: int) -> int:
    """Read a number of a query string. Raises ApiError (400) where it is not from 1 to most."""
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise bad_request(f"{name} {text!r} must be a number from 1 to {most}")
    return int(text)


def known_of(of: Mapping[str, Entity], request: Request, what: str) -> Entity:
    """Return the entity that the path names. Raises ApiError (404) where there is none."""
    id_ = request.path_params["id"]
    if id_ not in of:
        raise not_found(what, id_)
    return of[id_]


def same_version(known: Entity, body: Entity) -> None:
    """Raise ApiError (409) where a change is not one of the version that there is."""
    if body.get("version") != known["version"]:
        raise ApiError(409, "version.conflict", f"The version is {known['version']} by now")
