"""ACD: who waits in which queue, and which agent is offered what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from simulator.world import ledger
from simulator.world.desk import Desk
from simulator.world.engine import SECOND, Timeline
from simulator.world.organization import ALERTING_TIMEOUT, Queue
from simulator.world.records import Session
from simulator.world.work import Work

_ANSWER = {  # seconds until an offered contact is answered
    "voice": (2, 11),
    "callback": (3, 20),
    "chat": (2, 14),
    "message": (2, 25),
    "email": (2, 50),
}
_AT_ONCE = 300  # ms until an auto-answered contact is connected
_DECLINED, _UNANSWERED = 0.025, 0.025
_ENOUGH = 3  # agents passed over; then all may be asked again
_STRENGTH = ("voice", "callback", "chat", "message", "email")


class Routed(Protocol):
    """A contact, as routing sees it."""

    def offer(self, waiting: "Waiting", desk: Desk) -> Work:
        """Make the session that alerts at an agent."""
        ...

    def answered(self, work: Work) -> None:
        """Go on with an agent."""
        ...


@dataclass(slots=True, eq=False)
class Waiting:
    """A contact in a queue."""

    contact: Routed
    queue: Queue
    session: Session  # the acd session
    passed_over: set[str] = field(default_factory=set)  # agents who did not take it
    offered: Work | None = None


class Routing:
    """Offers what waits longest to the agent who is free longest."""

    def __init__(self, timeline: Timeline, draw: Random, queues: Iterable[Queue]) -> None:
        self.timeline = timeline
        self._members: dict[str, list[Desk]] = {}
        self._draw = draw
        self._waiting: dict[str, list[Waiting]] = {
            queue.id: [] for queue in sorted(queues, key=lambda q: _STRENGTH.index(q.media))
        }
        self._planned = False

    def enqueue(self, waiting: Waiting) -> None:
        self._waiting[waiting.queue.id].append(waiting)
        self.look()

    def withdraw(self, waiting: Waiting) -> None:
        """Take a contact out of its queue, be it because nobody came or somebody did."""
        self._waiting[waiting.queue.id].remove(waiting)

    def look(self) -> None:
        """Look for matches once whatever happens now is over."""
        if not self._planned:
            self._planned = True
            self.timeline.after(1, self._match)

    def seat(self, desks: list[Desk]) -> None:
        """Say who is a member of which queue."""
        for desk in desks:
            for queue_id in desk.agent.queue_ids:
                self._members.setdefault(queue_id, []).append(desk)

    def idle(self, queue: Queue) -> Desk | None:
        """Return the member of a queue who could take a contact and is free longest."""
        return min(self._able(queue), key=lambda desk: desk.free_since, default=None)

    def _able(self, queue: Queue) -> list[Desk]:
        return [desk for desk in self._members[queue.id] if desk.can_take(queue.media)]

    def _match(self) -> None:
        self._planned = False
        for queue_waits in self._waiting.values():
            waits = [waiting for waiting in queue_waits if waiting.offered is None]
            able = self._able(waits[0].queue) if waits else []
            for waiting in waits:
                if not able:
                    break
                if self._try(waiting, able):
                    able = self._able(waiting.queue)

    def _try(self, waiting: Waiting, able: list[Desk]) -> bool:
        """Offer a contact to whoever is free longest, of those who have not passed it over."""
        willing = [desk for desk in able if desk.agent.id not in waiting.passed_over]
        desk = min(willing, key=lambda desk: desk.free_since, default=None)
        if desk:
            self._offer(waiting, desk)
        return desk is not None

    def _offer(self, waiting: Waiting, desk: Desk) -> None:
        work = waiting.contact.offer(waiting, desk)
        waiting.offered = work
        desk.take(work)
        luck = self._draw.random()
        low, high = _ANSWER[waiting.queue.media]
        reaction = self._draw.randrange(low * SECOND, high * SECOND)
        end: Callable[[], None]
        if waiting.queue.auto_answer:
            reaction = _AT_ONCE
            end = lambda: self._answered(waiting, work)  # noqa: E731
        elif luck < _DECLINED:
            end = lambda: self._refused(waiting, work, "nAgentDeclined")  # noqa: E731
        elif luck < _DECLINED + _UNANSWERED:
            reaction = ALERTING_TIMEOUT[waiting.queue.media] * SECOND
            end = lambda: self._refused(waiting, work, "tNotResponding")  # noqa: E731
        else:
            end = lambda: self._answered(waiting, work)  # noqa: E731
        work.later(reaction, end)

    def _answered(self, waiting: Waiting, work: Work) -> None:
        now = self.timeline.now
        ledger.disconnect(waiting.session, now, "transfer")
        waited = ledger.total(waiting.session, "tAcd")
        if waited > waiting.queue.answer_within:
            ledger.emit(waiting.session, "nOverSla", 1, now)
        ledger.enter(work.session, "interact", now)
        ledger.emit(work.session, "tAnswered", waited, now)
        self.withdraw(waiting)
        work.desk.connect(work)
        waiting.contact.answered(work)

    def _refused(self, waiting: Waiting, work: Work, why: str) -> None:
        now = self.timeline.now
        alerted = now - work.session.segments[0].start
        waiting.offered = None
        waiting.passed_over.add(work.desk.agent.id)
        work.disconnect("client" if why == "nAgentDeclined" else "system")
        ledger.emit(work.session, why, 1 if why.startswith("n") else alerted, now)
        if why == "tNotResponding":
            ledger.emit(work.session, "nAlertExpired", 1, now)
            work.desk.stop_responding()
        work.leave()
        if len(waiting.passed_over) >= _ENOUGH:
            waiting.passed_over.clear()
        self.look()

    def caller_left(self, waiting: Waiting) -> None:
        """End a wait because the customer hung up, and the alert that was out for it."""
        now = self.timeline.now
        self.withdraw(waiting)
        ledger.disconnect(waiting.session, now, "peer")
        ledger.emit(waiting.session, "tAbandon", now - waiting.session.segments[0].start, now)
        if waiting.offered:
            waiting.offered.disconnect("peer")
            waiting.offered.leave()
