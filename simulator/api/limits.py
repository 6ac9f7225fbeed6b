"""/api/v2/organizations/limits: what the organization may do, by namespace."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from simulator.api.answers import Centre, Handler
from simulator.api.errors import not_found

PATH = "/api/v2/organizations/limits"

Entity = dict[str, Any]


def of(centre: Centre) -> dict[str, dict[str, int]]:
    """Return the limits in force, by namespace and key."""
    return {
        "platform.api": {
            "client.credentials.token.rate.per.minute": centre.access.allowed or 1_000_000,
            "org.app.user.rate.per.minute": 3_000,
            "request.bytes.max": 512_000,
            "token.rate.per.minute": centre.access.allowed or 1_000_000,
        },
        "analytics": {
            "details.jobs.concurrent.access.max": centre.jobs.most,
            "details.jobs.rate.per.second": 10,
        },
        "notifications": {"channels.max": 20, "topics.per.channel.max": 1_000},
        "conversation": {"message.bulk.max": 1_000},
    }


async def docs(centre: Centre, request: Request) -> Entity:
    """Tell where each limit is described."""
    namespaces = [
        {
            "name": name,
            "description": f"Limits of {name}",
            "limits": [{"key": key, "description": key.replace(".", " ")} for key in keys],
        }
        for name, keys in of(centre).items()
    ]
    return {"url": "https://developer.genesys.cloud/organization/limits", "namespaces": namespaces}


async def defaults(centre: Centre, request: Request) -> Entity:
    """Tell the limits of one namespace."""
    name = request.path_params["namespace"]
    found = of(centre).get(name)
    if found is None:
        raise not_found("namespace", name)
    return {
        "entities": [
            {"key": key, "namespace": name, "value": value} for key, value in found.items()
        ]
    }


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", f"{PATH}/docs", docs),
    ("GET", f"{PATH}/namespaces/{{namespace}}", defaults),
    ("GET", f"{PATH}/namespaces/{{namespace}}/defaults", defaults),
)
