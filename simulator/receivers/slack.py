"""Slack: incoming webhooks, the Web API of a bot, and the button that somebody presses.

The Web API answers HTTP 200 with ok: false to almost everything that is wrong; webhooks answer a
word in plain text. More than a message a second, after a short burst, is 429.
"""

import hashlib
import hmac
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.responses import PlainTextResponse, Response

from simulator.receivers.answers import Routes, json
from simulator.receivers.panels import Panel, PanelOf, clock_of
from simulator.receivers.state import Call, Receivers
from simulator.receivers.workspace import (
    CHANNEL,
    DONE_FIRST,
    HOOK,
    SIGNING_SECRET,
    TOKEN,
    Channel,
    Posted,
    Workspace,
    WrongError,
    buttons,
    check,
    look,
)

SERVICES: Final = "/slack/services/"
ENTER: Final = (
    f"In a destination “Slack, by an app of yours”: Channel ID {CHANNEL}, Bot token {TOKEN}, API"
    f" {{here}}/slack/api/ (Signing secret, where you want the button: {SIGNING_SECRET}). In one"
    f" “Slack, by incoming webhook”: Webhook URL {{here}}{SERVICES}{HOOK}"
)
MOST_A_PAGE: Final = 999
_STATUS: Final = {"no_service": 404, "channel_not_found": 404, "channel_is_archived": 410}
_STATUS.update({"action_prohibited": 403, "invalid_token": 403, "rollup_error": 500})
_LIMITED: Final = {"Retry-After": "1"}
Method = Callable[[Receivers, Workspace, dict[str, Any]], dict[str, Any]]


def webhook(receivers: Receivers, call: Call) -> Response:
    """Post to a webhook's channel: ok, or a word with a status of its own."""
    workspace = receivers.part(Workspace)
    try:
        workspace.refuse(workspace.next_word())
        channel = _hooked(workspace, call.path.removeprefix(SERVICES))
        body = check(call.body)
    except WrongError as wrong:
        return PlainTextResponse(wrong.word, _STATUS.get(wrong.word, 400))
    if not channel.admit(receivers.clock()):
        return PlainTextResponse("rate_limited", 429, _LIMITED)
    channel.add(receivers.clock(), {**body, "metadata": None})
    return PlainTextResponse("ok")


def _hooked(workspace: Workspace, hook: str) -> Channel:
    if hook not in workspace.hooks:
        raise WrongError("no_service")
    channel = workspace.channels.get(workspace.hooks[hook])
    if channel is None:
        raise WrongError("channel_not_found")
    if channel.archived:
        raise WrongError("channel_is_archived")
    return channel


def _method(scope: str, do: Method) -> Callable[[Receivers, Call], Response]:
    """Return the handler of a method of the Web API, with what all of them have in common."""

    def answer(receivers: Receivers, call: Call) -> Response:
        workspace = receivers.part(Workspace)
        word = workspace.next_word()
        try:
            workspace.admit(_token(call), scope)
            workspace.refuse(word if word not in DONE_FIRST else "")
            told = do(receivers, workspace, _arguments(call))
            workspace.refuse(word)
        except WrongError as wrong:
            limited = wrong.word == "ratelimited"
            body = json({"ok": False, "error": wrong.word, **wrong.more}, 429 if limited else 200)
            body.headers.update(_LIMITED if limited else {})
            return body
        return json({"ok": True, **told})

    return answer


def _token(call: Call) -> str:
    return call.headers.get("authorization", "").removeprefix("Bearer ").strip()


def _arguments(call: Call) -> dict[str, Any]:
    """Return what a call names: JSON's object, or a form's fields."""
    if "json" in call.headers.get("content-type", ""):
        return call.body if isinstance(call.body, dict) else {}
    return dict(parse_qsl(call.raw.decode()))


def _post(receivers: Receivers, workspace: Workspace, told: dict[str, Any]) -> dict[str, Any]:
    name = str(told.get("channel", ""))
    channel = workspace.channel(name)
    if channel.archived:
        raise WrongError("is_archived")
    check(told)
    if not channel.admit(receivers.clock()):
        raise WrongError("ratelimited")
    posted = channel.add(receivers.clock(), told)
    return {"channel": name, "ts": posted.ts, "message": {"text": posted.text, "ts": posted.ts}}


def _update(receivers: Receivers, workspace: Workspace, told: dict[str, Any]) -> dict[str, Any]:
    name = str(told.get("channel", ""))
    posted = workspace.channel(name).find(str(told.get("ts", "")))
    check(told)
    posted.text, posted.blocks = told.get("text", ""), told.get("blocks") or []
    posted.edited = True
    return {"channel": name, "ts": posted.ts, "text": posted.text}


def _history(receivers: Receivers, workspace: Workspace, told: dict[str, Any]) -> dict[str, Any]:
    """Return a page, newest first; metadata only where it is asked for."""
    oldest, latest = float(told.get("oldest") or 0), float(told.get("cursor") or "inf")
    limit = min(int(told.get("limit") or 100), MOST_A_PAGE)
    channel = workspace.channel(str(told.get("channel", "")))
    found = [one for one in reversed(channel.messages) if oldest < float(one.ts) < latest]
    told_all = str(told.get("include_all_metadata", "")).lower() in {"true", "1"}
    more = len(found) > limit
    cursor = found[limit - 1].ts if more else ""
    return {
        "messages": [_record(one, metadata=told_all) for one in found[:limit]],
        "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    }


def _record(posted: Posted, *, metadata: bool) -> dict[str, Any]:
    told = {"type": "message", "ts": posted.ts, "text": posted.text, "blocks": posted.blocks}
    return told | ({"metadata": posted.metadata} if metadata and posted.metadata else {})


def press(receivers: Receivers, *, channel: str, ts: str, user: tuple[str, str]) -> int:
    """Press the first button under a message, as this user (id, name); return what we answer.

    Signed as Slack does, and posted to the workspace's interactivity_url.
    """
    workspace = receivers.part(Workspace)
    action = buttons(workspace.channels[channel].find(ts))[0]
    told = {
        "type": "block_actions",
        "user": {"id": user[0], "username": user[1], "name": user[1], "team_id": "T0SIMULATOR"},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel},
        "channel": {"id": channel, "name": workspace.channels[channel].name},
        "actions": [{**action, "action_ts": ts, "block_id": "b"}],
    }
    body = urlencode({"payload": msgspec.json.encode(told).decode()}).encode()
    at = str(int(receivers.clock().timestamp()))
    return send(workspace.interactivity_url, body, signed(workspace.signing_secret, at, body))


def signed(secret: str, timestamp: str, body: bytes) -> dict[str, str]:
    """Return the headers by which Slack signs a body."""
    told = b"v0:" + timestamp.encode() + b":" + body
    made = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={made}",
    }


def send(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST, waiting three seconds as Slack does; return the status."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=3)
    try:
        connection.request("POST", parts.path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


# -- the page --------------------------------------------------------------------------------
def panel(receivers: Receivers) -> Panel:
    """Show what stands in all channels."""
    workspace = receivers.part(Workspace)
    found = [
        (one.at, channel.name, one)
        for channel in workspace.channels.values()
        for one in list(channel.messages)
    ]
    found.sort(key=lambda told: told[0], reverse=True)
    rows = ((clock_of(at), f"#{name}", look(one)) for at, name, one in found)
    columns = ("at", "channel", "message")
    return Panel("Slack", "Messages as people see them.", columns, rows, ENTER)


ROUTES: Final[Routes] = (
    ("POST", f"{SERVICES}{{team}}/{{hook}}/{{secret}}", webhook),
    ("POST", "/slack/api/chat.postMessage", _method("chat:write", _post)),
    ("POST", "/slack/api/chat.update", _method("chat:write", _update)),
    ("POST", "/slack/api/conversations.history", _method("channels:history", _history)),
)
PANELS: Final[tuple[PanelOf, ...]] = (panel,)
