"""How the conversation service and its topics word what analytics says otherwise."""

from functools import lru_cache
from typing import Any, Final

from chrono.instants import from_ms, isoformat
from simulator.world.records import Segment, Session

Body = dict[str, Any]

# Where a participant's communications of a medium stand.
COLLECTIONS: Final = {
    "voice": "calls",
    "callback": "callbacks",
    "chat": "chats",
    "email": "emails",
    "message": "messages",
}
_STATES: Final = {
    "alert": "alerting",
    "dialing": "dialing",
    "contacting": "contacting",
    "parked": "parked",
}
_CONNECTED: Final = frozenset({"interact", "hold", "parked", "ivr", "system"})
# disconnectType, where it differs from analytics'.
_DISCONNECTS: Final = {
    "conferenceTransfer": "transfer.conference",
    "consultTransfer": "transfer.consult",
    "forwardTransfer": "transfer.forward",
    "noAnswerTransfer": "transfer.noanswer",
    "notAvailableTransfer": "transfer.notavailable",
    "dndTransfer": "transfer.dnd",
    "dndEndpoint": "endpoint.dnd",
    "sessionExpired": "session.expired",
    "transportFailure": "transport.failure",
}


@lru_cache(maxsize=65_536)
def _moment(ms: int) -> str:
    return isoformat(from_ms(ms))


def moment(ms: int | None) -> str | None:
    """Write an instant (ms since 1970) as Genesys does; None stays None."""
    return None if ms is None else _moment(ms)


def state(segment: Segment) -> str:
    """Return how a communication stands in a segment that lasts."""
    return _STATES.get(segment.segment_type, "connected")


def disconnect_type(segment: Segment) -> str:
    return _DISCONNECTS.get(segment.disconnect_type, segment.disconnect_type)


def connected(session: Session) -> int | None:
    """Return when a session was connected, in ms; None where it never was."""
    starts = (s.start for s in session.segments if s.segment_type in _CONNECTED)
    return next(starts, None)


def after_call_work(session: Session) -> Body:
    """Tell a session's after-call work as participants have it; nothing where there is none."""
    work = session.segments[-1]
    if work.segment_type != "wrapup":
        return {}
    times = {"startAcwTime": moment(work.start), "endAcwTime": moment(work.end)}
    return times | wrap_up(work)


def wrap_up(work: Segment) -> Body:
    """Tell the code of after-call work, once that is done."""
    if work.end is None:
        return {}
    return {
        "wrapup": {
            "code": work.wrap_up_code,
            "notes": work.wrap_up_note,
            "durationSeconds": (work.end - work.start) // 1000,
            "endTime": moment(work.end),
        }
    }
