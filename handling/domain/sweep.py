"""Handle time under interruption: one pass over all that an agent had at once.

Between two changes of state nothing changes, so the pass goes from change to change and keeps who
works, who is held, and who holds them up. O(n log n + n k h) for n segments, k open conversations
and h held ones.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from handling.domain.results import Handling, parts_of
from handling.domain.seats import Seats
from handling.domain.sessions import (
    ACW,
    ALERT,
    CONSULT,
    HOLD,
    LIVE,
    NONE,
    SUPERVISION,
    AgentSession,
    Rules,
)
from handling.domain.work import Work

_agent_id = attrgetter("agent_id")
_code = attrgetter("code")
_conversation_id = attrgetter("conversation_id")


def sweep(sessions: Iterable[AgentSession], *, as_of: int, rules: Rules) -> list[Handling]:
    """Return what each conversation took of each agent, cut at as_of (ms since 1970 UTC).

    Supervision takes no part; a consult leg has no handle time of its own. The same session twice
    is the same as once, and no order means anything. Sorted by agent and conversation.
    """
    parts = [s for s in sessions if s.role not in SUPERVISION]
    if not rules.consult_interrupts:
        parts = [s for s in parts if s.role != CONSULT]
    found: list[Handling] = []
    for agent_id, own in groupby(sorted(parts, key=_agent_id), key=_agent_id):
        found += _Sweep(Seats.of(own, as_of=as_of, rules=rules)).run(agent_id, as_of)
    return found


class _Sweep:
    """One agent's pass: sessions change state one by one, holds are attributed once an instant."""

    __slots__ = ("active", "bits", "board", "free", "held", "mask", "running", "seats", "settled")

    def __init__(self, seats: Seats) -> None:
        self.seats = seats
        self.bits, self.mask = seats.bits, seats.mask
        self.board: list[int] = []  # codes of all that occupy the agent, the strongest first
        self.held: set[Work] = set()
        self.free: set[Work] = set()  # held, counted, and by nobody's fault
        self.active: set[Work] = set()  # counted and live or in after-call work
        self.running = 0  # live or in after-call work, counted or not
        self.settled = 0

    def run(self, agent_id: str, as_of: int) -> list[Handling]:
        seats, works, mask = self.seats, self.seats.works, self.mask
        shift, low = seats.event_bits, (1 << seats.event_bits) - 1
        change, held = self._change, self.held
        last = 0
        joint: dict[Work, int] = {}  # conversations of several sessions: only the outcome counts
        for event in seats.events:
            at = event >> shift
            if at != last:
                if joint:
                    self._change_jointly(joint, last)
                if held:
                    self._attribute(last)
                last = at
            code = event & low
            work = works[code & mask]
            if work.codes is not None:
                joint[work] = seats.strongest(work, code)
            elif code != work.code:
                change(work, code, at)
        self._change_jointly(joint, last)
        self._attribute(last)
        return self._close(agent_id, as_of)

    def _change_jointly(self, joint: dict[Work, int], at: int) -> None:
        for work, code in joint.items():
            if code != work.code:
                self._change(work, code, at)
        joint.clear()

    def _change(self, work: Work, code: int, at: int) -> None:
        bits, before = self.bits, work.code
        old, new = before >> bits, code >> bits
        # Between live and after-call work, and between what is no work, the takers stay the same.
        if at != self.settled and old + new != LIVE + ACW and (old <= HOLD or new <= HOLD):
            self._settle(at)
        if old <= ALERT:
            del self.board[bisect_left(self.board, before)]
        if new <= ALERT:
            insort(self.board, code)
        work.code = code
        if old != new:
            self._turn(work, old, new, at)

    def _turn(self, work: Work, old: int, new: int, at: int) -> None:
        if old == HOLD:
            self._leave_hold(work, new, at)
        work.spent[old] += at - work.since
        work.since = at
        if (old > HOLD) is not (new > HOLD):
            work.edges.append(at)
        if new == HOLD:
            self._enter_hold(work)
        if new < HOLD <= old:
            self.running += 1
            if work.counted:
                self.active.add(work)
        elif old < HOLD <= new:
            self.running -= 1
            self.active.discard(work)

    def _enter_hold(self, work: Work) -> None:
        self.held.add(work)
        if work.counted:
            self.free.add(work)

    def _leave_hold(self, work: Work, new: int, at: int) -> None:
        if work.owner is not None:
            work.belong_to(None, at)
        if new < HOLD:
            work.resume(at)
        self.held.discard(work)
        self.free.discard(work)

    def _settle(self, at: int) -> None:
        """Give out the time since the takers last changed."""
        span = at - self.settled
        self.settled = at
        takers = self.active or self.free
        if len(takers) == 1:
            for work in takers:
                work.shared += span
        elif takers:
            self._split(span, takers)
        if self.free and self.running:
            for work in self.free:
                if work.twin is None or self.running > (work.twin.code >> self.bits < HOLD):
                    work.switched += span

    def _split(self, span: int, takers: set[Work]) -> None:
        """Share out whole milliseconds, the odd ones by conversation id.

        Rounded stretch by stretch, a stored share depends on nothing but what ran beside it:
        rounding the sums would let a change reach rows of weeks ago.
        """
        share, odd = divmod(span, len(takers))
        parts = parts_of(odd, len(takers)) if odd else 0
        crowded = span if takers is self.active else 0
        for work in takers:
            work.shared += share
            work.parts += parts
            work.concurrent += crowded
        if odd == 1:
            min(takers, key=_conversation_id).odd += 1
        elif odd:
            for work in sorted(takers, key=_conversation_id)[:odd]:
                work.odd += 1

    def _attribute(self, at: int) -> None:
        """Find for each held conversation who holds it up, the most urgent medium first.

        That order decides every hold before it is asked whether it holds up a lesser one.
        """
        for work in self.held if len(self.held) == 1 else sorted(self.held, key=_code):
            owner = self._owner(work)
            if owner == work.owner:
                continue
            if at != self.settled:
                self._settle(at)
            if work.counted:
                (self.free.add if owner is None else self.free.discard)(work)
            work.belong_to(owner, at)

    def _owner(self, held: Work) -> str | None:
        """Return the strongest of what may interrupt and occupies the agent."""
        seats, mask = self.seats, self.mask
        number = held.code & mask
        allowed, media_types = seats.interrupters[number], seats.media_types
        for code in self.board:
            other = code & mask
            if media_types[other] in allowed:
                work = seats.works[other]
                if work.conversation_id == held.conversation_id:
                    continue
                if code >> self.bits != HOLD or (
                    work.owner is None and seats.ranks[other] > seats.ranks[number]
                ):
                    return work.conversation_id
        return None

    def _close(self, agent_id: str, as_of: int) -> list[Handling]:
        """Cut at as_of what still runs there."""
        self._settle(as_of)
        found: list[Handling] = []
        for work in self.seats.accounts:
            if work.counted:
                state = work.code >> self.bits
                if work.owner is not None:
                    work.belong_to(None, as_of, provisional=True)
                work.spent[state] += as_of - work.since
                if state <= HOLD:
                    work.edges.append(as_of)
                found.append(work.handling(agent_id, provisional=state != NONE))
        return found
