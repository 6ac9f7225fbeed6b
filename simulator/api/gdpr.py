"""Erasure requests as Genesys Cloud lists them, and the way to make one.

The world's conversations stay as they are: a mirror must not wait until Genesys has erased them.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from starlette.requests import Request

from chrono.instants import isoformat
from simulator.api.answers import Centre, Handler, json_body
from simulator.api.entities import page
from simulator.api.errors import bad_request, not_found

Entity = dict[str, Any]
TYPES: Final = ("GDPR_EXPORT", "GDPR_UPDATE", "GDPR_DELETE")
SUBJECT: Final = frozenset(
    ("name", "userId", "externalContactId", "dialerContactId", "journeyCustomer", "socialHandle")
) | {"externalId", "addresses", "phoneNumbers", "emailAddresses"}


async def list_requests(centre: Centre, request: Request) -> Entity:
    """Tell the requests, the latest first, in pages."""
    return page(request, centre.erasures[::-1])


async def read_request(centre: Centre, request: Request) -> Entity:
    wanted = request.path_params["id"]
    for one in centre.erasures:
        if one["id"] == wanted:
            return one
    raise not_found("gdprRequest", wanted)


async def make_request(centre: Centre, request: Request) -> Entity:
    """Make a request: {"subject": {"emailAddresses": [...]}, "requestType": "GDPR_DELETE"}."""
    body = await json_body(request)
    if not isinstance(body, dict) or not isinstance(body.get("subject"), dict):
        raise bad_request('Give {"subject": {...}, "requestType": ...}')
    kind, subject = body.get("requestType", "GDPR_DELETE"), body["subject"]
    if kind not in TYPES or not subject or not subject.keys() <= SUBJECT:
        raise bad_request(
            f"requestType is one of {', '.join(TYPES)}; subject has what Genesys's has"
        )
    made = _request(kind, subject, isoformat(centre.clock.now()))
    centre.erasures.append(made)
    return made


def _request(kind: str, subject: Entity, created: str) -> Entity:
    id_ = str(uuid4())
    return {
        "id": id_,
        "createdBy": {"id": str(uuid4()), "selfUri": "/api/v2/users/privacy"},
        "replacementTerms": [],
        "requestType": kind,
        "createdDate": created,
        "status": "INITIATED",
        "subject": subject,
        "selfUri": f"/api/v2/gdpr/requests/{id_}",
    }


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/api/v2/gdpr/requests", list_requests),
    ("GET", "/api/v2/gdpr/requests/{id}", read_request),
)
CONTROL: Sequence[tuple[str, str, Handler]] = (("POST", "/simulator/gdpr", make_request),)
