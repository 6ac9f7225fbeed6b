"""How an agent's session stands, out of what the conversation service tells."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from integrations.errors import MalformedAnswerError, NotFoundError
from integrations.genesys import standing

AT = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


class Told:
    """Who answers a question with what a test has; None: not found."""

    def __init__(self, body: dict[str, Any] | None) -> None:
        self.body = body

    def clock(self) -> datetime:
        return AT

    def read(self, path: str, shape: Any) -> Any:
        if self.body is None:
            raise NotFoundError(path)
        return msgspec.convert(self.body, shape)


def seen(body: dict[str, Any] | None) -> standing.Standing:
    return standing.of(Told(body), "c1", "s1")  # type: ignore[arg-type]


def live(*participants: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c1", "participants": list(participants)}


@pytest.mark.parametrize("medium", ["emails", "messages"])
@pytest.mark.parametrize(
    ("session", "stands"),
    [
        ({"state": "connected"}, "connected"),
        ({"state": "connected", "held": True}, "connected"),
        ({"state": "parked"}, "connected"),
        ({"state": "alerting"}, "neither"),
        ({"state": None}, "neither"),
        ({"state": "disconnected"}, "over"),
        ({"state": "terminated"}, "over"),
        ({"state": "connected", "disconnectedTime": "2026-03-27T16:44:00.000Z"}, "over"),
    ],
)
def test_only_what_is_certain_is_connected_or_over(
    medium: str, session: dict[str, Any], stands: str
) -> None:
    agent = {"purpose": "agent", medium: [{"id": "s0"}, {"id": "s1", **session}]}
    found = seen(live({"purpose": "customer"}, agent))

    assert (found.connected, found.over) == (stands == "connected", stands == "over")
    assert found.told["at"] == "2026-03-27T16:45:00.000Z"


def test_what_is_not_there_any_more_is_over() -> None:
    assert seen(None).told["state"] == standing.GONE
    assert seen(live()).told["state"] == standing.ABSENT
    assert (seen(None).over, seen(live()).over) == (True, True)


@pytest.mark.parametrize("body", [{}, {"id": "c2"}, {"id": None, "participants": []}])
def test_what_is_not_this_conversation_tells_nothing(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswerError, match="not this conversation"):
        seen(body)


def test_where_it_waits_and_when_it_ended_are_told_along() -> None:
    waits = {"purpose": "acd", "queueId": "q1", "emails": [{"id": "s2", "state": "connected"}]}
    before = {"purpose": "acd", "queueId": "q0", "emails": [{"id": "s3", "state": "disconnected"}]}
    ended = {"state": "disconnected", "disconnectedTime": "2026-03-27T16:44:59.500Z"}
    found = seen(live({"purpose": "agent", "emails": [{"id": "s1", **ended}]}, before, waits))

    assert found.told["queued"] == "q1"
    assert found.ended_at == datetime(2026, 3, 27, 16, 44, 59, 500_000, UTC)
