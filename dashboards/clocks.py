"""The clocks that stand on the board, and what agents do in their conversations right now."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import QuerySet

from conversations.models import Segment
from sla.models import Clock
from sla.selectors import HoursKey

STANDING: Final = (Clock.State.RUNNING, Clock.State.PAUSED)
KIND_RANK: Final = {
    Clock.Kind.NEXT_RESPONSE: 0,
    Clock.Kind.FIRST_RESPONSE: 1,
    Clock.Kind.RESOLUTION: 2,
    Clock.Kind.FORGOTTEN: 3,
}
ACTIVITY: Final = {
    "interact": "working",
    "hold": "held",
    "parked": "parked",
    "alert": "ringing",
    "wrapup": "after-call work",
}
IDLE: Final = frozenset({"hold", "parked"})


class Forgotten(NamedTuple):
    """Why work counts as forgotten from an instant on. reason holds marks: see words.filled."""

    since: datetime
    reason: str
    from_at: datetime


class Standing(NamedTuple):
    """One clock that runs or is paused, with its conversation.

    forgotten stands where agents have it and leave it alone, be that too long already or not.
    """

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
    calendar_id: int | None  # None: round the clock
    calendar_version: int | None  # an earlier one; None: as it is now
    started_at: datetime
    forgotten: Forgotten | None = None

    @property
    def hours(self) -> HoursKey:
        return self.calendar_id, self.calendar_version


class Held(NamedTuple):
    """What the agents of a conversation do: idle where all hold or park it, since the latest."""

    word: str
    since: datetime
    idle: bool


def standing() -> list[Standing]:
    """Read one clock of each conversation that has any running or paused: one query."""
    return most_telling(_read(Clock.objects.filter(state__in=STANDING)))


def of_conversations(pks: Collection[int]) -> list[Standing]:
    """Read all clocks of some conversations, whatever their state: one query."""
    return list(_read(Clock.objects.filter(conversation__in=pks)))


def _read(clocks: QuerySet[Clock]) -> Iterator[Standing]:
    found = clocks.values_list(
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
        "calendar_id",
        "calendar_version",
        "started_at",
    )
    return (Standing(*values) for values in found)


def most_telling(clocks: Iterable[Standing]) -> list[Standing]:
    """Keep one clock a conversation: one that runs before a paused one, then by kind.

    That of forgotten work stands for itself only where there is no other, and is told with it.
    """
    chosen: dict[int, Standing] = {}
    forgotten: dict[int, Forgotten | None] = {}
    for clock in sorted(clocks, key=_telling, reverse=True):
        chosen[clock.conversation_id] = clock
        if clock.kind == Clock.Kind.FORGOTTEN:
            forgotten[clock.conversation_id] = forgotten_of(clock)
    return [clock._replace(forgotten=forgotten.get(pk)) for pk, clock in chosen.items()]


def forgotten_of(clock: Standing) -> Forgotten | None:
    """Return from when on a clock of forgotten work says so; None where it is paused."""
    if clock.state != Clock.State.RUNNING or clock.breaches_at is None:
        return None
    return Forgotten(clock.started_at, clock.reason, clock.breaches_at)


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


def _telling(clock: Standing) -> tuple[bool, bool, int]:
    of_work = clock.kind == Clock.Kind.FORGOTTEN
    return of_work, clock.state != Clock.State.RUNNING, KIND_RANK[Clock.Kind(clock.kind)]
