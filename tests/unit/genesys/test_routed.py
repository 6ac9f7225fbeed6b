"""How a conversation entered a queue: its priority and label stand in one event alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from conversations.domain.live import Routed
from integrations.genesys import proofs
from tests.heard import heard

ID = "0a1b2c3d-0000-4000-8000-00000000000a"
AT = datetime(2026, 3, 27, 16, 45, 1, 5000, tzinfo=UTC)
BODY = {
    "eventTime": 1774629901005,
    "conversationId": ID,
    "participantId": "p",
    "sessionId": "s",
    "mediaType": "EMAIL",
    "queueId": "q",
    "routingPriority": 7,
    "utilizationLabel": "VIP",
}

NO_PRIORITIES: tuple[Any, ...] = (2**31, -(2**31), "high", "1.5", "", "NOT_SET", True, [], {})


def routed(kind: str = "acd.start", **fields: Any) -> Routed | None:
    topic = f"v2.detail.events.conversation.{ID}.{kind}"
    return proofs.of(heard(topic, BODY | fields)).routed


def test_entering_a_queue_tells_priority_and_label() -> None:
    assert routed() == Routed(ID, AT, 7, "VIP")


@pytest.mark.parametrize(
    "kind", ["acd.end", "customer.start", "user.start", "user.end", "flow.start", "acw", "wrapup"]
)
def test_nothing_else_tells_them(kind: str) -> None:
    assert routed(kind) is None


@pytest.mark.parametrize(
    ("told", "priority"),
    [
        (0, 0),
        (-5, -5),
        ("25000000", 25_000_000),
        (2**31 - 1, 2**31 - 1),
        *((odd, None) for odd in NO_PRIORITIES),
    ],
)
def test_a_priority_that_is_no_whole_number_of_the_columns_is_none(
    told: Any, priority: int | None
) -> None:
    assert routed(routingPriority=told) == Routed(ID, AT, priority, "VIP")


@pytest.mark.parametrize(
    ("told", "label"), [(None, ""), ("NOT_SET", ""), ("x" * 101, "x" * 100), (" a b ", "a b")]
)
def test_a_label_is_a_text_that_fits_its_column(told: Any, label: str) -> None:
    assert routed(utilizationLabel=told) == Routed(ID, AT, 7, label)


def test_without_both_it_is_still_known_that_it_was_routed() -> None:
    assert routed(routingPriority=None, utilizationLabel=None) == Routed(ID, AT, None, "")


def test_without_an_instant_or_a_conversation_nothing_is_known_of_it() -> None:
    assert routed(eventTime=None) is None
    body = BODY | {"conversationId": ""}
    nameless = proofs.of(heard("v2.detail.events.conversation.acd.start", body))
    assert nameless.routed is None
