"""Messages (WhatsApp, SMS, web, open): turns of minutes or hours, several at once per agent."""

from simulator.world import ledger
from simulator.world.contact import Contact
from simulator.world.engine import HOUR, MINUTE, SECOND
from simulator.world.records import Sender, Session
from simulator.world.work import State, Work

_THREADING = 72 * HOUR  # a message within this joins the conversation
_INACTIVITY = 10 * HOUR  # then the platform disconnects


class MessageContact(Contact):
    """One conversation by messages."""

    media = "message"
    acw = (5, 40)

    def begin(self) -> None:
        self.customer_joins()
        self.customer_writes()
        if self.queue.message_type in {"webmessaging", "whatsapp"}:
            self._greet_by_bot()
        else:
            self.enqueue(self.queue)
        self.timeline.after(self.around(15 * 60), self._impatience)

    def _greet_by_bot(self) -> None:
        bot = self.join(
            "botflow",
            **self.flow("Welcome bot", "DIGITALBOT"),
        )
        ledger.emit(bot, "nFlow", 1, self.now)
        self.timeline.after(self.seconds(1, 3), lambda: self.write(Sender.BOT, bot))
        self.timeline.after(self.seconds(10, 40), self.customer_writes)
        self.timeline.after(self.seconds(41, 60), lambda: self._bot_done(bot))

    def _bot_done(self, bot: Session) -> None:
        self.write(Sender.BOT, bot)
        self.end_flow(bot, "transfer", "tFlowExit")
        self.enqueue(self.queue)

    def converse(self, work: Work) -> None:
        if self.chance(0.05):
            work.do(self.around(60), lambda: self.transfer_blind(work, self.other_queue()))
        else:
            self._compose(work)

    def _compose(self, work: Work) -> None:
        work.do(self.around(55, spread=0.7), lambda: self._send(work))

    def _send(self, work: Work) -> None:
        self._emit_response_time(work)
        self.write(Sender.AGENT, work.session, work.desk.agent.id)
        self.choose(
            (0.71, lambda: self._expect_reply(self._reply_delay())),
            (0.20, lambda: work.later(self.seconds(20, 240), lambda: self._close_quietly(work))),
            (0.05, lambda: work.park(self.around(4 * 3600), lambda: self._compose(work))),
            (0.04, lambda: self._expect_reply(self.around(4 * 3600, spread=1.2))),
        )
        work.later(_INACTIVITY, lambda: self._inactive(work))

    def _expect_reply(self, delay: int) -> None:
        self.timeline.after(delay, self._reply)

    def _emit_response_time(self, work: Work) -> None:
        asked = [m.at for m in self.conversation.messages if m.sender is Sender.CUSTOMER]
        ledger.emit(work.session, "tAgentResponseTime", self.now - asked[-1], self.now)

    def _reply_delay(self) -> int:
        low, high = self.draw.choice(((15, 90), (15, 120), (20, 180), (30, 600), (300, 5400)))
        return self.seconds(low, high)

    def _close_quietly(self, work: Work) -> None:
        if work.task is None and work.state is State.LIVE:
            work.do(self.seconds(2, 15), lambda: self._hang_up(work))

    def _hang_up(self, work: Work) -> None:
        self.hang_up(work)
        if self.chance(0.12):
            self.timeline.after(self.around(8 * 3600, spread=1.2), self._reply)

    def _inactive(self, work: Work) -> None:
        """Let the platform disconnect when nobody wrote for long."""
        silent = self.now - self.conversation.messages[-1].at
        last = self.conversation.messages[-1].sender
        idle = work.state is State.LIVE and self.waiting is None
        if silent >= _INACTIVITY and last is Sender.AGENT and idle:
            self.cut_off(work, "inactivity")

    def shift_over(self, work: Work) -> None:
        """Leave nobody waiting: who waits goes back to the queue, of the rest half is closed."""
        if work.state is not State.LIVE:
            return
        if work.task:
            self.transfer_blind(work, self.queue)
        elif self.chance(0.5):
            self._hang_up(work)

    # -- the customer ------------------------------------------------------------------------
    def _reply(self) -> None:
        ended = self.conversation.end
        if ended is not None:
            if self.now - ended <= _THREADING:
                self.come_back()
            return
        if self.customer_session is None:
            self.timeline.after(MINUTE, self._reply)
            return
        self.customer_writes()
        if self.chance(0.25):
            self.timeline.after(self.seconds(3, 40), self.customer_writes)
        work = self.active_work()
        if work and self.waiting is None:
            self._take_up(work)

    def _take_up(self, work: Work) -> None:
        if work.state is State.PARKED:
            work.unpark(lambda: self._compose(work))
        elif work.task is None:
            self._compose(work)

    def _impatience(self) -> None:
        """Write again, or go away, when no agent has come yet."""
        if self.waiting is None:
            return
        if self.chance(0.15):
            self.gives_up_waiting("client")
        else:
            self.customer_writes()
            self.timeline.after(self.around(3600) + SECOND, self._impatience)
