"""Acting on conversations: ending an agent's part of one, and putting it back into a queue.

As awkward as the platform: the answer says that it was accepted, and a moment later it is so.
What is over already is refused in one way or another.
"""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request

from simulator.api.answers import Centre, Handler, Told, object_body
from simulator.api.errors import ApiError, bad_request, not_found
from simulator.world.contact import Contact
from simulator.world.engine import Action
from simulator.world.organization import Queue
from simulator.world.work import Work

# Between the answer and its being so, ms.
TAKES: Final = 1_500
_MEDIA: Final = {"emails": "email", "messages": "message"}


async def change_participant(centre: Centre, request: Request) -> Told:
    """End an agent's part: {"state": "disconnected"}. Nothing else is simulated."""
    body = await object_body(request)
    if body.get("state") != "disconnected":
        raise bad_request("The simulator knows one state to change to: disconnected")
    work, contact = _in_hand(centre, request, gone=409)
    _soon(centre, work, lambda: contact.cut_off(work, "system"))
    return Told(None, 204)


async def replace_participant(centre: Centre, request: Request) -> Told:
    """Put a conversation back into a queue: {"queueId": id}."""
    body = await object_body(request)
    work, contact = _in_hand(centre, request, gone=400)
    queue = _queue(centre, body.get("queueId"), work)
    _soon(centre, work, lambda: contact.transfer_blind(work, queue))
    return Told({}, 202)


def _in_hand(centre: Centre, request: Request, *, gone: int) -> tuple[Work, Contact]:
    """Return what an agent has connected; ApiError where it is not there, or not any more."""
    asked = request.path_params
    found = centre.conversation(asked["id"])
    if found is None or found.media != _MEDIA.get(asked["media"]) or found.end is not None:
        raise not_found("conversation", asked["id"])
    if asked["participant"] not in {participant.id for participant in found.participants}:
        raise not_found("participant", asked["participant"])
    works = (work for desk in centre.world.floor.desks for work in desk.works)
    for work in works:
        mine = work.conversation is found and work.participant.id == asked["participant"]
        if mine and work.connected and isinstance(work.owner, Contact):
            return work, work.owner
    raise ApiError(gone, "bad.request", "The participant is not connected any more")


def _queue(centre: Centre, queue_id: Any, work: Work) -> Queue:
    queue = centre.world.organization.queue_by_id.get(str(queue_id))
    if queue is None or queue.media != work.media:
        raise bad_request("queueId must name a queue of this medium")
    return queue


def _soon(centre: Centre, work: Work, then: Action) -> None:
    """Do something a moment after the answer, unless the work is over by then."""
    centre.world.floor.timeline.after(TAKES, lambda: then() if work.connected else None)


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("PATCH", "/api/v2/conversations/{media}/{id}/participants/{participant}", change_participant),
    (
        "POST",
        "/api/v2/conversations/{media}/{id}/participants/{participant}/replace",
        replace_participant,
    ),
)
