"""Conversations as analytics shows them while it lags: as they were a while ago."""

from dataclasses import replace

from simulator.world import ledger
from simulator.world.detail_events import last_talk
from simulator.world.records import Conversation, Participant, Segment, Session


def as_of(known: Conversation, at: int) -> Conversation | None:
    """Return a conversation as it was at an instant (ms); None where it had not begun.

    Segments, metrics and the end are those of then. What is rewritten in place is as it is now:
    surveys, evaluations, corrections.
    """
    if known.end is not None and known.end <= at:
        return known
    participants = [then for each in known.participants if (then := _participant(each, at))]
    if not participants:
        return None
    return replace(known, participants=participants, end=_end(participants))


def _participant(known: Participant, at: int) -> Participant | None:
    sessions = [then for each in known.sessions if (then := _session(each, at))]
    return replace(known, sessions=sessions) if sessions else None


def _session(known: Session, at: int) -> Session | None:
    segments = [_segment(each, at) for each in known.segments if each.start <= at]
    if not segments:
        return None
    over = last_talk(known).end
    totalled = over is not None and over <= at
    metrics = [
        metric
        for metric in known.metrics
        if metric.emitted <= at and (totalled or not ledger.is_total(metric.name))
    ]
    return replace(known, segments=segments, metrics=metrics)


def _segment(known: Segment, at: int) -> Segment:
    if known.end is None or known.end <= at:
        return known
    return replace(known, end=None, disconnect_type="", wrap_up_code="", wrap_up_note="")


def _end(participants: list[Participant]) -> int | None:
    """Return the end of a conversation all of whose sessions were over."""
    sessions = [session for participant in participants for session in participant.sessions]
    if any(session.open_segment for session in sessions):
        return None
    return max(segment.end or 0 for session in sessions for segment in session.segments)
