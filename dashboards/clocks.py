"""The clocks that stand on the board, and what agents do in their conversations right now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from conversations.models import Segment
from sla.models import Clock

STANDING: Final = (Clock.State.RUNNING, Clock.State.PAUSED)
KIND_RANK: Final = {
    Clock.Kind.NEXT_RESPONSE: 0,
    Clock.Kind.FIRST_RESPONSE: 1,
    Clock.Kind.RESOLUTION: 2,
}
ACTIVITY: Final = {
    "interact": "working",
    "hold": "held",
    "parked": "parked",
    "alert": "ringing",
    "wrapup": "after-call work",
}
IDLE: Final = frozenset({"hold", "parked"})


class Standing(NamedTuple):
    """One clock that runs or is paused, with its conversation."""

    conversation_id: int
    genesys_id: str
    media_type: str
    queue_id: str
    user_id: str
    kind: str
    state: str
    reason: str
    since: datetime
    elapsed_ms: int
    target_s: int
    warn_at: datetime | None
    due_at: datetime | None
    breaches_at: datetime | None
    policy: str
    calendar_id: int


class Held(NamedTuple):
    """What the agents of a conversation do: idle where all hold or park it, since the latest."""

    word: str
    since: datetime
    idle: bool


def standing() -> list[Standing]:
    """Read one clock of each conversation that has any running or paused: one query."""
    found = Clock.objects.filter(state__in=STANDING).values_list(
        "conversation_id",
        "conversation__genesys_id",
        "conversation__media_type",
        "conversation__queue_id",
        "conversation__user_id",
        "kind",
        "state",
        "reason",
        "since",
        "elapsed_ms",
        "target_s",
        "warn_at",
        "due_at",
        "breaches_at",
        "policy__name",
        "policy__calendar_id",
    )
    return most_telling(Standing._make(values) for values in found)


def most_telling(clocks: Iterable[Standing]) -> list[Standing]:
    """Keep one clock a conversation: one that runs before a paused one, then by kind."""
    chosen: dict[int, Standing] = {}
    for clock in sorted(clocks, key=_telling, reverse=True):
        chosen[clock.conversation_id] = clock
    return list(chosen.values())


def activities() -> dict[int, Held]:
    """Read what agents do in the conversations on the board, by conversation: one query."""
    found = Segment.objects.filter(
        ended_at__isnull=True,
        session__ended_at__isnull=True,
        session__purpose="agent",
        session__conversation__clocks__state__in=STANDING,
    ).values_list("session__conversation_id", "session_id", "segment_type", "started_at")
    latest: dict[tuple[int, int], tuple[datetime, str]] = {}
    for conversation, session, segment_type, started_at in found:
        at = (conversation, session)
        latest[at] = max(latest.get(at, (started_at, segment_type)), (started_at, segment_type))
    by_conversation: dict[int, list[tuple[datetime, str]]] = {}
    for (conversation, _), current in latest.items():
        by_conversation.setdefault(conversation, []).append(current)
    return {conversation: held(current) for conversation, current in by_conversation.items()}


def held(current: Iterable[tuple[datetime, str]]) -> Held:
    """Sum up the current segments of a conversation's agents: whoever works on it counts first."""
    idle = sorted(current)
    working = [segment for segment in idle if segment[1] not in IDLE]
    since, segment_type = (working or idle)[-1]
    return Held(ACTIVITY.get(segment_type, segment_type), since, idle=not working)


def _telling(clock: Standing) -> tuple[bool, int]:
    return clock.state != Clock.State.RUNNING, KIND_RANK[Clock.Kind(clock.kind)]
