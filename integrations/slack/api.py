"""Slack's Web API as a bot uses it: post, change, and look whether a message is there.

Slack answers HTTP 200 to almost everything: what counts is `ok`, and the word beside it.
"""

import time
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
import requests  # noqa: TID251 - the type of a session

from integrations import outbound
from integrations.domain.delivery import Outcome, Result
from integrations.outbound import Reply
from integrations.outbox import replies
from integrations.outbox.messages import Message
from integrations.slack import words

EVENT_TYPE: Final = "dcm_delivery"  # of the metadata by which a message is known again
JSON: Final = "application/json; charset=utf-8"
FORM: Final = "application/x-www-form-urlencoded"
PAGE: Final = 200
LONGEST_PAGE: Final = 4 * 1024 * 1024
# With the call that is under way then, and one to post: less than the lease.
LOOKS_FOR_S: Final = 30.0
# Slack's clock and ours need not agree to the second.
SLACK_IN_TIME: Final = timedelta(minutes=1)


class _Verdict(msgspec.Struct):
    ok: bool
    error: str = ""


class _Place(msgspec.Struct):
    channel: str
    ts: str


class _Metadata(msgspec.Struct):
    event_type: str = ""
    event_payload: dict[str, Any] = msgspec.field(default_factory=dict)


class _Posted(msgspec.Struct):
    ts: str
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _Next(msgspec.Struct):
    next_cursor: str = ""


class _History(msgspec.Struct):
    messages: list[_Posted]
    response_metadata: _Next | None = None


class Answer(NamedTuple):
    """What became of a call, and what was answered; b"" where nothing was."""

    outcome: Outcome
    body: bytes


class Bot:
    """A bot's token, and where its API stands."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def post(self, method: str, body: str) -> Outcome:
        """Have a message written or changed; remote_id is its channel and ts, as C1/1.2."""
        told, answered = self._ask(method, body, JSON)
        if not told.got_through:
            return told
        try:
            place = msgspec.json.decode(answered, type=_Place)
        except msgspec.MsgspecError:  # it is there all the same
            return told
        return told._replace(remote_id=f"{place.channel}/{place.ts}")

    def find(self, channel: str, message: Message) -> Outcome | None:
        """Look for a message by its id, for LOOKS_FOR_S at most.

        Return FOUND, None where it is not seen, or what kept us from looking.
        """
        oldest = (message.recorded_at - SLACK_IN_TIME).timestamp()
        asked = {"channel": channel, "oldest": f"{oldest:.6f}", "limit": str(PAGE)}
        asked["include_all_metadata"] = "true"
        end = time.monotonic() + LOOKS_FOR_S
        while time.monotonic() < end:
            told, answered = self._ask("conversations.history", urlencode(asked), FORM)
            if not told.got_through:
                return told
            try:
                page = msgspec.json.decode(answered, type=_History)
            except msgspec.MsgspecError:
                return Outcome(Result.FAILED, "the channel's history cannot be read")
            for posted in page.messages:
                if _is(posted, message):
                    return Outcome(Result.FOUND, status=200, remote_id=f"{channel}/{posted.ts}")
            asked["cursor"] = page.response_metadata.next_cursor if page.response_metadata else ""
            if not asked["cursor"]:
                break
        return None

    def _ask(self, method: str, body: str, content_type: str) -> Answer:
        url, kept = f"{self._url}/{method}", b""
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {self._token}"}

        def read(reply: Reply) -> Outcome:
            nonlocal kept
            kept = reply.body
            return _judged(reply)

        told = replies.outcome(lambda: outbound.post(_session(), url, body.encode(), headers), read)
        return Answer(told, kept)


def _judged(reply: Reply) -> Outcome:
    """Return what an answer means. After a 5xx nobody knows what was done: it is looked up."""
    told = replies.of(reply)
    if reply.status >= 500:  # noqa: PLR2004 - HTTP's
        return told._replace(result=Result.LOST)
    if not told.got_through:
        return told
    try:
        verdict = msgspec.json.decode(reply.body, type=_Verdict)
    except msgspec.MsgspecError:
        reason = f"HTTP {reply.status}, but no answer of Slack's: something in between answered"
        return told._replace(result=Result.LOST, reason=reason)
    if verdict.ok:
        return told
    return words.outcome(words.of(verdict.error), status=reply.status, said=told.said)


def _is(posted: _Posted, message: Message) -> bool:
    known = posted.metadata
    return known.event_type == EVENT_TYPE and known.event_payload.get("id") == message.id


@cache
def _session() -> requests.Session:
    """Return the connections of this process."""
    return outbound.session(most_bytes=LONGEST_PAGE)
