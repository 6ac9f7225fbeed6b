"""Receivers of plain webhooks: anybody's, Lynn's and Cognigy's."""

from collections.abc import Iterator
from typing import Any, Final

from starlette.responses import Response

from simulator.receivers.answers import Routes, json
from simulator.receivers.panels import Panel, PanelOf, clock_of
from simulator.receivers.state import Call, Receivers

HOOKS: Final = "/hooks/"
LYNN: Final = "/lynn/PureCloud/OpenMessaging_OnEvent"
COGNIGY: Final = "/cognigy/handover/genesysCloudOM"
# Not Cognigy's own: by it a test or a demo says that a customer is handed over.
OPENED: Final = "/cognigy/handovers"

_LYNN_KEYS: Final = {"conversationId", "userId", "userName", "type", "provider", "externalId"}
_MAY_BE_EMPTY: Final = {"userName"}
_EVENTS: Final = "v2.detail.events.conversation.id"
_TOPICS: Final = {f"{_EVENTS}.acw", f"{_EVENTS}.user.end"}


def take(receivers: Receivers, call: Call) -> Response:
    """Take whatever comes."""
    return Response(status_code=204)


def take_connect(receivers: Receivers, call: Call) -> Response:
    """Take that an agent is connected, as Lynn: with exactly these keys, and something in them."""
    body = call.body
    if not isinstance(body, dict) or set(body) != _LYNN_KEYS or not _are_texts(body):
        return json({"error": "keys"}, 400)
    if body["type"] != "eventAgentConnect":
        return json({"error": "type"}, 400)
    if empty := sorted(key for key in _LYNN_KEYS - _MAY_BE_EMPTY if not body[key]):
        return json({"error": f"empty: {', '.join(empty)}"}, 400)
    return json({"success": True})


def take_handover(receivers: Receivers, call: Call) -> Response:
    """Take that a handover is over, as Cognigy. More properties than these are no harm."""
    body = call.body
    if not isinstance(body, dict) or not _are_texts(
        {key: body.get(key) for key in ("userId", "topic", "disconnectType")}
    ):
        return json({"error": "userId, topic and disconnectType are texts"}, 400)
    if not body["userId"] or body["topic"] not in _TOPICS:
        return json({"error": "no userId, or an unknown topic"}, 400)
    return json({"handover": _meaning(body, open_handovers(receivers))})


def open_handover(receivers: Receivers, call: Call) -> Response:
    """Take that a customer was handed over: {"userId": the address that Genesys knows it by}."""
    is_named = isinstance(call.body, dict) and _are_texts({"userId": call.body.get("userId")})
    return json({"handover": "open"}) if is_named else json({"error": "userId"}, 400)


def open_handovers(receivers: Receivers) -> set[str]:
    """Return the customers who are handed over now, by their addressTo."""
    states = [known for _, _, known in _handovers(receivers)]
    return states[-1] if states else set()


def _handovers(receivers: Receivers) -> Iterator[tuple[Call, str, set[str]]]:
    """Yield each call to Cognigy, what it meant, and who is handed over after it."""
    known: set[str] = set()
    for call in receivers.heard("/cognigy/"):
        if call.path == OPENED:
            known = known | {call.body["userId"]}
            yield call, "open", known
        else:
            meant = _meaning(call.body, known)
            known = known - {call.body["userId"]} if meant == "ended" else known
            yield call, meant, known


def _meaning(body: dict[str, Any], known: set[str]) -> str:
    """Return what a call means to Cognigy: who only transfers has not ended the handover."""
    if "TRANSFER" in body["disconnectType"].upper():
        return "goes on: a transfer"
    return "ended" if body["userId"] in known else "was not open"


def _are_texts(body: dict[str, Any]) -> bool:
    return all(isinstance(value, str) for value in body.values())


# -- the page --------------------------------------------------------------------------------
def webhooks(receivers: Receivers) -> Panel:
    """Show what came to webhooks; a repetition says so."""
    seen: set[str] = set()
    rows = []
    for call in receivers.heard(HOOKS):
        id_ = call.headers.get("webhook-id", "")
        rows.append((*_told(call), id_ if id_ not in seen else f"{id_} (again)"))
        seen.add(id_)
    return Panel(
        "Webhooks",
        "Any name does at the end of the URL, and whatever comes is taken.",
        ("at", "hook", "event", "conversation", "agent", "webhook-id"),
        rows[::-1],
        f"In a destination “Webhook”: URL {{here}}{HOOKS}mine",
    )


def _told(call: Call) -> tuple[str, ...]:
    body = call.body if isinstance(call.body, dict) else {}
    data = body.get("data")
    data = data if isinstance(data, dict) else {}
    told = (body.get("type", ""), data.get("conversationId", ""), data.get("userName", ""))
    return (clock_of(call.at), call.path.removeprefix(HOOKS), *map(str, told))


def lynn(receivers: Receivers) -> Panel:
    """Show which agents Lynn has told her customers of."""
    rows = [
        _row(call, "userName", "externalId", "conversationId") for call in receivers.heard(LYNN)
    ]
    columns = ("at", "agent", "customer (externalId)", "conversation")
    enter = "In a destination “Lynn”: Base URL {here}/lynn"
    return Panel("Lynn", "Agents who are really connected.", columns, rows[::-1], enter)


def cognigy(receivers: Receivers) -> Panel:
    """Show which handovers Cognigy has heard the end of, and of which it knew where it was told."""
    knows = bool(receivers.heard(OPENED))
    rows = [
        (*_row(call, "userId", "topic", "disconnectType"), *([meant] if knows else []))
        for call, meant, _ in _handovers(receivers)
    ]
    columns = ("at", "customer (userId)", "topic", "disconnectType", *(["handover"] * knows))
    about = "Handovers that are over."
    if knows:
        about += f" Which ones are open it knows from POST {OPENED} alone."
    enter = f"In a destination “Cognigy”: URL {{here}}{COGNIGY}"
    return Panel("Cognigy", about, columns, rows[::-1], enter)


def _row(call: Call, *keys: str) -> tuple[str, ...]:
    return (clock_of(call.at), *(str(call.body.get(key, "")) for key in keys))


ROUTES: Final[Routes] = (
    ("POST", "/hooks/{name}", take),
    ("POST", LYNN, take_connect),
    ("POST", COGNIGY, take_handover),
    ("POST", OPENED, open_handover),
)
PANELS: Final[tuple[PanelOf, ...]] = (webhooks, lynn, cognigy)
