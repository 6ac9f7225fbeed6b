"""Segments and the metrics that fall out of them, at the moments at which Genesys emits them."""

from bisect import insort
from operator import attrgetter
from typing import Any

from simulator.world.records import Metric, Segment, Session

# What the end of a segment emits, by purpose and segment type.
_PIECES = {
    ("agent", "interact"): "tTalk",
    ("agent", "hold"): "tHeld",
    ("agent", "alert"): "tAlert",
    ("agent", "dialing"): "tDialing",
    ("agent", "contacting"): "tContacting",
    ("agent", "parked"): "tPark",
    ("agent", "wrapup"): "tAcw",
    ("user", "interact"): "tTalk",
    ("user", "hold"): "tHeld",
    ("user", "alert"): "tAlert",
    ("user", "dialing"): "tDialing",
    ("user", "contacting"): "tContacting",
    ("customer", "interact"): "tConnected",
    ("external", "interact"): "tConnected",
    ("acd", "interact"): "tAcd",
    ("ivr", "ivr"): "tIvr",
}
_TOTALS = {"tTalk": "tTalkComplete", "tHeld": "tHeldComplete", "tPark": "tParkComplete"}
_HANDLE = frozenset({"tContacting", "tDialing", "tTalkComplete", "tHeldComplete", "tAcw"})


def emit(session: Session, name: str, value: int, at: int) -> None:
    """Put down a metric; a session's metrics stay in the order of their emission."""
    insort(session.metrics, Metric(name, value, at), key=attrgetter("emitted"))


def enter(session: Session, segment_type: str, at: int, **fields: Any) -> Segment:
    """Begin a segment and end the one before it, which is gone if it would have no length."""
    session.touched()
    current = _drop_if_empty(session, at, keep=0)
    if current and current.end is None:
        _end(session, current, at)
    elif current and current.segment_type == segment_type and current.end == at:
        return _reopen(session, current)
    segment = Segment(
        segment_type, at, queue_id=session.queue_id, subject=session.subject, **fields
    )
    session.segments.append(segment)
    return segment


def disconnect(session: Session, at: int, how: str) -> None:
    """End the communication: the segment that lasts carries how it ended, the totals are out."""
    session.touched()
    current = _drop_if_empty(session, at, keep=1)
    if current:
        current.disconnect_type = how
        if current.end is None:
            _end(session, current, at)
    _emit_totals(session)


def settle(session: Session, at: int) -> None:
    """Emit tHandle, once a session was handled and its after-call work is done.

    tHandle = tContacting + tDialing + tTalkComplete + tHeldComplete + tAcw; parked time is not in.
    """
    handled = [metric.value for metric in session.metrics if metric.name in _HANDLE]
    if handled:
        emit(session, "tHandle", sum(handled), at)


def wrap_up(session: Session, at: int) -> None:
    """Begin the after-call work of a session that was disconnected."""
    session.touched()
    how = session.segments[-1].disconnect_type
    session.segments.append(Segment("wrapup", at, queue_id=session.queue_id, disconnect_type=how))


def end_wrap_up(session: Session, at: int, *, code: str, note: str = "") -> None:
    """End the after-call work with its code."""
    session.touched()
    segment = session.segments[-1]
    segment.wrap_up_code, segment.wrap_up_note = code, note
    _end(session, segment, at)
    settle(session, at)


def recount(session: Session) -> None:
    """Emit anew what falls out of a session's segments, once these were corrected."""
    settled = [metric.emitted for metric in session.metrics if metric.name == "tHandle"]
    derived = {*_PIECES.values(), *_TOTALS.values(), "tHandle"}
    session.metrics = [metric for metric in session.metrics if metric.name not in derived]
    for segment in session.segments:
        if segment.end is not None:
            _emit_length(session, segment, segment.end)
    if any(segment.disconnect_type for segment in session.segments):
        _emit_totals(session)
    for at in settled:
        settle(session, at)


def is_total(name: str) -> bool:
    """Whether a metric comes only once the communication is over, dated back to its last piece."""
    return name in _TOTALS.values()


def total(session: Session, name: str) -> int:
    """Return the sum of a metric of a session, in its unit."""
    return sum(metric.value for metric in session.metrics if metric.name == name)


def _end(session: Session, segment: Segment, at: int) -> None:
    segment.end = at
    _emit_length(session, segment, at)


def _emit_length(session: Session, segment: Segment, end: int) -> None:
    name = _PIECES.get((session.purpose, segment.segment_type))
    if name:
        emit(session, name, end - segment.start, end)


def _drop_if_empty(session: Session, at: int, *, keep: int) -> Segment | None:
    """Return the last segment, once one that began only now is gone as if it had never been."""
    segments = session.segments
    if len(segments) > keep and segments[-1].end is None and segments[-1].start == at:
        segments.pop()
    return segments[-1] if segments else None


def _reopen(session: Session, segment: Segment) -> Segment:
    """Take back the end of a segment, and the metric that it emitted."""
    name = _PIECES.get((session.purpose, segment.segment_type))
    session.metrics = [m for m in session.metrics if (m.name, m.emitted) != (name, segment.end)]
    segment.end = None
    return segment


def _emit_totals(session: Session) -> None:
    if session.purpose not in {"agent", "user"}:
        return
    for piece, complete in _TOTALS.items():
        pieces = [metric for metric in session.metrics if metric.name == piece]
        if pieces:
            emit(session, complete, sum(m.value for m in pieces), pieces[-1].emitted)
