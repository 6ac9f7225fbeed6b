"""What the OAuth client may do: told to it, and taken away."""

from collections.abc import Sequence

from starlette.requests import Request

from simulator.api.answers import Centre, Handler, json_body
from simulator.automation.store import Entity


async def subject(centre: Centre, request: Request) -> Entity:
    """Tell what the client's one role grants, by domain and entity."""
    policies: dict[tuple[str, str], list[str]] = {}
    for name in sorted(centre.permissions.granted):
        domain, entity, action = name.split(":")
        policies.setdefault((domain, entity), []).append(action)
    return {
        "id": "simulator",
        "name": "simulator",
        "grants": [
            {
                "subjectId": "simulator",
                "division": {"id": "*", "name": "*"},
                "role": {
                    "id": "dcm",
                    "name": "DCM",
                    "policies": [
                        {"domain": domain, "entityName": entity, "actions": actions}
                        for (domain, entity), actions in policies.items()
                    ],
                },
            }
        ],
        "version": 1,
    }


async def put_permissions(centre: Centre, request: Request) -> Entity:
    """Take permissions away: {"denied": ["routing:queue:view"]}; an empty list gives all back."""
    body = await json_body(request)
    centre.permissions.deny(body.get("denied") if isinstance(body, dict) else None)
    return {"denied": sorted(centre.permissions.denied)}


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/api/v2/authorization/subjects/me", subject),
)
CONTROL: Sequence[tuple[str, str, Handler]] = (("PUT", "/simulator/permissions", put_permissions),)
