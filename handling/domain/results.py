"""What a sweep finds. Instants are milliseconds since 1970 UTC, durations milliseconds."""

from fractions import Fraction
from math import lcm
from typing import Final, NamedTuple

# Parts of a millisecond are counted in this unit: exact for as many conversations at once as
# Genesys lets an agent have.
PARTS: Final = lcm(*range(1, 26))


_ONE_OF: Final = [0, *(PARTS // among for among in range(1, 26))]


def parts_of(milliseconds: int, among: int) -> int | Fraction:
    """Return one share of milliseconds split among so many, in PARTS and exactly."""
    if among < len(_ONE_OF):
        return milliseconds * _ONE_OF[among]
    return Fraction(PARTS * milliseconds, among)


class Leg(NamedTuple):
    """A maximal run of interrupted time with one interrupter; provisional: still going on."""

    interrupter_id: str
    start: int
    end: int
    provisional: bool = False


class Spell(NamedTuple):
    """A maximal run of interrupted time, whoever interrupted.

    resume_lag is how long after it the agent took the conversation up again; None where it is not
    the last spell of its hold, or the hold was not followed by work.
    """

    start: int
    end: int
    resume_lag: int | None = None


class Handling(NamedTuple):
    """What one conversation took of one agent.

    gross = live + acw + hold; hold = interrupted + other_hold; adjusted = gross - interrupted.
    switched is the other hold during which the agent worked on something else; concurrent the
    live and after-call time beside other such time; edges the starts and ends, in turn, of the
    maximal runs of gross time; dropped counts segments that end before they last. provisional: a
    session was cut at as_of.
    """

    agent_id: str
    conversation_id: str
    media_type: str
    live: int
    acw: int
    hold: int
    interrupted: int
    switched: int
    concurrent: int
    parked: int
    shared: int
    shared_floor: int
    shared_parts: int | Fraction
    legs: tuple[Leg, ...]
    spells: tuple[Spell, ...]
    edges: tuple[int, ...]
    dropped: int
    provisional: bool

    @property
    def gross(self) -> int:
        return self.live + self.acw + self.hold

    @property
    def other_hold(self) -> int:
        return self.hold - self.interrupted

    @property
    def adjusted(self) -> int:
        return self.live + self.acw + self.hold - self.interrupted

    @property
    def worked(self) -> list[tuple[int, int]]:
        """Return the maximal runs of gross time."""
        return list(zip(self.edges[::2], self.edges[1::2], strict=True))

    @property
    def exact_shared(self) -> Fraction:
        """Return shared before it was rounded to milliseconds."""
        return self.shared_floor + Fraction(self.shared_parts) / PARTS

    @property
    def resume_lag(self) -> int | None:
        """Return the sum of the resumption lags; None where there is none."""
        lags = [spell.resume_lag for spell in self.spells if spell.resume_lag is not None]
        return sum(lags) if lags else None
