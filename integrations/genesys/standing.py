"""How an agent's part of a conversation stands this moment, as the conversation service tells it.

Analytics is late and jobs are later still; here it is seen whether an act has had its effect.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from chrono import instants
from integrations.errors import MalformedAnswerError, NotFoundError
from integrations.genesys.client import Client
from integrations.genesys.wire import Id, Word

PATH: Final = "/api/v2/conversations/{}"
_OVER: Final = frozenset({"disconnected", "terminated"})
_CONNECTED: Final = frozenset({"connected", "parked"})
GONE: Final = "Genesys does not show the conversation"
ABSENT: Final = "Genesys does not show the session"


class Communication(msgspec.Struct, rename="camel"):
    """A session, as it is told live."""

    id: Id = None
    state: Word = None
    held: bool | None = None
    disconnected_time: str | None = None


class Participant(msgspec.Struct, rename="camel"):
    """Somebody in a conversation, with the sessions of the two media that we act on."""

    id: Id = None
    purpose: Word = None
    queue_id: Id = None
    emails: list[Communication] | None = None
    messages: list[Communication] | None = None

    @property
    def sessions(self) -> list[Communication]:
        return [*(self.emails or ()), *(self.messages or ())]


class Live(msgspec.Struct, rename="camel"):
    """A conversation, as it is told live."""

    id: Id = None
    participants: list[Participant] | None = None


class Standing(NamedTuple):
    """How an agent's session stands: over is certain, connected is certain; a ring is neither.

    told is what was read, for whoever asks later; ended_at is when it ended, where that is told.
    """

    connected: bool
    over: bool
    told: dict[str, Any]
    ended_at: datetime | None = None


def of(client: Client, conversation_id: str, session_id: str) -> Standing:
    """Read how a session stands. Raises TemporaryError, PermanentError."""
    at, path = client.clock(), PATH.format(quote(conversation_id, safe=""))
    asked = {"at": instants.isoformat(at)}
    try:
        live = client.read(path, Live)
    except NotFoundError:
        return Standing(connected=False, over=True, told={**asked, "state": GONE})
    if live.id != conversation_id:
        raise MalformedAnswerError(f"{path}: what came is not this conversation")
    everybody = live.participants or []
    mine = next((s for p in everybody for s in p.sessions if s.id == session_id), None)
    asked["queued"] = ", ".join(_queued(everybody))
    if mine is None:
        return Standing(connected=False, over=True, told={**asked, "state": ABSENT})
    over = mine.state in _OVER or mine.disconnected_time is not None
    return Standing(
        connected=not over and mine.state in _CONNECTED,
        over=over,
        told={**asked, "state": mine.state or "", "held": bool(mine.held)},
        ended_at=_instant(mine.disconnected_time),
    )


def _queued(everybody: list[Participant]) -> Iterator[str]:
    """Yield the queues in which the conversation waits."""
    for one in everybody:
        waits = any(s.state not in _OVER and not s.disconnected_time for s in one.sessions)
        if one.purpose == "acd" and waits and one.queue_id:
            yield one.queue_id


def _instant(text: str | None) -> datetime | None:
    try:
        return instants.parse(text) if text else None
    except ValueError:
        return None
