"""Microsoft Teams: workflows that take Adaptive Cards and post them.

A workflow answers 202 before it has looked at the card: one that Teams would not show is in its run
history, and nobody who sent it hears of that.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.responses import Response

from simulator.receivers.answers import Routes, json
from simulator.receivers.panels import Panel, PanelOf, clock_of
from simulator.receivers.state import Call, Receivers

WORKFLOWS: Final = "/teams/workflows/"
INVOKE: Final = "/triggers/manual/paths/invoke"
SIGNATURE: Final = "simulator"
PATH: Final = f"{WORKFLOWS}alerts{INVOKE}?api-version=1&sp=%2Ftriggers&sv=1.0&sig={SIGNATURE}"
MOST_BYTES: Final = 28 * 1024
MOST_A_SECOND: Final = 4
MOST_KEPT: Final = 2_000
_VERSIONS: Final = {"1.2", "1.3", "1.4", "1.5"}
_CARD: Final = "application/vnd.microsoft.card.adaptive"


@dataclass(slots=True)
class Flow:
    """A workflow: the cards that it posted, and the runs that failed."""

    enabled: bool = True
    cards: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    failed: list[Any] = field(default_factory=list)
    taken: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Flows:
    """All workflows, by their id."""

    known: dict[str, Flow] = field(default_factory=lambda: {"alerts": Flow()})


def invoke(receivers: Receivers, call: Call) -> Response:
    """Take what is posted to a workflow: 202, whatever it is."""
    name = call.path.removeprefix(WORKFLOWS).removesuffix(INVOKE)
    flow = receivers.part(Flows).known.get(name)
    given = parse_qs(call.query).get("sig")
    if given is None:
        return _wrong(401, "DirectApiAuthorizationRequired")
    if given != [SIGNATURE]:
        return _wrong(401, "AuthorizationFailed")
    if flow is None:
        return _wrong(404, "WorkflowNotFound")
    if not flow.enabled:
        return _wrong(400, "WorkflowTriggerIsNotEnabled")
    return _taken(flow, call)


def _taken(flow: Flow, call: Call) -> Response:
    if len(call.raw) > MOST_BYTES:
        return _wrong(413, "RequestEntityTooLarge")
    recent = [at for at in flow.taken if (call.at - at).total_seconds() < 1]
    if len(recent) >= MOST_A_SECOND:
        answer = _wrong(429, "RateLimitExceeded")
        answer.headers["Retry-After"] = "1"
        return answer
    flow.taken = [*recent, call.at]
    cards = _cards(call.body)
    flow.cards = [*flow.cards[-MOST_KEPT:], *((call.at, card) for card in cards)]
    if not cards:
        flow.failed.append(call.body)
    return Response(status_code=202)


def _wrong(status: int, code: str) -> Response:
    return json({"error": {"code": code, "message": "The request was not taken."}}, status)


def _cards(body: Any) -> list[dict[str, Any]]:
    match body:
        case {"type": "message", "attachments": [{"contentType": t, "content": dict(card)}]}:
            is_shown = card.get("type") == "AdaptiveCard" and card.get("version") in _VERSIONS
            return [card] if t == _CARD and is_shown else []
    return []


def look(card: dict[str, Any]) -> str:
    """Return a card as people see it, in text."""
    lines = ["".join(run["text"] for run in line["inlines"]) for line in card.get("body", [])]
    opens = [f"[{action['title']}] {action['url']}" for action in card.get("actions", [])]
    return "\n".join([*lines, *opens])


# -- the page --------------------------------------------------------------------------------
def panel(receivers: Receivers) -> Panel:
    """Show what all workflows have posted."""
    found = [
        (at, name, card)
        for name, flow in receivers.part(Flows).known.items()
        for at, card in list(flow.cards)
    ]
    found.sort(key=lambda told: told[0], reverse=True)
    rows = ((clock_of(at), name, look(card)) for at, name, card in found)
    enter = f"In a destination “Microsoft Teams, by a workflow”: Workflow URL {{here}}{PATH}"
    columns = ("at", "workflow", "card")
    return Panel("Teams", "Cards as people see them.", columns, rows, enter)


ROUTES: Final[Routes] = (("POST", f"{WORKFLOWS}{{name}}{INVOKE}", invoke),)
PANELS: Final[tuple[PanelOf, ...]] = (panel,)
