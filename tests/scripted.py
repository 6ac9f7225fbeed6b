"""Contacts of a simulated centre that do what a test says, when it says so."""

from collections.abc import Callable

from simulator.world import World, ledger
from simulator.world.contact import Contact
from simulator.world.customers import Customer
from simulator.world.desk import Desk
from simulator.world.engine import SECOND
from simulator.world.organization import Queue
from simulator.world.records import Cause, Sender, Session
from simulator.world.work import Work

_OVERLAP = 175  # ms by which the session after a sent e-mail begins before its end


class Scripted(Contact):
    """One conversation. Its methods happen at once: at() says when."""

    def __init__(self, world: World, queue_name: str, customer: Customer) -> None:
        queue = next(each for each in world.organization.queues if each.name == queue_name)
        self.media = queue.media
        super().__init__(world.floor, queue, customer)
        self._start = world.floor.timeline.now
        self._acd: Session | None = None

    @property
    def id(self) -> str:
        return self.conversation.id

    def starts(self) -> None:
        """Count seconds from now on."""
        self._start = self.now

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Plan an action for so many seconds after the start."""
        self.timeline.at(self._start + round(seconds * SECOND), lambda: _do(action))

    def begin(self) -> None:
        """Do nothing: what happens is planned."""

    def converse(self, work: Work) -> None:
        """Do nothing: what happens is planned."""

    def arrives(self) -> None:
        self.customer_joins()
        self.customer_writes()
        self.waits()

    def waits(self, queue: Queue | None = None) -> None:
        self.queue = queue or self.queue
        self._acd = self.join("acd", queue_id=self.queue.id)
        ledger.emit(self._acd, "nOffered", 1, self.now)

    def rings(self, desk: Desk) -> None:
        desk.take(self.agent_joins(desk, self.queue, "alert"))

    def answers(self, desk: Desk) -> None:
        work = self.work_of(desk)
        if self._acd:
            ledger.disconnect(self._acd, self.now, "transfer")
            self._acd = None
        ledger.enter(work.session, "interact", self.now)
        desk.connect(work)

    def declines(self, desk: Desk, how: str = "client") -> None:
        work = self.work_of(desk)
        work.disconnect(how)
        work.leave()

    def transfers(self, desk: Desk, how: str = "transfer", acw: int = 5) -> None:
        """Leave the contact to whoever has it then; transfer says nothing of where it goes."""
        work = self.work_of(desk)
        work.disconnect(how)
        self._wraps_up(work, acw)

    def gives_back(self, desk: Desk) -> None:
        """Hand over to the queue, at once."""
        self.transfers(desk)
        self.waits()

    def holds(self, desk: Desk) -> None:
        self.work_of(desk).put_on_hold(Cause.CONSULT)

    def sends(self, desk: Desk) -> None:
        """Send an e-mail with multiple actions on: the next session begins before this one ends."""
        work = self.work_of(desk)
        self.write(Sender.AGENT, work.session, desk.agent.id)
        session = self.add_session(work.participant, queue_id=work.session.queue_id)
        following = self.work_on(desk, work.participant, session, work.queue)
        desk.take(following)
        desk.connect(following)
        self.timeline.after(_OVERLAP, lambda: _do(lambda: self._sent(work)))

    def hangs_up(self, desk: Desk, acw: int = 5) -> None:
        work = self.work_of(desk)
        work.disconnect("client")
        self.customer_leaves("peer")
        self._wraps_up(work, acw)

    def leaves_queue(self) -> None:
        """Let the customer go before anybody came."""
        if self._acd:
            ledger.disconnect(self._acd, self.now, "peer")
        self.customer_leaves("endpoint")
        self.end_if_over()

    def returns(self) -> None:
        """Let the customer write again after the end."""
        self.conversation.end = None
        self.arrives()

    def work_of(self, desk: Desk) -> Work:
        """Return what an agent has in hand of this contact: the latest of it."""
        return next(work for work in reversed(self.works) if work.desk is desk)

    def _sent(self, work: Work) -> None:
        work.disconnect("client")
        work.leave()

    def _wraps_up(self, work: Work, seconds: int) -> None:
        code = self.floor.organization.wrap_up_codes[0]
        work.wrap_up(seconds * SECOND, code=code.id)


def _do(action: Callable[[], object]) -> None:
    action()
