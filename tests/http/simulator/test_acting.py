"""Ending an agent's part of a conversation: accepted, so a moment later, refused when over."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
import requests

from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World
from simulator.world.customers import meet
from tests.scripted import Scripted

NOW = datetime(2026, 3, 26, 9, tzinfo=UTC)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(World(seed=7, epoch=NOW, quiet=True), ManualClock(NOW)) as served:
        yield served


@pytest.fixture
def mail(served: Served) -> Scripted:
    """An e-mail that an agent has."""
    script = Scripted(served.centre.world, "Claims E-Mail", meet(Random(1)))
    desk = served.centre.world.floor.desks[0]
    script.arrives()
    script.rings(desk)
    passes(served, 1)
    script.answers(desk)
    return script


def passes(served: Served, seconds: float) -> None:
    clock = served.centre.clock
    assert isinstance(clock, ManualClock)
    clock.advance(seconds)
    served.centre.live_on()


def act(served: Served, method: str, path: str, body: Any) -> requests.Response:
    token = served.centre.access.issue().value
    url = f"{served.url}/api/v2/conversations/{path}"
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, url, json=body, headers=headers, timeout=10)


def place(mail: Scripted) -> str:
    agent = next(p for p in mail.conversation.participants if p.purpose == "agent")
    return f"emails/{mail.id}/participants/{agent.id}"


def last(mail: Scripted) -> Any:
    agent = next(p for p in mail.conversation.participants if p.purpose == "agent")
    return agent.sessions[-1].segments[-1]


def test_disconnecting_is_accepted_at_once_and_so_a_moment_later(
    served: Served, mail: Scripted
) -> None:
    answer = act(served, "PATCH", place(mail), {"state": "disconnected"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert last(mail).end is None

    passes(served, 2)
    assert last(mail).disconnect_type == "system"
    assert mail.conversation.end is not None
    assert act(served, "PATCH", place(mail), {"state": "disconnected"}).status_code == 404


def test_it_goes_back_into_its_queue(served: Served, mail: Scripted) -> None:
    body = {"queueId": mail.queue.id}
    assert act(served, "POST", f"{place(mail)}/replace", body).status_code == 202
    assert last(mail).end is None

    passes(served, 2)
    assert mail.waiting
    assert mail.waiting.queue is mail.queue
    assert act(served, "POST", f"{place(mail)}/replace", body).status_code == 400
    assert act(served, "PATCH", place(mail), {"state": "disconnected"}).status_code == 409


def test_what_was_asked_twice_is_done_once(served: Served, mail: Scripted) -> None:
    body = {"queueId": mail.queue.id}
    for _ in range(2):
        assert act(served, "POST", f"{place(mail)}/replace", body).status_code == 202
    passes(served, 2)

    queued = [p for p in mail.conversation.participants if p.purpose == "acd"]
    assert len(queued) == 2


def test_an_answer_that_is_dropped_was_carried_out(served: Served, mail: Scripted) -> None:
    served.centre.faults.put([{"path": "*/participants/*", "kind": "drop_after"}])
    with pytest.raises(requests.ConnectionError):
        act(served, "PATCH", place(mail), {"state": "disconnected"})

    passes(served, 2)
    assert last(mail).disconnect_type == "system"


@pytest.mark.parametrize(
    ("request_", "body", "status"),
    [
        ("PATCH {place}", {"state": "held"}, 400),
        ("PATCH {place}", [], 400),
        ("PATCH emails/unknown/participants/p", {"state": "disconnected"}, 404),
        ("PATCH messages/{id}/participants/p", {"state": "disconnected"}, 404),
        ("PATCH emails/{id}/participants/p", {"state": "disconnected"}, 404),
        ("POST {place}/replace", {}, 400),
        ("POST {place}/replace", {"queueId": "unknown"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(
    served: Served, mail: Scripted, request_: str, body: Any, status: int
) -> None:
    method, path = request_.format(place=place(mail), id=mail.id).split()
    assert act(served, method, path, body).status_code == status


@pytest.mark.parametrize(
    ("method", "way", "lacking"),
    [
        ("PATCH", "", ["conversation:communication:disconnect"]),
        (
            "POST",
            "/replace",
            [
                "conversation:communication:blindTransfer",
                "conversation:communication:blindTransferQueue",
            ],
        ),
    ],
)
def test_each_needs_its_permission(
    served: Served, mail: Scripted, method: str, way: str, lacking: list[str]
) -> None:
    served.centre.permissions.deny(lacking)
    answer = act(served, method, f"{place(mail)}{way}", {})

    assert answer.status_code == 403
    assert all(name in answer.json()["message"] for name in lacking)
