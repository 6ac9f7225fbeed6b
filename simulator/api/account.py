"""What the OAuth client may do, and how much of it."""

from collections.abc import Sequence

from starlette.requests import Request

from simulator.api.answers import Centre, Handler
from simulator.api.permissions import subject
from simulator.automation.store import Entity


async def default_limits(centre: Centre, request: Request) -> Entity:
    return {
        "entities": [
            {
                "key": "client.credentials.token.rate.per.minute",
                "namespace": request.path_params["namespace"],
                "value": centre.access.allowed,
            }
        ]
    }


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/api/v2/authorization/subjects/me", subject),
    ("GET", "/api/v2/organizations/limits/namespaces/{namespace}/defaults", default_limits),
)
