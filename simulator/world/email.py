"""E-mail: slow, interruptible, parked, forgotten, and back days later in the same conversation."""

from simulator.world import ledger
from simulator.world.contact import Contact
from simulator.world.engine import DAY, MINUTE
from simulator.world.records import Cause, Sender, Session
from simulator.world.work import State, Work

_THREADING = 30 * DAY  # a reply within this joins the conversation
_ACTION_OVERLAP = 175  # ms by which the next session starts before a sent e-mail ends the last


class EmailContact(Contact):
    """One e-mail conversation."""

    media = "email"
    acw = (10, 60)
    _handing_over: Work | None = None  # the agent who waits for somebody to accept

    def begin(self) -> None:
        self.conversation.auto_generated = self.chance(0.03)
        self.customer_joins()
        self.customer_writes()
        if self.chance(0.5):
            flow = self.join(
                "workflow",
                "system",
                **self.flow("E-mail triage", "INBOUNDEMAIL"),
            )
            ledger.emit(flow, "nFlow", 1, self.now)
            self.timeline.after(self.seconds(1, 9), lambda: self._triaged(flow))
        else:
            self.enqueue(self.queue)
        self.timeline.after(self.around(4 * 3600), self._impatience)

    def _triaged(self, flow: Session) -> None:
        self.end_flow(flow, "transfer", "tFlowExit")
        if self.chance(0.4) and self.customer_session:
            self.write(Sender.AUTO_REPLY, self.customer_session)
        self.enqueue(self.queue)

    def converse(self, work: Work) -> None:
        self.choose(
            (0.06, lambda: work.do(self.around(90), lambda: self._transfer(work))),
            (0.04, lambda: work.do(self.around(80), lambda: self._forget(work))),
            (0.09, lambda: work.do(self.around(120), lambda: self._research(work))),
            (0.81, lambda: self._compose(work)),
        )

    def _compose(self, work: Work) -> None:
        """Read and write; the draft shows before the e-mail is sent."""
        work.do(self.around(100, spread=0.4), lambda: self._draft(work))

    def _draft(self, work: Work) -> None:
        if self.chance(0.3):
            self.write(Sender.DRAFT, work.session, work.desk.agent.id)
        work.do(self.around(300, spread=0.7), lambda: self._send(work))

    def _research(self, work: Work) -> None:
        """Put the e-mail on hold by hand to ask somebody."""
        work.release()
        work.put_on_hold(Cause.MANUAL)
        work.do(self.around(240), lambda: self._research_done(work))

    def _research_done(self, work: Work) -> None:
        work.end_hold()
        self._compose(work)

    def _transfer(self, work: Work) -> None:
        if self.chance(0.35):
            self._transfer_attended(work)
        else:
            self.transfer_blind(work, self.other_queue())

    def _transfer_attended(self, work: Work) -> None:
        """Stay connected until somebody of the other queue has accepted."""
        target = self.other_queue()
        self.enqueue(target, passed_over={work.desk.agent.id})
        self._handing_over = work

    def answered(self, work: Work) -> None:
        before, self._handing_over = self._handing_over, None
        super().answered(work)
        if before and before.connected:
            before.disconnect("transfer")
            ledger.emit(before.session, "nTransferred", 1, self.now)
            self.wrap_up(before)

    def _forget(self, work: Work) -> None:
        """Leave it lying about, to be found again much later, or never."""
        if self.chance(0.12):
            work.later(9 * DAY, lambda: self.cut_off(work, "system"))
        else:
            work.later(self.around(9 * 3600), lambda: self._compose(work))

    def _send(self, work: Work) -> None:
        self._discard_draft(work)
        self.write(Sender.AGENT, work.session, work.desk.agent.id)
        if work.queue and work.queue.multiple_actions:
            work = self._next_action(work)
        self._plan_reply()
        self.choose(
            (0.80, lambda: work.do(self.seconds(2, 20), lambda: self.hang_up(work))),
            (0.08, lambda: work.later(self.around(4 * 3600), lambda: self._close_quietly(work))),
            (0.12, lambda: work.park(self.around(9 * 3600), lambda: self._after_parking(work))),
        )

    def _next_action(self, work: Work) -> Work:
        """End the session with the sent e-mail; the next one has begun a moment before."""
        session = self.add_session(work.participant, queue_id=work.session.queue_id)
        following = self.work_on(work.desk, work.participant, session, work.queue)
        work.desk.take(following)
        work.desk.connect(following)
        self.timeline.after(_ACTION_OVERLAP, lambda: self._end_action(work))
        return following

    def _end_action(self, work: Work) -> None:
        work.disconnect("client")
        work.leave()

    def _discard_draft(self, work: Work) -> None:
        messages = self.conversation.messages
        if messages and messages[-1].sender is Sender.DRAFT:
            messages.pop()

    def _after_parking(self, work: Work) -> None:
        if self.chance(0.5):
            work.do(self.around(30), lambda: self.hang_up(work))
        else:
            self._compose(work)

    def _close_quietly(self, work: Work) -> None:
        """Close what needs no more answer, when there is time for it."""
        work.do(self.seconds(3, 25), lambda: self.hang_up(work))

    def shift_over(self, work: Work) -> None:
        """Give back to the queue, as often as not, what nobody would answer overnight."""
        unanswered = self.conversation.messages[-1].sender is Sender.CUSTOMER
        if work.state is State.LIVE and work.task and unanswered and self.chance(0.8):
            self.transfer_blind(work, self.queue)

    # -- the customer ------------------------------------------------------------------------
    def _plan_reply(self) -> None:
        if self.chance(0.38):
            delay = self.around(3 * 3600, spread=1.4)
            self.timeline.after(min(delay, 20 * DAY), self._reply)

    def _reply(self) -> None:
        work = self.active_work()
        if work is None and self.waiting is None and self.conversation.end is None:
            self.timeline.after(MINUTE, self._reply)  # after-call work is under way
        elif self.conversation.end and self.now - self.conversation.end <= _THREADING:
            self.come_back()
        elif self.conversation.end is None:
            self.customer_writes()
            if work and self.waiting is None:
                self._take_up(work)

    def _take_up(self, work: Work) -> None:
        """Answer a customer who wrote again while an agent had the e-mail."""
        if work.state is State.PARKED:
            work.unpark(lambda: self._compose(work))
        elif work.task is None:
            self._compose(work)

    def _impatience(self) -> None:
        """Ask again when nobody has answered yet."""
        unanswered = not any(m.sender is Sender.AGENT for m in self.conversation.messages)
        if unanswered and self.customer_session and self.chance(0.5):
            self.customer_writes()
            if self.chance(0.5):
                self.timeline.after(self.around(8 * 3600), self._impatience)
