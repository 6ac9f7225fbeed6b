"""A contact: what the ways of all media have in common, from the first segment to the last."""

from abc import ABC, abstractmethod

from simulator.world import ledger
from simulator.world.customers import Customer
from simulator.world.desk import Desk
from simulator.world.floor import Floor
from simulator.world.organization import Queue
from simulator.world.parties import Parties
from simulator.world.records import Participant, Session
from simulator.world.routing import Waiting
from simulator.world.work import Attendant, State, Work


class Contact(Parties, ABC):
    """One conversation on its way through the centre."""

    acw = (8, 70)  # seconds of after-call work, from and below

    def __init__(self, floor: Floor, queue: Queue, customer: Customer) -> None:
        super().__init__(floor, queue, customer)
        self.waiting: Waiting | None = None
        self.works: list[Work] = []

    @abstractmethod
    def begin(self) -> None:
        """Let the first thing happen."""

    @abstractmethod
    def converse(self, work: Work) -> None:
        """Go on with an agent who answered."""

    def answered(self, work: Work) -> None:
        """Leave the queue for an agent."""
        self.waiting = None
        self.converse(work)

    # -- queue and agents --------------------------------------------------------------------
    def enqueue(self, queue: Queue, *, passed_over: set[str] | None = None) -> None:
        """Put the contact into a queue."""
        self.queue = queue
        if queue.division_id not in self.conversation.division_ids:
            self.conversation.division_ids.append(queue.division_id)
        session = self.join("acd", queue_id=queue.id)
        ledger.emit(session, "nOffered", 1, self.now)
        self.waiting = Waiting(self, queue, session, passed_over or set())
        self.floor.routing.enqueue(self.waiting)

    def offer(self, waiting: Waiting, desk: Desk) -> Work:
        """Make the session that alerts at an agent."""
        return self.agent_joins(desk, waiting.queue, "alert")

    def agent_joins(self, desk: Desk, queue: Queue | None, segment_type: str) -> Work:
        """Add an agent as a participant with a session of its own."""
        purpose = "agent" if queue else "user"
        session = self.join(purpose, segment_type, queue_id=queue.id if queue else "")
        participant = self.conversation.participants[-1]
        participant.user_id = desk.agent.id
        return self.work_on(desk, participant, session, queue)

    def work_on(
        self, desk: Attendant, participant: Participant, session: Session, queue: Queue | None
    ) -> Work:
        """Make a work of an agent's session."""
        work = Work(
            self.timeline,
            desk,
            self.conversation,
            participant,
            session,
            queue,
            order=self.floor.next_number(),
            owner=self,
        )
        self.works.append(work)
        return work

    def gives_up_waiting(self, how: str) -> None:
        """Leave the queue without having met anybody."""
        if self.waiting:
            waiting, self.waiting = self.waiting, None
            self.customer_leaves(how)
            self.floor.routing.caller_left(waiting)
            self.end_if_over()

    def wrap_up(self, work: Work) -> None:
        """Begin the after-call work of a session that was disconnected."""
        code = self.draw.choice(self.floor.organization.wrap_up_codes)
        note = "Called back as agreed" if self.chance(0.1) else ""
        work.wrap_up(self.seconds(*self.acw), code=code.id, note=note)

    def hang_up(self, work: Work, *, agent: str = "client", customer: str = "peer") -> None:
        """End the conversation for agent and customer; the agent goes into after-call work."""
        work.disconnect(agent)
        self.customer_leaves(customer)
        self.wrap_up(work)

    def cut_off(self, work: Work, how: str) -> None:
        """Let the platform end the conversation: nobody is there to do after-call work."""
        work.disconnect(how)
        self.customer_leaves(how)
        work.leave()

    def come_back(self) -> None:
        """Go on with a conversation that had ended: its end moves."""
        self.conversation.end = None
        self.floor.conversations[self.conversation.id] = self.conversation  # forgotten or not
        self.customer_joins()
        self.customer_writes()
        self.enqueue(self.queue)

    def transfer_blind(self, work: Work, queue: Queue) -> None:
        """Hand the contact over to another queue."""
        now = self.now
        work.disconnect("transfer")
        ledger.emit(work.session, "nTransferred", 1, now)
        ledger.emit(work.session, "nBlindTransferred", 1, now)
        self.enqueue(queue, passed_over={work.desk.agent.id})
        self.wrap_up(work)

    def other_queue(self) -> Queue:
        """Pick another queue of the same medium; where there is none, the same."""
        others = self.floor.queues(self.media, besides=self.queue)
        return self.draw.choice(others) if others else self.queue

    # -- the end -----------------------------------------------------------------------------
    def end_if_over(self) -> None:
        """End the conversation when its last session has ended: at its last segment's end."""
        sessions = self.conversation.sessions
        if all(session.open_segment is None for session in sessions):
            ends = [segment.end or 0 for session in sessions for segment in session.segments]
            self.conversation.end = max(ends)
            self.over()

    def over(self) -> None:
        """Let follow what follows a conversation's end: surveys, evaluations, corrections."""
        self.floor.feedback.follow(self.conversation)
        self.floor.corrections.follow(self.conversation)

    def active_work(self) -> Work | None:
        """Return the work of the agent who has the contact in hand, if one has."""
        return next((w for w in self.works if w.state in {State.LIVE, State.PARKED}), None)

    def closed(self, work: Work) -> None:
        """Forget a work that is done."""
        self.works.remove(work)
        self.end_if_over()

    def shift_over(self, work: Work) -> None:
        """Do what is to be done when the agent goes home: most contacts just stay."""
        return
