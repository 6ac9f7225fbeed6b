"""Registering extension code: what cannot work is told when it is imported."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from conversations import events
from conversations.domain.events import Name
from conversations.domain.typed import event_of, key_of
from conversations.events import (
    EVENTS,
    HANDLERS,
    AgentConnected,
    AgentTransfers,
    ConversationEnded,
    Event,
    ExtensionError,
    HoldStarted,
    SlaBreached,
    Timing,
    on,
)
from integrations.domain.delivery import Told

AT = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = dict(HANDLERS)
    yield
    HANDLERS.clear()
    HANDLERS.update(before)


def good(event: AgentTransfers | HoldStarted) -> None:
    """Do what is right.

    And no more.
    """


def of_no_annotation(event) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    pass


def of_any(event: Event) -> None:
    pass


def without() -> None:
    pass


def with_more(event: Event, other: int) -> None:
    pass


def of_text(event: str) -> None:
    pass


async def later(event: Event) -> None:
    pass


def bit_by_bit(event: Event) -> Iterator[None]:
    yield


class Of:
    def method(self, event: Event) -> None:
        pass


def test_a_handler_is_known_by_where_it_stands() -> None:
    assert on(AgentTransfers, HoldStarted)(good) is good

    (found,) = events.handlers(Timing.AFTER_COMMIT)
    assert found.name == f"{__name__}.good"
    assert found.topics == ["agent.transferred", "hold.started"]
    assert (found.about, found.corrections) == ("Do what is right.", False)
    assert events.handlers(Timing.IN_TRANSACTION) == []


@pytest.mark.parametrize("handler", [of_no_annotation, of_any])
def test_what_it_takes_need_not_be_said_exactly(handler: Callable[[Any], None]) -> None:
    on(*EVENTS, timing=Timing.IN_TRANSACTION)(handler)

    (found,) = events.handlers(Timing.IN_TRANSACTION)
    assert found.events == EVENTS


@pytest.mark.parametrize(
    ("told", "handler", "why"),
    [
        ((), good, "names no event: name some of ConversationCreated, "),
        ((str,), good, r"@on\(str\): that is no Common Event"),
        ((Event,), good, r"@on\(Event\): that is no Common Event"),
        (("agent.transferred",), good, r"@on\('agent.transferred'\): that is no Common Event"),
        ((good,), good, r"@on\(good\): that is no Common Event"),
        ((AgentTransfers,), without, "without must take one argument: the event"),
        ((AgentTransfers,), with_more, "with_more must take one argument: the event"),
        ((AgentTransfers,), of_text, "of_text is called with AgentTransfers, which it does not"),
        ((AgentTransfers, SlaBreached), good, "good is called with SlaBreached, which it does not"),
        ((AgentTransfers,), later, "later is no plain function"),
        ((AgentTransfers,), bit_by_bit, "bit_by_bit is no plain function"),
        ((AgentTransfers,), Of.method, "method must take one argument"),
        ((AgentTransfers,), Of().method, "write it before a module's function"),
        ((AgentTransfers,), lambda _: None, "write it before a module's function"),
        ((AgentTransfers,), print, "write it before a module's function"),
    ],
)
def test_what_cannot_work_is_refused(told: Any, handler: Any, why: str) -> None:
    with pytest.raises(ExtensionError, match=why):
        on(*told)(handler)
    assert HANDLERS == {}


def test_a_function_is_registered_once_and_bears_no_longer_name_than_a_destination(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on(AgentTransfers)(good)
    with pytest.raises(ExtensionError, match="good is registered twice"):
        on(HoldStarted)(good)

    monkeypatch.setattr(of_any, "__module__", "m" * 100)
    with pytest.raises(ExtensionError, match="longer than 100"):
        on(AgentTransfers)(of_any)


def test_every_common_event_has_a_type() -> None:
    assert [event.name for event in EVENTS] == [Name(event.name) for event in EVENTS]
    assert {event.name for event in EVENTS} == set(Name)


def test_an_event_is_made_of_what_its_row_tells() -> None:
    about = {"sessionId": "s1", "userId": "u1", "queueId": "q1", "consult": "true", "new": "1"}
    told = {"conversationId": "c1", "subject": "s1", "at": AT.isoformat(), "recordedAt": AT}

    assert event_of("agent.connected", about, **told) == AgentConnected(
        key="c1:agent.connected:s1",
        conversation_id="c1",
        at=AT,
        recorded_at=AT,
        queue_id="q1",
        session_id="s1",
        user_id="u1",
        consult=True,
    )


def test_what_an_event_is_about_has_a_name_of_its_own() -> None:
    told = {"conversationId": "c1", "at": AT, "recordedAt": AT, "revision": 2}
    ended = event_of("conversation.ended", {}, subject="3", **told)
    assert isinstance(ended, ConversationEnded)
    assert (ended.number, ended.revision) == (3, 2)

    hold = event_of("hold.started", {}, subject="s1@7", **told)
    assert isinstance(hold, HoldStarted)
    assert hold.hold_id == "s1@7"

    clock = {"clock": "resolution", "startedAt": AT.isoformat(), "targetS": "60", "dueAt": ""}
    with pytest.raises(msgspec.ValidationError):
        event_of("sla.breached", clock, subject="resolution@7", **told)
    breached = event_of("sla.breached", clock | {"dueAt": AT.isoformat()}, subject="x", **told)
    assert isinstance(breached, SlaBreached)
    assert (breached.target_s, breached.due_at, breached.started_at) == (60, AT, AT)


def test_an_event_cannot_be_changed() -> None:
    event = event_of("agent.connected", {}, conversationId="c", subject="", at=AT, recordedAt=AT)
    with pytest.raises(AttributeError):
        event.at = AT  # type: ignore[misc]


def test_its_key_is_that_of_its_deliveries() -> None:
    told = Told(1, "agent.connected", "s1", AT, AT, "c1", {})
    assert told.key == key_of("c1", "agent.connected", "s1")
