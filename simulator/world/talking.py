"""Calls, chats and callbacks: somebody waits on the line until it is over."""

from simulator.world import ledger
from simulator.world.contact import Contact
from simulator.world.desk import Desk
from simulator.world.records import Cause, Session
from simulator.world.work import Work


class VoiceContact(Contact):
    """An inbound call."""

    media = "voice"
    acw = (12, 110)
    patience = 170  # seconds

    def begin(self) -> None:
        self.customer_joins()
        menu = self.join(
            "ivr",
            "ivr",
            **self.flow("Main menu", "INBOUNDCALL"),
        )
        ledger.emit(menu, "nFlow", 1, self.now)
        leaves = self.chance(0.07) or not self.floor.is_open(self.queue)
        then = self._left_in_menu if leaves else self._through_menu
        self.timeline.after(self.seconds(12, 75), lambda: then(menu))

    def _left_in_menu(self, menu: Session) -> None:
        menu.flow_exit = "DISCONNECT"
        self.end_flow(menu, "peer", "tFlowDisconnect")
        self.customer_leaves("endpoint")
        self.end_if_over()

    def _through_menu(self, menu: Session) -> None:
        self.end_flow(menu, "transfer", "tFlowExit")
        self.enqueue(self.queue)
        self.timeline.after(self.around(self.patience), self._lose_patience)

    def _lose_patience(self) -> None:
        if self.waiting and not self.waiting.offered:
            self.gives_up_waiting("endpoint")

    def converse(self, work: Work) -> None:
        """Talk, with a hold now and then; then end, or hand over."""
        talk = self.around(150)
        self.choose(
            (0.30, lambda: work.do(talk, lambda: self._hold(work))),
            (0.07, lambda: work.do(talk, lambda: self.transfer_blind(work, self.other_queue()))),
            (0.05, lambda: work.do(talk, lambda: self._consult(work))),
            (0.58, lambda: work.do(self.around(230), lambda: self._end(work))),
        )

    def _hold(self, work: Work) -> None:
        work.put_on_hold(Cause.MANUAL)
        work.do(self.around(60), lambda: self._off_hold(work))

    def _off_hold(self, work: Work) -> None:
        if self.chance(0.03):  # the caller hangs up on hold
            self._end(work, agent="peer", customer="endpoint")
            return
        work.end_hold()
        then = self._hold if self.chance(0.2) else self._end
        work.do(self.around(100), lambda: then(work))

    def _end(self, work: Work, agent: str = "", customer: str = "") -> None:
        by_customer = self.chance(0.6)
        self.hang_up(
            work,
            agent=agent or ("peer" if by_customer else "client"),
            customer=customer or ("endpoint" if by_customer else "peer"),
        )

    # -- consult transfer --------------------------------------------------------------------
    def _consult(self, work: Work) -> None:
        """Hold the caller, ask a colleague, and leave the call to that colleague."""
        colleague = self.floor.routing.idle(self.queue)
        if colleague is None:
            self._end(work)
            return
        work.put_on_hold(Cause.CONSULT)
        consulted = self.agent_joins(colleague, work.queue, "alert")
        colleague.take(consulted)
        self.timeline.after(self.seconds(3, 9), lambda: self._consult_answered(work, consulted))

    def _consult_answered(self, work: Work, consulted: Work) -> None:
        ledger.enter(consulted.session, "interact", self.now)
        ledger.emit(work.session, "nConsult", 1, self.now)
        consulted.desk.connect(consulted)
        consulted.do(self.around(70), lambda: self._consult_done(work, consulted))

    def _consult_done(self, work: Work, consulted: Work) -> None:
        for name in ("nTransferred", "nConsultTransferred"):
            ledger.emit(work.session, name, 1, self.now)
        work.disconnect("consultTransfer")
        self.wrap_up(work)
        consulted.do(self.around(140), lambda: self._end(consulted))


class ChatContact(VoiceContact):
    """A web chat: like a call, but it waits for nothing and interrupts e-mail."""

    media = "chat"
    acw = (5, 45)
    patience = 240

    def begin(self) -> None:
        self.customer_joins()
        self.enqueue(self.queue)
        self.timeline.after(self.around(self.patience), self._lose_patience)

    def converse(self, work: Work) -> None:
        if self.chance(0.06):
            work.do(self.around(120), lambda: self.transfer_blind(work, self.other_queue()))
        else:
            work.do(self.around(420), lambda: self._end(work))


class OutboundContact(VoiceContact):
    """A call that an agent makes, for a queue or on the agent's own account."""

    direction = "outbound"
    customer_purpose = "external"

    def call(self, desk: Desk, *, for_queue: bool) -> None:
        """Let an agent call the customer."""
        work = self.agent_joins(desk, self.queue if for_queue else None, "contacting")
        desk.take(work)
        ledger.emit(work.session, "nOutbound", 1, self.now)
        desk.connect(work)
        work.do(self.seconds(1, 3), lambda: self._dial(work))

    def begin(self) -> None:
        """Nothing happens until somebody calls."""

    def _dial(self, work: Work) -> None:
        ledger.enter(work.session, "dialing", self.now)
        then = self._picked_up if self.chance(0.65) else self._no_answer
        work.do(self.seconds(5, 30), lambda: then(work))

    def _no_answer(self, work: Work) -> None:
        work.disconnect("timeout")
        work.leave()

    def _picked_up(self, work: Work) -> None:
        ledger.enter(work.session, "interact", self.now)
        self.customer_joins()
        if self.customer_session:
            work.session.peer_id = self.customer_session.id
        work.do(self.around(160), lambda: self._end(work))

    def hang_up(self, work: Work, *, agent: str = "client", customer: str = "peer") -> None:
        work.disconnect(agent)
        self.customer_leaves(customer)
        if work.queue:
            self.wrap_up(work)
        else:
            work.leave()


class CallbackContact(Contact):
    """A callback that was asked for: it is offered like any contact, then the agent dials."""

    media = "callback"
    acw = (10, 80)
    _call: Session | None = None

    def begin(self) -> None:
        self.customer_joins()
        if self.chance(0.04):
            self._stuck()
            return
        self.timeline.after(self.seconds(5, 900), lambda: self.enqueue(self.queue))

    def _stuck(self) -> None:
        """Wait for ever: the customer's leg is never cleaned up, as it happens."""
        leg = self.join(self.customer_purpose)
        leg.segments[-1].source_conversation_id = self.floor.new_id()

    def converse(self, work: Work) -> None:
        work.do(self.seconds(10, 60), lambda: self._dial(work))

    def _dial(self, work: Work) -> None:
        """Open the call as a second session of the same agent."""
        call = self.add_session(
            work.participant,
            "dialing",
            media="voice",
            provider="Edge",
            direction="outbound",
            queue_id=work.session.queue_id,
        )
        self._call = call
        then = self._talk if self.chance(0.7) else self._end
        work.do(self.seconds(6, 25), lambda: then(work))

    def _talk(self, work: Work) -> None:
        if self._call:
            ledger.enter(self._call, "interact", self.now)
        work.do(self.around(200), lambda: self._end(work))

    def _end(self, work: Work) -> None:
        if self._call:
            ledger.disconnect(self._call, self.now, "peer")
            ledger.settle(self._call, self.now)
        work.disconnect("peer")
        self.customer_leaves("endpoint")
        self.wrap_up(work)
