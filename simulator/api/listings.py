"""Listings in pages, for endpoints whose entities are made while they run."""

from typing import Any

from starlette.requests import Request

from simulator.api.errors import bad_request

_MOST_PER_PAGE = 100
Entity = dict[str, Any]


def page(request: Request, entities: list[Entity]) -> Entity:
    """Return the page that was asked for, sorted by name."""
    size, number = _number(request, "pageSize", 25), _number(request, "pageNumber", 1)
    if size > _MOST_PER_PAGE:
        raise bad_request(f"pageSize {size} is above {_MOST_PER_PAGE}")
    found = sorted(entities, key=lambda each: str(each["name"]))
    return {
        "entities": found[(number - 1) * size : number * size],
        "pageSize": size,
        "pageNumber": number,
        "total": len(found),
        "pageCount": -(-len(found) // size),
        "selfUri": f"{request.url.path}?pageSize={size}&pageNumber={number}",
    }


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise bad_request(f"{name} {text!r} must be a number from 1 up")
    return int(text)
