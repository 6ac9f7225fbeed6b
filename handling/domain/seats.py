"""An agent's sessions made ready for a sweep: numbered by urgency, their changes in one order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from handling.domain import media, repair
from handling.domain.sessions import CONSULT, NONE, AgentSession, Rules
from handling.domain.work import Work

_precedence = itemgetter(0, 1, 2, 3)


class _Seat(NamedTuple):
    """One session. Its first four fields decide between two in the same state."""

    urgency: int  # the more urgent the medium, the lower
    first: int
    conversation_id: str
    media_type: str
    counted: bool
    changes: Sequence[int]
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Sessions by number, and events: instant, state and session number packed into an integer.

    The lower bits of an event, its state and session number, are a code: the lower, the stronger.
    """

    bits: int
    events: Sequence[int]
    works: Sequence[Work]  # by session number
    media_types: Sequence[str]
    ranks: Sequence[int]
    interrupters: Sequence[frozenset[str]]
    accounts: Sequence[Work]  # by conversation

    @property
    def event_bits(self) -> int:
        return self.bits + repair.STATE_BITS

    @property
    def mask(self) -> int:
        return (1 << self.bits) - 1

    @classmethod
    def of(cls, sessions: Iterable[AgentSession], *, as_of: int, rules: Rules) -> "Seats":
        seats = _distinct(
            sorted((_seat(s, as_of, rules.states) for s in sessions), key=_precedence)
        )
        bits = len(seats).bit_length()
        works = _works(seats, bits)
        accounts = sorted(set(works), key=lambda work: (work.conversation_id, work.counted))
        allowed = {name: _interrupters(name, rules) for name in {seat.media_type for seat in seats}}
        return cls(
            bits=bits,
            events=_events(seats, bits),
            works=works,
            media_types=[seat.media_type for seat in seats],
            ranks=[-seat.urgency for seat in seats],
            interrupters=[allowed[seat.media_type] for seat in seats],
            accounts=accounts,
        )

    def strongest(self, work: Work, code: int) -> int:
        """Note one session's new code; return the one that speaks for the conversation."""
        assert work.codes is not None
        work.codes[NONE << self.bits | code & self.mask] = code
        return min(work.codes.values())


def _seat(session: AgentSession, as_of: int, states: Mapping[str, int]) -> _Seat:
    changes, dropped = repair.changes(session.segments, as_of, states)
    return _Seat(
        -media.rank(session.media_type),
        changes[0] >> repair.STATE_BITS if changes else repair.UNENDED,
        session.conversation_id,
        session.media_type,
        session.role != CONSULT,
        changes,
        dropped,
    )


def _distinct(seats: list[_Seat]) -> list[_Seat]:
    if len({seat.conversation_id for seat in seats}) == len(seats):
        return seats
    return list({(*seat[1:5], tuple(seat.changes), seat.dropped): seat for seat in seats}.values())


def _interrupters(media_type: str, rules: Rules) -> frozenset[str]:
    if rules.interrupted_by is None:
        return media.interrupters(media_type)
    return rules.interrupted_by.get(media_type, frozenset())


def _works(seats: list[_Seat], bits: int) -> list[Work]:
    found: dict[tuple[str, bool], Work] = {}
    works: list[Work] = []
    for number, seat in enumerate(seats):
        key = seat.conversation_id, seat.counted
        code = NONE << bits | number
        work = found.get(key)
        if work is None:
            work = found[key] = Work(*key, code)
            _pair(work, found.get((seat.conversation_id, not seat.counted)))
        else:
            _join(work, code)
        work.tell(seat.media_type, seat.first, seat.dropped)
        works.append(work)
    return works


def _pair(work: Work, twin: Work | None) -> None:
    if twin is not None:
        work.twin, twin.twin = twin, work


def _join(work: Work, code: int) -> None:
    if work.codes is None:
        work.codes = {work.code: work.code}
    work.codes[code] = code


def _events(seats: list[_Seat], bits: int) -> list[int]:
    return sorted(
        [change << bits | number for number, seat in enumerate(seats) for change in seat.changes]
    )
