"""What a sweep reads: an agent's sessions, and the state that each segment type means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

# (segment type, start, end): milliseconds since 1970 UTC; the end is None where none is known.
Segment: TypeAlias = tuple[str, int, int | None]

# The states of a session, the strongest first. The order is both which session speaks for a
# conversation and which conversation takes the seconds of an interrupted one. Plain integers,
# since the sweep packs them into sort keys.
LIVE: Final = 0
ACW: Final = 1
HOLD: Final = 2
ALERT: Final = 3
PARKED: Final = 4
NONE: Final = 5

STATE_OF_SEGMENT_TYPE: Final[Mapping[str, int]] = {
    "interact": LIVE,
    "dialing": LIVE,
    "contacting": LIVE,
    "wrapup": ACW,
    "hold": HOLD,
    "alert": ALERT,
    "parked": PARKED,
}
CONSULT: Final = "consult"
SUPERVISION: Final = frozenset({"monitor", "barge", "coach"})


class AgentSession(NamedTuple):
    """One session of one agent in one conversation.

    role is "", consult, monitor, barge or coach. The order of segments, and a segment given
    twice, mean nothing.
    """

    conversation_id: str
    agent_id: str
    media_type: str
    segments: tuple[Segment, ...]
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an organisation decides about handle time.

    interrupted_by names for each medium the media that may interrupt it and replaces the default
    ranks; None keeps them. consult_interrupts: a consult leg takes its agent away from other work.
    states maps segment types to states; a type that is missing is no work at all.
    """

    interrupted_by: Mapping[str, frozenset[str]] | None = None
    consult_interrupts: bool = True
    states: Mapping[str, int] = field(default_factory=lambda: STATE_OF_SEGMENT_TYPE)
