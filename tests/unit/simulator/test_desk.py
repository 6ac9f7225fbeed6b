"""What an agent attends to, and what goes on hold meanwhile."""

from random import Random

import pytest

from simulator.world import ledger
from simulator.world.desk import Desk
from simulator.world.engine import MINUTE, SECOND, Timeline
from simulator.world.organization import Agent
from simulator.world.records import Cause, Conversation, Hold, Participant, Session
from simulator.world.work import State, Work


class Nobody:
    """An owner that wants nothing."""

    def closed(self, work: Work) -> None: ...
    def shift_over(self, work: Work) -> None: ...


class Office:
    """One agent at a desk, to whom works are given."""

    def __init__(self) -> None:
        self.timeline = Timeline(0)
        agent = Agent("u", "Ada", "ada@harbour.example", "d", (), (8, 16), ())
        self.desk = Desk(self.timeline, agent, Random(1), lambda: None)
        self.desk.begin_shift()
        self.done: list[tuple[str, int]] = []

    def give(self, name: str, media: str, length: int) -> Work:
        """Hand the agent a session that takes so many ms of attention."""
        session = Session(f"s-{name}", "agent", media)
        conversation = Conversation(
            name, media, self.timeline.now, "inbound", ["d"], "c", "c@x.example", "o@x.example"
        )
        participant = Participant(f"p-{name}", "agent", user_id="u", sessions=[session])
        ledger.enter(session, "interact", self.timeline.now)
        work = Work(
            self.timeline,
            self.desk,
            conversation,
            participant,
            session,
            None,
            order=len(self.desk.works),
            owner=Nobody(),
        )
        self.desk.take(work)
        self.desk.connect(work)
        work.do(length, lambda: self.finish(work))
        return work

    def finish(self, work: Work) -> None:
        self.done.append((work.conversation.id, self.timeline.now))
        work.disconnect("client")
        work.wrap_up(30 * SECOND, code="w")

    def holds(self, work: Work) -> list[Hold]:
        return work.conversation.holds


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_call_holds_an_email_until_its_after_call_work_is_over_and_the_agent_is_back(
    office: Office,
) -> None:
    email = office.give("email", "email", 5 * MINUTE)
    office.timeline.run_until(MINUTE)
    call = office.give("call", "voice", 3 * MINUTE)
    office.timeline.run_until(60 * MINUTE)

    (hold,) = office.holds(email)
    assert (hold.cause, hold.start) == (Cause.INTERRUPTED, MINUTE)
    assert (hold.by_conversation_id, hold.by_session_id) == ("call", call.session.id)
    after_call_work = 4 * MINUTE + 30 * SECOND
    assert hold.end is not None
    lag = hold.end - after_call_work
    assert 3 * SECOND <= lag < 45 * SECOND
    assert office.done == [("call", 4 * MINUTE), ("email", hold.end + 4 * MINUTE)]


def test_a_second_email_waits_on_hold_for_the_first(office: Office) -> None:
    office.give("first", "email", 2 * MINUTE)
    office.timeline.run_until(MINUTE)
    second = office.give("second", "email", MINUTE)
    office.timeline.run_until(60 * MINUTE)
    (hold,) = office.holds(second)
    assert (hold.cause, hold.by_conversation_id) == (Cause.SWITCHED, "first")
    assert [name for name, _ in office.done] == ["first", "second"]


def test_messages_go_on_beside_each_other_but_not_beside_a_call(office: Office) -> None:
    one, two = office.give("one", "message", MINUTE), office.give("two", "message", MINUTE)
    office.timeline.run_until(10 * SECOND)
    assert not office.holds(one)
    assert not office.holds(two)
    office.give("call", "voice", MINUTE)
    assert [office.holds(work)[0].cause for work in (one, two)] == [Cause.INTERRUPTED] * 2


def test_a_break_holds_what_can_wait_and_carries_a_chat_on(office: Office) -> None:
    chat = office.give("chat", "chat", 2 * MINUTE)
    message = office.give("message", "message", 5 * MINUTE)
    office.desk.begin_break()
    office.timeline.run_until(MINUTE)
    assert not office.holds(chat)
    assert office.holds(message)[0].cause is Cause.BREAK
    office.timeline.run_until(2 * MINUTE)
    assert office.done == [("chat", 2 * MINUTE)]


def test_work_on_hold_loses_no_time_and_gains_none(office: Office) -> None:
    office.give("email", "email", 10 * MINUTE)
    for start in (1, 4, 9):
        office.timeline.run_until(start * MINUTE)
        office.give(f"call {start}", "voice", MINUTE)
    office.timeline.run_until(120 * MINUTE)
    email = office.done[-1]
    assert email[0] == "email"
    away = 3 * (MINUTE + 30 * SECOND)
    assert 10 * MINUTE + away < email[1] < 10 * MINUTE + away + 3 * 45 * SECOND


@pytest.mark.parametrize(
    ("busy_with", "offered", "takes"),
    [
        ("email", "voice", True),
        ("email", "message", True),
        ("email", "email", True),
        ("message", "email", False),
        ("message", "voice", True),
        ("chat", "voice", False),
        ("chat", "chat", True),
        ("voice", "voice", False),
        ("voice", "email", False),
    ],
)
def test_an_agent_takes_what_may_interrupt_and_what_capacity_allows(
    office: Office, busy_with: str, offered: str, *, takes: bool
) -> None:
    office.give("busy", busy_with, MINUTE)
    assert office.desk.can_take(offered) is takes


def test_parking_frees_the_agent_and_keeps_the_work(office: Office) -> None:
    message = office.give("message", "message", MINUTE)
    message.park(10 * MINUTE, lambda: message.do(MINUTE, lambda: office.finish(message)))
    assert office.desk.can_take("chat")
    office.timeline.run_until(10 * MINUTE)
    assert message.state is State.LIVE
    office.timeline.run_until(11 * MINUTE)
    assert office.done == [("message", 11 * MINUTE)]
    assert [s.segment_type for s in message.session.segments] == ["parked", "interact", "wrapup"]


def test_nobody_is_offered_anything_before_the_shift_and_after_it(office: Office) -> None:
    assert office.desk.can_take("email")
    office.desk.end_shift()
    assert not office.desk.can_take("email")
    office.desk.begin_shift()
    office.desk.stop_responding()
    assert not office.desk.can_take("email")
    office.timeline.run_until(5 * MINUTE)
    assert office.desk.can_take("email")
