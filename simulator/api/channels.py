"""Notification channels: who listens to which topics, and the rules by which sockets misbehave.

Channels live in real time, as the tokens do that they belong to: a client compares their expiry
with its own clock, whatever the simulated one says.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from random import Random
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from simulator.api.errors import ApiError, bad_request, not_found


class Topic(NamedTuple):
    """A kind of topic that can be subscribed to. permission is what it requires."""

    id: str
    description: str
    permission: str
    transports: tuple[str, ...] = ("Websocket", "EventBridge")
    preview: bool = False


_MEDIA: Final = ("calls", "callbacks", "chats", "emails", "messages")
_SEEN: Final = "conversation:communication:view"
_DETAIL: Final = "analytics:conversationDetail:view"
_DETAILS: Final = (
    *("customer.start", "customer.end", "acd.start", "acd.end", "user.start", "user.end"),
    *("acw", "wrapup", "attributes", "contact", "flow.start", "flow.end", "flow.outcome"),
    *("outbound", "voicemail.start", "voicemail.end"),
)
TOPICS: Final = (
    *(
        Topic(f"v2.{owner}.{{id}}.conversations{suffix}", "Conversations", _SEEN, ("Websocket",))
        for owner in ("users", "routing.queues")
        for suffix in ("", *(f".{each}" for each in _MEDIA))
    ),
    Topic("v2.users.{id}.activity", "Presence and routing status", "presence:user:view"),
    Topic("v2.users.{id}.presence", "Presence", "presence:user:view"),
    Topic("v2.users.{id}.routingStatus", "Routing status", "routing:status:view"),
    Topic(
        "v2.detail.events.agent.{id}.state",
        "What an agent's session does",
        _DETAIL,
        preview=True,
    ),
    *(
        Topic(f"v2.detail.events.conversation.{{id}}.{each}", "Detail event", _DETAIL)
        for each in _DETAILS
    ),
    Topic("v2.analytics.conversations.details.jobs.availability", "Jobs", _DETAIL),
    Topic("v2.quality.evaluations", "Evaluations", "quality:evaluation:view"),
)
_PATTERNS: Final = tuple(
    (topic, re.compile(re.escape(topic.id).replace(r"\{id\}", r"[^.{}\s]+"))) for topic in TOPICS
)


def topic_of(name: str) -> Topic | None:
    """Return the kind of a topic with real ids, None where there is none."""
    return next((topic for topic, pattern in _PATTERNS if pattern.fullmatch(name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How sockets behave; without any, as the platform's do. Times are real seconds.

    silent: no frame at all, on a connection that stays. drop_every_s: the line goes dead.
    closing_every_s: maintenance is announced, and the socket closed closing_grace_s later.
    burst_s: events are held back and come together. lose, duplicate, reorder, delay: how probable
    it is that an event does. refuse: that a connection is refused. rejected: globs of topics that
    are rejected, with the permissions they lack; not_offered: topics that availabletopics leaves
    out.
    """

    heartbeat_s: float = 30.0
    silent: bool = False
    drop_every_s: float = 0.0
    closing_every_s: float = 0.0
    closing_grace_s: float = 60.0
    burst_s: float = 0.0
    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    delay_s: float = 5.0
    refuse: float = 0.0
    lifetime_s: float = 86_400.0
    most_channels: int = 20
    most_topics: int = 1_000
    rejected: dict[str, list[str]] = field(default_factory=dict)
    not_offered: list[str] = field(default_factory=list)
    seed: int = 0


class Line(Protocol):
    """The socket of a channel, as far as others may act on it."""

    def leave(self) -> None:
        """Close it, for another one has taken its place or the channel is gone."""
        ...


@dataclass(slots=True)
class Channel:
    """One channel. token is the one that made it: it ends with the channel."""

    id: str
    client: str
    token: str
    expires: float
    used: float
    topics: dict[str, None] = field(default_factory=dict)
    line: Line | None = None


@dataclass(slots=True)
class Channels:
    """All channels of the platform."""

    rules: Rules = field(default_factory=Rules)
    draw: Random = field(default_factory=lambda: Random("sockets/0"))
    seconds: Callable[[], float] = time.time
    _known: dict[str, Channel] = field(default_factory=dict)

    def put_rules(self, told: Any) -> None:
        """Replace the rules, and begin their chances anew. Raises ApiError (400)."""
        names = {f.name for f in fields(Rules)}
        if not isinstance(told, dict) or not set(told) <= names:
            raise bad_request(f"rules of sockets are an object of {', '.join(sorted(names))}")
        try:
            self.rules = msgspec.convert(told, Rules)
        except msgspec.ValidationError as error:
            raise bad_request(f"rules of sockets: {error}") from error
        self.draw = Random(f"sockets/{self.rules.seed}")

    def open(self, *, client: str, token: str) -> Channel:
        """Make a channel; where the client has its full number, its least recently used one goes.

        Those without a connection go first.
        """
        now = self.seconds()
        self._forget(now)
        mine = self.of(client)
        if len(mine) >= self.rules.most_channels:
            self._close(min(mine, key=lambda each: (each.line is not None, each.used)))
        id_ = f"streaming-0-{secrets.token_hex(13)}"
        made = Channel(id_, client, token, now + self.rules.lifetime_s, now)
        self._known[id_] = made
        return made

    def of(self, client: str) -> list[Channel]:
        """Return the channels of a client, the oldest first."""
        return [each for each in self._known.values() if each.client == client]

    def get(self, id_: str) -> Channel:
        """Return a living channel. Raises ApiError (404) where it is none."""
        self._forget(self.seconds())
        found = self._known.get(id_)
        if found is None:
            raise not_found("channel", id_)
        return found

    def lives(self, channel: Channel) -> bool:
        """Tell whether a channel has neither expired nor been removed."""
        return self._known.get(channel.id) is channel and channel.expires > self.seconds()

    def subscribe(
        self, channel: Channel, names: Iterable[str], *, replace: bool, lenient: bool
    ) -> list[dict[str, Any]]:
        """Add topics to a channel, or put them in place of all; return what became of each.

        lenient takes what is permitted and tells of the rest. Raises ApiError (400) where the
        topics are too many, or one is rejected and lenient is off; then nothing changes.
        """
        wanted = list(dict.fromkeys(names))
        told = [self._judge(name) for name in wanted]
        rejected = [each for each in told if each["state"] == "Rejected"]
        if rejected and not lenient:
            first = rejected[0]
            raise ApiError(400, "invalid.topics", f"{first['id']}: {first['rejectionReason']}")
        new = {each["id"]: None for each in told if each["state"] == "Permitted"}
        topics = new if replace else channel.topics | new
        if len(topics) > self.rules.most_topics:
            raise ApiError(
                400,
                "too.many.topics",
                f"A channel takes at most {self.rules.most_topics} topics, not {len(topics)}",
            )
        channel.topics = topics
        self._renew(channel)
        return told

    def clear(self, channel: Channel) -> None:
        """Take all topics from a channel."""
        channel.topics = {}

    def touch(self, channel: Channel) -> None:
        """Note that a channel is used."""
        channel.used = self.seconds()

    def offers(self, topic: Topic) -> bool:
        return topic.id not in self.rules.not_offered

    def _renew(self, channel: Channel) -> None:
        channel.used = self.seconds()
        channel.expires = channel.used + self.rules.lifetime_s

    def _judge(self, name: str) -> dict[str, Any]:
        topic = topic_of(name)
        if topic is None or not self.offers(topic):
            return {"id": name, "state": "Rejected", "rejectionReason": "The topic is not known"}
        for pattern, missing in self.rules.rejected.items():
            if fnmatch(name, pattern):
                return {
                    "id": name,
                    "state": "Rejected",
                    "rejectionReason": "Missing permissions",
                    "missingPermissions": missing or [topic.permission],
                }
        return {"id": name, "state": "Permitted"}

    def _forget(self, now: float) -> None:
        for each in [each for each in self._known.values() if each.expires <= now]:
            self._close(each)

    def _close(self, channel: Channel) -> None:
        del self._known[channel.id]
        if channel.line:
            channel.line.leave()
