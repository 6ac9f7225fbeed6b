"""Rows for tests, as plain functions: each takes what matters and fills in the rest."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from chrono import instants
from conversations.domain.presence import PresenceTold
from conversations.models import (
    Agent,
    Conversation,
    Participant,
    Queue,
    Segment,
    Session,
)
from conversations.presence import record_live
from handling.models import AgentHandling, DailyHandling, Interruption
from integrations.models import Watermark
from sla.domain import terms
from sla.domain.steps import Step, packed
from sla.models import Alert, Calendar, Clock, ForcedEnd, Ladder, Notice, Policy, Rung, Timer, Wait

_numbers = count(1)
NEVER_CLOSED = {
    day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
}
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def an_id(prefix: str) -> str:
    """Return an id that no other row has."""
    return f"{prefix}-{next(_numbers):08x}-0000-4000-8000-000000000000"


def agent(name: str = "A. Rossi", **values: Any) -> Agent:
    return Agent.objects.create(**{"genesys_id": an_id("agent"), "name": name, **values})


def queue(name: str = "Support EU", **values: Any) -> Queue:
    return Queue.objects.create(**{"genesys_id": an_id("queue"), "name": name, **values})


def conversation(*, started_at: datetime = START, **values: Any) -> Conversation:
    """Make an open e-mail conversation."""
    return Conversation.objects.create(
        **{
            "genesys_id": an_id("conv"),
            "started_at": started_at,
            "media_type": "email",
            "originating_direction": "inbound",
            "observed_at": started_at,
            "content_hash": b"0" * 16,
            **values,
        }
    )


def participant(of: Conversation, purpose: str = "agent", **values: Any) -> Participant:
    return Participant.objects.create(
        **{
            "conversation": of,
            "genesys_id": an_id("part"),
            "ordinal": of.participants.count(),
            "purpose": purpose,
            **values,
        }
    )


def session(
    of: Conversation, *, purpose: str = "agent", user_id: str = "", **values: Any
) -> Session:
    """Make a session with a participant of its own; segments set its start and end."""
    owner = values.pop("participant", None) or participant(of, purpose, user_id=user_id)
    return Session.objects.create(
        **{
            "conversation": of,
            "participant": owner,
            "genesys_id": an_id("sess"),
            "ordinal": 0,
            "purpose": purpose,
            "user_id": user_id,
            "media_type": of.media_type,
            **values,
        }
    )


def segment(
    of: Session,
    segment_type: str = "interact",
    started_at: datetime = START,
    minutes: float | None = 10,
    **values: Any,
) -> Segment:
    """Add a segment of so many minutes; None leaves it open."""
    ended_at = None if minutes is None else started_at + timedelta(minutes=minutes)
    made = Segment.objects.create(
        session=of,
        ordinal=of.segments.count(),
        segment_type=segment_type,
        started_at=started_at,
        ended_at=ended_at,
        **values,
    )
    ends = list(of.segments.values_list("ended_at", flat=True))
    of.started_at = min(of.started_at or started_at, started_at)
    of.ended_at = None if None in ends else max(end for end in ends if end)
    of.save(update_fields=["started_at", "ended_at"])
    return made


def calendar(name: str = "Always open", **values: Any) -> Calendar:
    return Calendar.objects.create(
        **{"name": name, "timezone": "UTC", "hours": NEVER_CLOSED, **values}
    )


def policy(name: str = "Four hours at any time", **values: Any) -> Policy:
    found = Policy.objects.filter(name=name).first()
    return found or Policy.objects.create(
        **{
            "name": name,
            "calendar": values.pop("calendar", None) or calendar(),
            "next_response_s": 14_400,
            "warnings": ["3 h 30 min"],
            **values,
        }
    )


def clock(of: Conversation, *, since: datetime, **values: Any) -> Clock:
    """Make a clock that runs since an instant against the policy; due by wall-clock time."""
    rule = values.pop("policy", None) or policy()
    target = timedelta(seconds=values.get("target_s", 14_400))
    kind = terms.Kind(values.get("kind", Clock.Kind.NEXT_RESPONSE))
    step = Step(kind, since, "started", "the customer wrote", timedelta())
    return Clock.objects.create(
        **{
            "conversation": of,
            "policy": rule,
            "calendar": rule.calendar,
            "kind": kind,
            "state": Clock.State.RUNNING,
            "reason": "the customer wrote",
            "since": since,
            "started_at": since,
            "elapsed_ms": 0,
            "target_s": 14_400,
            "warn_at": since + target - timedelta(minutes=30),
            "due_at": since + target,
            "breaches_at": since + target,
            "changed_at": since,
            "packed_steps": packed([step], kind),
            **values,
        }
    )


def timer(of: Clock, *, due_at: datetime, rung: str = "breach", **values: Any) -> Timer:
    """Make a timer of a clock's present round that waits."""
    return Timer.objects.create(
        **{
            "conversation_id": of.conversation_id,
            "kind": of.kind,
            "round_at": of.started_at,
            "rung": rung,
            "due_at": due_at,
            **values,
        }
    )


def alert(of: Clock, *, opened_at: datetime, **values: Any) -> Alert:
    """Make an open alert of a clock's present round."""
    return Alert.objects.create(
        **{
            "conversation_id": of.conversation_id,
            "kind": of.kind,
            "round_at": of.started_at,
            "level": Alert.Level.BREACHED,
            "opened_at": opened_at,
            **values,
        }
    )


def notice(of: Alert, *, at: datetime, rung: str = "breach", **values: Any) -> Notice:
    """Make a notice of an alert, with the timer that fired it."""
    timer = Timer.objects.create(
        conversation_id=of.conversation_id,
        kind=of.kind,
        round_at=of.round_at,
        rung=rung,
        due_at=at,
        fired_at=at,
        state=Timer.State.FIRED,
        verified=values.get("verified", True),
    )
    return Notice.objects.create(
        **{
            "timer": timer,
            "alert": of,
            "at": at,
            "subject": f"{of.kind}@{instants.to_ms(of.round_at)}",
            "verified": True,
            **values,
        }
    )


def wait(of: Conversation, *, ended_at: datetime, minutes: float = 60, **values: Any) -> Wait:
    """Make a wait that is over: of so many minutes on a clock that never stands."""
    rule = values.pop("policy", None) or policy()
    target_s = values.get("target_s", 14_400)
    return Wait.objects.create(
        **{
            "conversation": of,
            "policy": rule,
            "kind": Clock.Kind.NEXT_RESPONSE,
            "started_at": ended_at - timedelta(minutes=minutes),
            "ended_at": ended_at,
            "target_s": target_s,
            "elapsed_ms": int(minutes * 60_000),
            "met": minutes * 60 <= target_s,
            "queue_id": of.queue_id,
            "user_id": of.user_id,
            **values,
        }
    )


def forced_end(of: Conversation, *, round_at: datetime, **values: Any) -> ForcedEnd:
    """Make a round of a session that was due just when it was planned, two days later."""
    due = round_at + timedelta(hours=48)
    return ForcedEnd.objects.create(
        **{
            "conversation": of,
            "policy": "Four hours",
            "action": "disconnect",
            "dry_run": True,
            "after_s": 172_800,
            "session_id": an_id("sess"),
            "participant_id": an_id("part"),
            "user_id": of.user_id,
            "queue_id": of.queue_id,
            "media_type": of.media_type,
            "round_at": round_at,
            "due_at": due,
            "planned_at": due,
            "look_at": due,
            **values,
        }
    )


def handling(
    of: Conversation, user_id: str, *, gross_s: int, interrupted_s: int = 0, **values: Any
) -> AgentHandling:
    """Make what a conversation took of an agent, in whole seconds."""
    adjusted = (gross_s - interrupted_s) * 1000
    ended_at = of.started_at + timedelta(seconds=gross_s)
    return AgentHandling.objects.create(
        **{
            "conversation": of,
            "user_id": user_id,
            "media_type": of.media_type,
            "queue_id": of.queue_id,
            "started_at": of.started_at,
            "ended_at": ended_at,
            "completed_on": ended_at.date(),
            "gross_ms": gross_s * 1000,
            "adjusted_ms": adjusted,
            "interrupted_ms": interrupted_s * 1000,
            "live_ms": adjusted,
            "acw_ms": 0,
            "other_hold_ms": 0,
            "switched_ms": 0,
            "shared_ms": adjusted,
            "parked_ms": 0,
            "computed_at": of.started_at,
            **values,
        }
    )


def interruption(
    of: AgentHandling, by: Conversation, started_at: datetime, minutes: float, **values: Any
) -> Interruption:
    return Interruption.objects.create(
        handling=of,
        interrupter=by,
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=minutes),
        **values,
    )


def roll_up(*handlings: AgentHandling) -> None:
    """Add handlings to the daily rollup, on the UTC day of their end."""
    for one in handlings:
        assert one.ended_at
        assert one.completed_on
        row, _ = DailyHandling.objects.get_or_create(
            date=one.completed_on,
            user_id=one.user_id,
            queue_id=one.queue_id,
            media_type=one.media_type,
            defaults=dict.fromkeys(_SUMMED, 0),
        )
        row.handled += 1
        row.interrupted += one.interrupted_ms > 0
        for name in _SUMMED[2:]:
            setattr(row, name, getattr(row, name) + getattr(one, name))
        row.save(update_fields=list(_SUMMED))


_SUMMED = (
    "handled",
    "interrupted",
    "gross_ms",
    "adjusted_ms",
    "interrupted_ms",
    "other_hold_ms",
    "acw_ms",
    "shared_ms",
)


def polled(at: datetime, **values: Any) -> Watermark:
    """Make the poll's watermark: data is as of this instant."""
    return Watermark.objects.create(**{"road": "genesys.poll", "succeeded_at": at, **values})


def road(name: str, **values: Any) -> Watermark:
    """Make a road's watermark."""
    return Watermark.objects.create(road=name, **values)


def present(user_id: str, *states: tuple[str, datetime]) -> None:
    """Make an agent's presence: each value from its instant on, with the status that goes along."""
    tellings = [
        told
        for value, since in states
        for told in (
            PresenceTold(user_id, "presence", value, "", since),
            PresenceTold(
                user_id, "routing", "IDLE" if value == "ON_QUEUE" else "OFF_QUEUE", "", since
            ),
        )
    ]
    record_live(told=tellings, now=states[-1][1])


def user(name: str = "supervisor", **values: Any) -> User:
    return User.objects.create_user(name, password=name, **values)


def ladder(name: str = "Supervisors, then the head of service", **values: Any) -> Ladder:
    return Ladder.objects.create(**{"name": name, **values})


def rung(of: Ladder, offset_s: int = 0, **values: Any) -> Rung:
    position = 10 * (of.rungs.count() + 1)
    return Rung.objects.create(
        **{"ladder": of, "offset_s": offset_s, "position": position, **values}
    )
