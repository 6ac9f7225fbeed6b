"""The routes."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from simulator.api import (
    acting,
    agents,
    catalog,
    control,
    gdpr,
    jobs,
    limits,
    live,
    notifications,
    pushing,
    query,
    set_up,
    sockets,
)
from simulator.api.answers import (
    Centre,
    DropsConnections,
    Handler,
    basic_credentials,
    endpoint,
    fault_of,
    json_body,
    open_endpoint,
    unknown_path,
)
from simulator.api.entities import page
from simulator.api.errors import ApiError, bad_credentials, bad_request, not_found
from simulator.api.faults import on_another_page
from simulator.documents import conversation_detail
from simulator.world.organization import Organization
from simulator.world.records import Conversation

_MOST_IDS = 100
_MOST_MESSAGES = 1_000
Entity = dict[str, Any]


def build(centre: Centre, beside: Sequence[BaseRoute] = ()) -> ASGIApp:
    """Return the application that serves a centre, and other routes beside its own."""
    routes: list[BaseRoute] = [
        Route(path, endpoint(centre, handler), methods=[method])
        for method, path, handler in _ROUTES
    ]
    routes += [
        Route(path, open_endpoint(centre, handler), methods=[method])
        for method, path, handler in _OPEN_ROUTES
    ]
    routes += [sockets.route(centre), *beside]
    return DropsConnections(
        Starlette(routes=routes, exception_handlers={404: unknown_path, 405: unknown_path})
    )


async def issue_token(centre: Centre, request: Request) -> Entity:
    client, secret = basic_credentials(request)
    form = parse_qs((await request.body()).decode())
    if form.get("grant_type") != ["client_credentials"]:
        raise ApiError(400, "invalid_grant", "grant_type must be client_credentials")
    if centre.clients.get(client) != secret:
        raise bad_credentials()
    token = centre.access.issue(client)
    return {
        "access_token": token.value,
        "token_type": "bearer",
        "expires_in": centre.access.lifetime,
    }


# -- the organization ------------------------------------------------------------------------
def listing(
    rows: Callable[[Organization], Sequence[Any]], tell: Callable[[Any, Organization], Entity]
) -> Handler:
    """Make a handler that lists entities in pages, sorted by name."""

    async def answer(centre: Centre, request: Request) -> Entity:
        of = centre.world.organization
        found = sorted(rows(of), key=lambda row: str(row.name))
        ids = _ids(request, required=False)
        if ids:
            found = [row for row in found if row.id in ids]
        return page(request, [tell(row, of) for row in found])

    return answer


def single(
    rows: Callable[[Organization], Sequence[Any]],
    tell: Callable[[Any, Organization], Entity],
    what: str,
) -> Handler:
    """Make a handler that tells one entity."""

    async def answer(centre: Centre, request: Request) -> Entity:
        of, id_ = centre.world.organization, request.path_params["id"]
        for row in rows(of):
            if row.id == id_:
                return tell(row, of)
        raise not_found(what, id_)

    return answer


def _ids(request: Request, *, required: bool) -> list[str]:
    """Read the ids of a query string: comma-joined, or the parameter repeated."""
    ids = [id_ for text in request.query_params.getlist("id") for id_ in text.split(",") if id_]
    if required and not ids:
        raise bad_request("The query parameter id is missing")
    if len(ids) > _MOST_IDS:
        raise bad_request(f"{len(ids)} ids are too many: at most {_MOST_IDS} at a time")
    return ids


async def organization_me(centre: Centre, request: Request) -> Entity:
    return catalog.organization(centre.world.organization)


async def org_utilization(centre: Centre, request: Request) -> Entity:
    return catalog.utilization()


async def user_utilization(centre: Centre, request: Request) -> Entity:
    id_ = request.path_params["id"]
    if id_ not in {user.id for user in _users(centre.world.organization)}:
        raise not_found("user", id_)
    return catalog.utilization() | {"level": "Organization"}


# -- conversations ---------------------------------------------------------------------------
def _conversation(centre: Centre, request: Request, *media: str) -> Conversation:
    id_ = request.path_params["id"]
    found = centre.conversation(id_)
    if found is None or (media and found.media not in media):
        raise not_found("conversation", id_)
    return found


async def details_query(centre: Centre, request: Request) -> Entity:
    body = on_another_page(await json_body(request), fault_of(request))
    return query.answer(body, centre.analytics())


async def details(centre: Centre, request: Request) -> Entity:
    found = centre.analytics([request.path_params["id"]])
    if not found:
        raise not_found("conversation", request.path_params["id"])
    return conversation_detail(found[0])


async def details_batch(centre: Centre, request: Request) -> Entity:
    """Tell several conversations; one that is unknown is left out."""
    ids = _ids(request, required=True)
    found = [conversation_detail(each) for each in centre.analytics(dict.fromkeys(ids))]
    return {"conversations": found} if found else {}


async def live_conversation(centre: Centre, request: Request) -> Entity:
    return live.conversation(_conversation(centre, request), centre.world.organization)


async def live_email(centre: Centre, request: Request) -> Entity:
    known = _conversation(centre, request, "email")
    return live.media_conversation(known, centre.world.organization)


async def live_message(centre: Centre, request: Request) -> Entity:
    known = _conversation(centre, request, "message")
    return live.media_conversation(known, centre.world.organization)


async def email_messages(centre: Centre, request: Request) -> Entity:
    """Tell the e-mails of a conversation, all at once whatever the paging keys say."""
    previews = live.email_previews(_conversation(centre, request, "email"))
    return {
        "entities": previews,
        "pageSize": len(previews),
        "pageNumber": 1,
        "total": len(previews),
        "pageCount": 1,
        "selfUri": request.url.path,
    }


async def messages_bulk(centre: Centre, request: Request) -> Entity:
    ids = await json_body(request)
    if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
        raise bad_request("The body must be a list of message ids")
    if len(ids) > _MOST_MESSAGES:
        raise bad_request(f"{len(ids)} message ids are too many: at most {_MOST_MESSAGES}")
    known = _conversation(centre, request, "message")
    wanted = set(ids)
    return {"entities": [live.message_entry(m, known) for m in known.messages if m.id in wanted]}


def _users(of: Organization) -> Sequence[Any]:
    return (*of.agents, *of.supervisors)


def _queues(of: Organization) -> Sequence[Any]:
    return of.queues


def _divisions(of: Organization) -> Sequence[Any]:
    return of.divisions


def _codes(of: Organization) -> Sequence[Any]:
    return of.wrap_up_codes


def _schedules(of: Organization) -> Sequence[Any]:
    return of.schedules


def _groups(of: Organization) -> Sequence[Any]:
    return of.schedule_groups


def _division(row: Any, of: Organization) -> Entity:
    return catalog.division(row)


_ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/api/v2/organizations/me", organization_me),
    ("GET", "/api/v2/users", listing(_users, catalog.user)),
    ("GET", "/api/v2/users/{id}", single(_users, catalog.user, "user")),
    ("GET", "/api/v2/routing/queues", listing(_queues, catalog.queue)),
    ("GET", "/api/v2/routing/queues/{id}", single(_queues, catalog.queue, "queue")),
    ("GET", "/api/v2/authorization/divisions", listing(_divisions, _division)),
    ("GET", "/api/v2/routing/wrapupcodes", listing(_codes, catalog.wrap_up_code)),
    ("GET", "/api/v2/routing/utilization", org_utilization),
    ("GET", "/api/v2/routing/users/{id}/utilization", user_utilization),
    ("GET", "/api/v2/architect/schedules", listing(_schedules, catalog.schedule)),
    ("GET", "/api/v2/architect/schedules/{id}", single(_schedules, catalog.schedule, "schedule")),
    ("GET", "/api/v2/architect/schedulegroups", listing(_groups, catalog.schedule_group)),
    (
        "GET",
        "/api/v2/architect/schedulegroups/{id}",
        single(_groups, catalog.schedule_group, "scheduleGroup"),
    ),
    ("POST", "/api/v2/analytics/conversations/details/query", details_query),
    ("GET", "/api/v2/analytics/conversations/details", details_batch),
    ("GET", "/api/v2/analytics/conversations/{id}/details", details),
    ("GET", "/api/v2/conversations/{id}", live_conversation),
    ("GET", "/api/v2/conversations/emails/{id}", live_email),
    ("GET", "/api/v2/conversations/emails/{id}/messages", email_messages),
    ("GET", "/api/v2/conversations/messages/{id}", live_message),
    ("POST", "/api/v2/conversations/messages/{id}/messages/bulk", messages_bulk),
    *notifications.ROUTES,
    *jobs.ROUTES,
    *limits.ROUTES,
    *acting.ROUTES,
    *agents.ROUTES,
    *gdpr.ROUTES,
    *set_up.ROUTES,
)
_OPEN_ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("POST", "/oauth/token", issue_token),
    *control.ROUTES,
    *notifications.CONTROL,
    *pushing.ROUTES,
    *gdpr.CONTROL,
    *set_up.CONTROL,
    *jobs.CONTROL,
)
