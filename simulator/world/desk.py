"""An agent at work: what the agent attends to, and what goes on hold meanwhile.

Voice takes the agent away from everything; of the rest the agent attends to one thing at a time,
the stronger medium first. An e-mail goes on hold whenever the agent turns to anything else, a
message only for a call, a chat never. After an interruption it takes the agent a while to find
back: the resumption lag.
"""

from collections.abc import Callable
from enum import StrEnum
from random import Random

from simulator.world.engine import MINUTE, SECOND, Timeline
from simulator.world.organization import CAPACITY, INTERRUPTABLE, Agent
from simulator.world.records import Cause
from simulator.world.work import State, Work

_STRENGTH = {"voice": 0, "callback": 1, "chat": 2, "message": 3, "email": 4}
_CALLS = frozenset({"voice", "callback"})  # take all attention as long as they last
_BOUND = frozenset({"voice", "callback", "chat"})  # carried on over a break or the shift's end


class Away(StrEnum):
    """Why an agent on shift is not at work."""

    BREAK = "break"
    MEAL = "meal"


class Desk:
    """One agent's works, and whether the agent is there.

    watch is called after whatever may change what the agent is seen to be.
    """

    def __init__(
        self, timeline: Timeline, agent: Agent, draw: Random, on_free: Callable[[], None]
    ) -> None:
        self.timeline = timeline
        self.agent = agent
        self.works: list[Work] = []
        self.on_shift = False
        self.on_break = False
        self.break_kind: Away | None = None
        self.in_house = False
        self.watch: Callable[[], None] = lambda: None
        self.free_since = timeline.now
        self._draw = draw
        self._on_free = on_free
        self._focus: Work | None = None
        self._lag_until = 0
        self._not_responding_until = 0

    @property
    def present(self) -> bool:
        return self.on_shift and not self.on_break

    @property
    def responding(self) -> bool:
        return self.timeline.now >= self._not_responding_until

    def can_take(self, media: str) -> bool:
        """Say whether a contact of this medium may be offered now."""
        if not self.present or not self.responding:
            return False
        same = 0
        for work in self.works:
            if work.state is State.ALERT:
                return False
            if work.state is State.PARKED:
                continue
            if work.media == media:
                same += 1
            elif media not in INTERRUPTABLE[work.media]:
                return False
        return same < CAPACITY[media]

    def take(self, work: Work) -> None:
        self.works.append(work)

    def drop(self, work: Work) -> None:
        """Let go of a work that is done."""
        self.works.remove(work)
        self.freed()

    def freed(self) -> None:
        """Turn to what is left, and ask for more."""
        self.free_since = self.timeline.now
        self.attend()
        self._on_free()

    def connect(self, work: Work) -> None:
        """Begin to work on a session that was answered."""
        work.state = State.LIVE
        self.attend()

    def arrive(self) -> None:
        """Be in the house, not on the queues yet."""
        self.in_house = True
        self.watch()

    def begin_shift(self) -> None:
        self.in_house = True
        self.on_shift, self.on_break = True, False
        self.freed()

    def end_shift(self) -> None:
        self.on_shift = self.on_break = False
        self.attend()
        self._go_home()

    def _go_home(self) -> None:
        """Give back what will not keep, once nobody is on the line any more."""
        if any(work.media in _BOUND for work in self.works):
            self.timeline.after(MINUTE, self._go_home)
            return
        self.in_house = self.on_shift
        self.watch()
        for work in tuple(self.works):
            work.owner.shift_over(work)

    def begin_break(self, kind: Away = Away.BREAK) -> None:
        self.on_break, self.break_kind = self.on_shift, kind
        self.attend()

    def end_break(self) -> None:
        self.on_break = False
        self.freed()

    def stop_responding(self) -> None:
        """Be offered nothing for a while, after an alert that nobody answered."""
        pause = self._draw.randrange(MINUTE, 5 * MINUTE)
        self._not_responding_until = self.timeline.now + pause
        self.timeline.after(pause, self.freed)

    def attend(self) -> None:
        """Turn to the strongest work that waits; hold, pause and resume accordingly."""
        focus = self._strongest()
        if focus is not self._focus and self._must_find_back(focus):
            focus = None
        self._focus = focus
        for work in tuple(self.works):
            if work.state is State.LIVE:
                self._place(work, focus)
        self.watch()

    def _strongest(self) -> Work | None:
        waiting = [
            work
            for work in self.works
            if work.state is State.WRAP_UP
            or (work.state is State.LIVE and (work.task or work.media in _CALLS))
        ]
        if not self.present:
            waiting = [w for w in waiting if w.media in _BOUND or w.state is State.WRAP_UP]
        return min(
            waiting,
            key=lambda w: (_STRENGTH[w.media], w is not self._focus, w.order),
            default=None,
        )

    def _must_find_back(self, focus: Work | None) -> bool:
        """Say whether the agent still gathers thoughts; after an interruption a new lag begins."""
        left = self._focus
        over = left and (focus is None or _STRENGTH[focus.media] > _STRENGTH[left.media])
        if over and self.timeline.now >= self._lag_until and any(w.hold for w in self.works):
            lag = self._draw.randrange(3 * SECOND, 45 * SECOND)
            self._lag_until = self.timeline.now + lag
            self.timeline.after(lag, self.attend)
        lagging = self.timeline.now < self._lag_until
        return lagging and (focus is None or focus.media in {"email", "message"})

    def _place(self, work: Work, focus: Work | None) -> None:
        if work is focus or work.media == "chat":
            work.resume()
            return
        work.pause()
        cause = self._reason(work, focus)
        if cause:
            work.put_on_hold(cause, focus)
        elif work.media == "message" and self.timeline.now >= self._lag_until:
            work.release()

    def _reason(self, work: Work, focus: Work | None) -> Cause | None:
        """Say why a work that the agent does not attend to must be on hold, if it must."""
        if focus and focus.conversation is work.conversation:
            return None
        if focus and focus.media in INTERRUPTABLE[work.media]:
            return Cause.INTERRUPTED
        if focus and work.media == focus.media == "email":
            return Cause.SWITCHED
        if not self.present and work.media in {"email", "message"}:
            return Cause.OFF_SHIFT if not self.on_shift else Cause.BREAK
        return None
