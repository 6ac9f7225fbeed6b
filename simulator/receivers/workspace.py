"""A workspace of Slack: channels with messages, apps with tokens, webhooks; and its rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

CHANNEL: Final = "C0ALERTS"
TOKEN: Final = "xoxb-simulator"  # noqa: S105 - everybody knows it
SIGNING_SECRET: Final = "5" * 32
HOOK: Final = "T0SIMULATOR/B0ALERTS/simulator"
SCOPES: Final = frozenset({"chat:write", "channels:history"})
# A message a second and channel, and so many more in a burst.
BURST: Final = 3
MOST_BLOCKS: Final = 50
LONGEST_TEXT: Final = 3_000
LONGEST_MESSAGE: Final = 40_000
MOST_KEPT: Final = 2_000
# What these say was done all the same.
DONE_FIRST: Final = frozenset({"internal_error", "fatal_error"})
_INLINE: Final = {"text", "link", "emoji", "user", "date", "broadcast", "channel"}


class WrongError(Exception):
    """Slack's word for what is wrong; more stands beside it in the answer."""

    def __init__(self, word: str, **more: Any) -> None:
        super().__init__(word)
        self.word = word
        self.more = more


@dataclass(slots=True)
class Posted:
    """A message in a channel; ts is its id there."""

    ts: str
    at: datetime
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any] | None = None
    edited: bool = False


@dataclass(slots=True)
class Channel:
    """A channel. spent_to: until when the messages so far use up its pace, in Unix seconds.

    burst is how many messages beyond one a second are taken; most_kept, how many are remembered.
    """

    name: str
    joined: bool = True
    archived: bool = False
    burst: int = BURST
    most_kept: int = MOST_KEPT
    messages: list[Posted] = field(default_factory=list)
    count: int = 0
    spent_to: float = 0.0

    def admit(self, at: datetime) -> bool:
        """Tell whether one more message is taken now, and count it."""
        now = at.timestamp()
        spent_to = max(self.spent_to, now) + 1
        if spent_to > now + self.burst:
            return False
        self.spent_to = spent_to
        return True

    def add(self, at: datetime, body: dict[str, Any]) -> Posted:
        """Keep a message, and forget the oldest; no two have one ts."""
        self.count += 1
        ts = f"{int(at.timestamp())}.{self.count % 1_000_000:06d}"
        posted = Posted(ts, at, body.get("text", ""), body.get("blocks") or [])
        posted.metadata = body.get("metadata")
        self.messages = [*self.messages[1 - self.most_kept :], posted]
        return posted

    def find(self, ts: str) -> Posted:
        """Return a message. Raises WrongError where there is none."""
        for posted in self.messages:
            if posted.ts == ts:
                return posted
        raise WrongError("message_not_found")


@dataclass(slots=True)
class Workspace:
    """Tokens with their scopes, webhooks with their channels. words: the next answers' errors."""

    channels: dict[str, Channel] = field(default_factory=lambda: {CHANNEL: Channel("alerts")})
    tokens: dict[str, frozenset[str]] = field(default_factory=lambda: {TOKEN: SCOPES})
    revoked: set[str] = field(default_factory=set)
    hooks: dict[str, str] = field(default_factory=lambda: {HOOK: CHANNEL})
    words: list[str] = field(default_factory=list)
    signing_secret: str = SIGNING_SECRET
    interactivity_url: str = ""

    def next_word(self) -> str:
        """Return the error of the next answer, "" for none."""
        return self.words.pop(0) if self.words else ""

    def refuse(self, word: str) -> None:
        """Raise WrongError for a word."""
        if word:
            raise WrongError(word)

    def admit(self, token: str, scope: str) -> None:
        """Raise WrongError unless this token may do what needs this scope."""
        if token in self.revoked:
            raise WrongError("token_revoked")
        if token not in self.tokens:
            raise WrongError("invalid_auth" if token else "not_authed")
        if scope not in self.tokens[token]:
            provided = ",".join(sorted(self.tokens[token]))
            raise WrongError("missing_scope", needed=scope, provided=provided)

    def channel(self, name: str) -> Channel:
        """Return a channel by its id, or by its name with #. Raises WrongError."""
        for channel_id, channel in self.channels.items():
            if name in {channel_id, f"#{channel.name}"}:
                if not channel.joined:
                    raise WrongError("not_in_channel")
                return channel
        raise WrongError("channel_not_found")


def check(body: Any) -> dict[str, Any]:
    """Return a message that Slack takes. Raises WrongError where it is none."""
    if not isinstance(body, dict):
        raise WrongError("invalid_payload")
    text, blocks = body.get("text") or "", body.get("blocks") or []
    if not text and not blocks:
        raise WrongError("no_text")
    if len(text) > LONGEST_MESSAGE:
        raise WrongError("msg_too_long")
    if len(blocks) > MOST_BLOCKS or not all(_is_block(block) for block in blocks):
        raise WrongError("invalid_blocks")
    metadata = body.get("metadata")
    if metadata is not None and not _is_metadata(metadata):
        raise WrongError("invalid_metadata_format")
    return body


def inlines(posted: Posted) -> Iterator[dict[str, Any]]:
    """Yield all that stands in the rich text of a message."""
    for block in posted.blocks:
        if block["type"] == "rich_text":
            for section in block["elements"]:
                yield from section["elements"]


def buttons(posted: Posted) -> list[dict[str, Any]]:
    """Return the buttons under a message."""
    return [
        one for block in posted.blocks if block["type"] == "actions" for one in block["elements"]
    ]


def look(posted: Posted) -> str:
    """Return a message as people see it, in text; an edited one says so."""
    told = "".join(_shown(one) for one in inlines(posted)) or posted.text
    pressed = "".join(f"\n[{one['text']['text']}]" for one in buttons(posted))
    return told + pressed + (" (edited)" if posted.edited else "")


def _shown(one: dict[str, Any]) -> str:
    match one["type"]:
        case "text":
            return str(one["text"])
        case "link":
            return f"{one.get('text', '')} <{one['url']}>"
        case other:
            return f"<{other}>"


def _is_metadata(told: Any) -> bool:
    if not isinstance(told, dict):
        return False
    return isinstance(told.get("event_type"), str) and isinstance(told.get("event_payload"), dict)


def _is_block(block: Any) -> bool:
    match block:
        case {"type": "rich_text", "elements": [*sections]}:
            return all(_is_section(section) for section in sections)
        case {"type": "actions", "elements": [_, *_] as elements}:
            return all(_is_button(element) for element in elements)
        case {"type": "section", "text": {"type": "mrkdwn" | "plain_text", "text": str(text)}}:
            return 0 < len(text) <= LONGEST_TEXT
    return False


def _is_section(section: Any) -> bool:
    match section:
        case {"type": "rich_text_section", "elements": [*elements]}:
            return all(_is_inline(element) for element in elements)
    return False


def _is_inline(element: Any) -> bool:
    match element:
        case {"type": "text", "text": str(text)}:
            return bool(text)
        case {"type": "link", "url": str(url)}:
            return url.startswith(("http://", "https://"))
        case {"type": str(kind)}:
            return kind in _INLINE
    return False


def _is_button(element: Any) -> bool:
    match element:
        case {
            "type": "button",
            "text": {"type": "plain_text", "text": str(text)},
            "value": str(value),
        }:
            return 0 < len(text) <= 75 and len(value) <= 2_000  # noqa: PLR2004 - Slack's
    return False
