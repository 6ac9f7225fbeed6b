"""How agents' sessions stand in the mirror, and what an enforcement says of them."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

from chrono.errors import HoursError
from conversations.domain.seen import CONNECTED
from conversations.models import Message, Segment, Session
from sla.domain import enforcement as rules
from sla.domain.enforcement import Held, Rule, Written
from sla.models import Enforcement, TimeUnit
from sla.selectors import hours_of

_BY_AGENT = {Message.Sender.AGENT: True, Message.Sender.CUSTOMER: False}


def rule_of(one: Enforcement) -> Rule | None:
    """Return what an enforcement ends; None where its hours cannot be read: then nothing.

    A policy that goes by each queue's hours has none of its own to measure by: then nothing too.
    """
    calendar = one.policy.calendar
    in_business = one.unit == TimeUnit.BUSINESS
    if in_business and calendar is None:
        return None
    try:
        hours = hours_of(calendar) if in_business and calendar else None
    except HoursError:
        return None
    return Rule(
        after=timedelta(seconds=one.after_s),
        hours=hours,
        queue_ids=frozenset(one.queue_ids),
        only_waiting=one.only_waiting,
        requeues=one.action == Enforcement.Action.REQUEUE,
    )


def held_of(sessions: Sequence[Session]) -> dict[int, Held]:
    """Return how sessions stand, by primary key; with conversations at hand, in three queries."""
    conversation_ids = {session.conversation_id for session in sessions}
    segments = _segments([session.pk for session in sessions])
    written = _written(conversation_ids)
    open_ones = _open_agents(conversation_ids)
    return {
        session.pk: _held(
            session,
            segments.get(session.pk, []),
            written.get(session.conversation_id, []),
            shared=open_ones[session.conversation_id] > 1,
        )
        for session in sessions
    }


def _held(
    session: Session, segments: Sequence[Segment], written: Sequence[Written], *, shared: bool
) -> Held:
    talked = [one for one in segments if one.segment_type in CONNECTED]
    parked = [one for one in talked if one.segment_type == "parked"]
    over = any(one.disconnect_type for one in segments)
    bounds = [at for one in parked for at in (one.started_at, one.ended_at) if at]
    of = session.conversation
    inbound = of.originating_direction != "outbound"
    return Held(
        media_type=session.media_type,
        queue_id=next((one.queue_id for one in segments if one.queue_id), ""),
        connected=not over and any(one.ended_at is None for one in talked),
        touched_at=max(
            [*(one.started_at for one in talked[:1]), *bounds],
            default=session.started_at or of.started_at,
        ),
        wrote_at=max((one.at for one in written if one.by_agent), default=None),
        waits_since=rules.waits_since(of.started_at, written, inbound=inbound),
        messages=bool(written),
        shared=shared,
    )


def _segments(session_pks: Collection[int]) -> dict[int, list[Segment]]:
    found: dict[int, list[Segment]] = {}
    for row in Segment.objects.filter(session_id__in=session_pks).order_by("started_at", "ordinal"):
        found.setdefault(row.session_id, []).append(row)
    return found


def _written(conversation_pks: Collection[int]) -> dict[int, list[Written]]:
    rows = Message.objects.filter(conversation_id__in=conversation_pks, sender__in=_BY_AGENT)
    found: dict[int, list[Written]] = {}
    for pk, sender, at in rows.values_list("conversation_id", "sender", "sent_at"):
        found.setdefault(pk, []).append(Written(at, _BY_AGENT[Message.Sender(sender)]))
    return found


def _open_agents(conversation_pks: Collection[int]) -> Counter[int]:
    rows = Session.objects.filter(
        conversation_id__in=conversation_pks, purpose="agent", ended_at=None
    )
    return Counter(rows.values_list("conversation_id", flat=True))
