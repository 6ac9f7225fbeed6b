"""What the OAuth client is, what it may do, and how much of it."""

from collections.abc import Sequence

from starlette.requests import Request

from simulator.api.answers import Centre, Handler
from simulator.api.errors import not_found
from simulator.api.permissions import subject
from simulator.automation.store import Entity


async def read_client(centre: Centre, request: Request) -> Entity:
    id_ = request.path_params["id"]
    if id_ not in centre.clients:
        raise not_found("client", id_)
    return {
        "id": id_,
        "name": "DCM",
        "authorizedGrantType": "CLIENT-CREDENTIALS",
        "accessTokenValiditySeconds": centre.access.lifetime,
        "state": "active",
    }


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
    ("GET", "/api/v2/oauth/clients/{id}", read_client),
    ("GET", "/api/v2/organizations/limits/namespaces/{namespace}/defaults", default_limits),
)
