"""One agent's work on one session: what runs, what waits, what is on hold and why."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from simulator.world import ledger
from simulator.world.engine import Action, Timeline, Timer
from simulator.world.organization import Agent, Queue
from simulator.world.records import Cause, Conversation, Hold, Participant, Session


class Owner(Protocol):
    """The contact that a work belongs to, as the work sees it."""

    def closed(self, work: "Work", /) -> None: ...
    def shift_over(self, work: "Work", /) -> None: ...


class Attendant(Protocol):
    """Who does the work, as the work sees it."""

    agent: Agent

    def attend(self) -> None: ...
    def freed(self) -> None: ...
    def take(self, work: "Work", /) -> None: ...
    def drop(self, work: "Work", /) -> None: ...
    def connect(self, work: "Work", /) -> None: ...
    def stop_responding(self) -> None: ...


class State(StrEnum):
    """Where a work stands."""

    ALERT = "alert"
    LIVE = "live"  # the agent is connected, in interact or on hold
    PARKED = "parked"
    WRAP_UP = "wrapup"
    DONE = "done"


@dataclass(slots=True)
class Task:
    """A piece of work that takes the agent's attention for so long, then does something."""

    remaining: int
    then: Action
    timer: Timer | None = None


@dataclass(slots=True, eq=False)
class Work:
    """What one agent does on one session. It counts down only while the agent attends to it."""

    timeline: Timeline
    desk: Attendant
    conversation: Conversation
    participant: Participant
    session: Session
    queue: Queue | None
    order: int  # the work taken up earlier comes first among equals
    owner: Owner
    state: State = State.ALERT
    task: Task | None = None
    hold: Hold | None = None
    resume_timer: Timer | None = None
    waits: list[Timer] = field(default_factory=list)  # what the end of the work makes pointless

    @property
    def media(self) -> str:
        return self.session.media

    @property
    def connected(self) -> bool:
        return self.state in {State.LIVE, State.PARKED}

    def do(self, length: int, then: Action) -> None:
        """Take up a task of so many ms of the agent's attention; it replaces any other."""
        self.pause()
        self.task = Task(length, then)
        self.desk.attend()

    def later(self, length: int, then: Action) -> None:
        """Do something after so many ms, attention or not, unless the work is over by then."""
        self.waits.append(self.timeline.after(length, then))

    def resume(self) -> None:
        """Let the task run, off hold."""
        self.release()
        if self.task and self.task.timer is None:
            self.task.timer = self.timeline.after(self.task.remaining, self._finish_task)

    def pause(self) -> None:
        """Stop the task where it is."""
        if self.task and self.task.timer:
            self.task.remaining = self.task.timer.due - self.timeline.now
            self.task.timer.cancel()
            self.task.timer = None

    def put_on_hold(self, cause: Cause, by: "Work | None" = None) -> None:
        """Put the session on hold and write down why; on hold already, nothing changes."""
        if self.hold:
            return
        now = self.timeline.now
        ledger.enter(self.session, "hold", now)
        self.hold = Hold(self.session.id, self.desk.agent.id, now, cause)
        if by:
            self.hold.by_conversation_id = by.conversation.id
            self.hold.by_session_id = by.session.id
        self.conversation.holds.append(self.hold)

    def release(self) -> None:
        """Take the session off hold; a hold that the agent set by hand is released by hand."""
        if self.hold and self.hold.cause not in {Cause.MANUAL, Cause.CONSULT}:
            self.end_hold()

    def end_hold(self) -> None:
        """Go back to interact."""
        ledger.enter(self.session, "interact", self.timeline.now)
        self._end_hold_record()

    def park(self, length: int, then: Action) -> None:
        """Park the session: off the agent's hands until so many ms have passed."""
        self.pause()
        self.task = None
        self._end_hold_record()
        ledger.enter(self.session, "parked", self.timeline.now)
        self.state = State.PARKED
        self.resume_timer = self.timeline.after(length, lambda: self.unpark(then))
        self.desk.freed()

    def unpark(self, then: Action) -> None:
        """Bring a parked session back to its agent."""
        if self.resume_timer:
            self.resume_timer.cancel()
        self.resume_timer = None
        ledger.enter(self.session, "interact", self.timeline.now)
        self.state = State.LIVE
        then()
        self.desk.attend()

    def disconnect(self, how: str) -> None:
        """End the communication. What follows is after-call work, or nothing."""
        self.pause()
        self.task = None
        for timer in (*self.waits, *filter(None, [self.resume_timer])):
            timer.cancel()
        self._end_hold_record()
        ledger.disconnect(self.session, self.timeline.now, how)
        self.state = State.WRAP_UP

    def wrap_up(self, length: int, *, code: str, note: str = "") -> None:
        """Do so many ms of after-call work, then be done."""
        ledger.wrap_up(self.session, self.timeline.now)
        self.timeline.after(length, lambda: self._end_wrap_up(code, note))
        self.desk.attend()

    def leave(self) -> None:
        """Be done without after-call work."""
        ledger.settle(self.session, self.timeline.now)
        self._done()

    def _end_wrap_up(self, code: str, note: str) -> None:
        ledger.end_wrap_up(self.session, self.timeline.now, code=code, note=note)
        self._done()

    def _done(self) -> None:
        self.state = State.DONE
        self.desk.drop(self)
        self.owner.closed(self)

    def _finish_task(self) -> None:
        task, self.task = self.task, None
        if task:
            task.then()
        self.desk.attend()

    def _end_hold_record(self) -> None:
        if self.hold:
            self.hold.end = self.timeline.now
            if self.hold.start == self.hold.end:
                self.conversation.holds.remove(self.hold)
        self.hold = None
