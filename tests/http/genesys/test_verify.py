"""A ring becomes a connection: by settings, by an event, or because Genesys was asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from chrono.instants import isoformat, to_ms
from conversations.models import Audience, CommonEvent
from integrations.errors import PermissionMissingError, TemporaryError
from integrations.genesys import meaning
from integrations.genesys import rings as rows
from integrations.genesys.client import Client, Credentials
from integrations.genesys.verify import Verified, verify_connected
from integrations.models import Ringing, Wanted, Watermark
from tests import factories
from tests.heard import heard
from tests.http.genesys.moving import Moving

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
START = "v2.detail.events.conversation.{}.user.start"


@pytest.fixture
def clock(now: datetime) -> Moving:
    return Moving(now)


@pytest.fixture
def asker(client: Client, host: Any, clock: Moving) -> Client:
    return Client(Credentials(host.url, "an-id", "a-secret"), clock=clock.now)


@dataclass
class Agents:
    """What agents have in hand: sessions by user, as their status tells it."""

    host: Any
    sessions: dict[str, list[dict[str, Any]]]

    def has(self, user: str, conversation: str, session: str, kind: str, since: datetime) -> None:
        told = {"conversationId": conversation, "sessionId": session, "segmentType": kind}
        self.sessions.setdefault(user, []).append(told | {"segmentStart": isoformat(since)})
        path = f"/api/v2/analytics/agents/{user}/status"
        self.host.routes[path] = lambda s: s.answer(
            body={"userId": user, "sessions": self.sessions[user]}
        )


@pytest.fixture
def agents(host: Any) -> Agents:
    return Agents(host, {})


@pytest.fixture
def _listener() -> None:
    Audience.objects.create(name="somebody")


def rings(clock: Moving, session: str = "s1", user: str = "u1", **more: Any) -> None:
    body = {
        "conversationId": f"c-{session}",
        "participantId": f"p-{session}",
        "sessionId": session,
        "userId": user,
        "queueId": "q1",
        "mediaType": "MESSAGE",
        "messageType": "OPEN",
        "eventTime": to_ms(clock.at),
        **more,
    }
    factories.conversation(genesys_id=f"c-{session}", started_at=clock.at)
    meaning.take([heard(START.format(f"c-{session}"), body)], now=clock.at)


def connected() -> list[tuple[str, datetime]]:
    told = CommonEvent.objects.filter(name="agent.connected").order_by("pk")
    return list(told.values_list("subject", "at"))


@pytest.mark.usefixtures("_listener")
@pytest.mark.parametrize("level", ["kind", "medium", "agent"])
def test_who_need_not_answer_is_connected_at_the_ring(
    level: str, host: Any, asker: Client, clock: Moving
) -> None:
    auto = {"enableAutoAnswer": True}
    media = {"kind": {"subTypeSettings": {"open": auto}}, "medium": auto, "agent": {}}
    factories.queue(genesys_id="q1", media_settings={"message": media[level]})
    factories.agent(genesys_id="u1", auto_answer=level == "agent")

    rings(clock)

    assert connected() == [("s1", clock.at)]
    assert verify_connected(client=asker, now=clock.at + 5 * SECOND) == Verified()
    assert host.calls == []


@pytest.mark.usefixtures("_listener")
def test_who_answers_by_hand_is_asked_for_until_it_is_done(
    host: Any, asker: Client, clock: Moving, agents: Agents
) -> None:
    """The agent talks in two other conversations, and in another session of this one."""
    rang_at = clock.at
    for conversation, session in (("c-s1", "s0"), ("c-other", "s1"), ("c-other", "s2")):
        agents.has("u1", conversation, session, "interact", rang_at)
    agents.has("u1", "c-s1", "s1", "alert", rang_at)
    rings(clock)
    asked = []
    for _ in range(9):
        clock.at += SECOND
        if verify_connected(client=asker, now=clock.at).asked:
            asked.append((clock.at - rang_at) / SECOND)
    assert asked == [1, 2, 4, 7]
    assert connected() == []

    agents.sessions["u1"][-1] |= {
        "segmentType": "interact",
        "segmentStart": isoformat(rang_at + 9 * SECOND),
    }
    clock.at = rang_at + 12 * SECOND
    assert verify_connected(client=asker, now=clock.at) == Verified(1, 1)

    assert connected() == [("s1", rang_at + 9 * SECOND)]
    assert not Ringing.objects.exists()
    (order,) = Wanted.objects.all()
    assert {"session": "s1", "shows": "connected", "since": to_ms(rang_at + 9 * SECOND)} in (
        order.expects
    )
    assert Watermark.objects.get(road="genesys.answered").succeeded_at == clock.at


@pytest.mark.usefixtures("_listener")
def test_all_that_rings_at_an_agent_is_one_question(
    host: Any, asker: Client, clock: Moving, agents: Agents
) -> None:
    rings(clock, "s1")
    clock.at += SECOND
    rings(clock, "s2")
    rings(clock, "s3", user="u2")
    for user, session in (("u1", "s1"), ("u1", "s2"), ("u2", "s3")):
        agents.has(user, f"c-{session}", session, "interact", clock.at)

    assert verify_connected(client=asker, now=clock.at) == Verified(1, 2)
    assert len(host.calls) == 1
    assert list(Ringing.objects.values_list("session_id", flat=True)) == ["s3"]


@pytest.mark.usefixtures("_listener")
@pytest.mark.parametrize(
    ("topic", "told"),
    [
        ("v2.detail.events.conversation.{}.user.end", {"disconnectType": "CLIENT"}),
        ("v2.detail.events.agent.u1.state", {"currentState": "INTERACT"}),
        ("v2.detail.events.agent.u1.state", {"currentState": "TERMINATED"}),
    ],
)
def test_what_an_event_tells_is_not_asked(
    host: Any, asker: Client, clock: Moving, topic: str, told: dict[str, Any]
) -> None:
    rings(clock)
    clock.at += SECOND
    at = {"eventTime": to_ms(clock.at), "currentStateStart": to_ms(clock.at)}
    body = {"conversationId": "c-s1", "sessionId": "s1", "userId": "u1", "queueId": "q1"}
    meaning.take([heard(topic.format("c-s1"), body | at | told)], now=clock.at)

    assert verify_connected(client=asker, now=clock.at) == Verified()
    assert host.calls == []
    assert not Ringing.objects.exists()


@pytest.mark.usefixtures("_listener")
def test_a_reading_that_shows_the_end_of_a_ring_spares_the_question(
    host: Any, asker: Client, clock: Moving
) -> None:
    rings(clock)
    of = factories.conversation(genesys_id="c-s9", started_at=clock.at)
    Ringing.objects.update(conversation_id="c-s9")
    ring = factories.session(of, user_id="u1", genesys_id="s1")
    factories.segment(ring, "alert", clock.at, 0.01, disconnect_type="client")

    clock.at += SECOND
    assert verify_connected(client=asker, now=clock.at) == Verified()
    assert (host.calls, Ringing.objects.count()) == ([], 0)


@pytest.mark.usefixtures("_listener")
def test_nobody_is_asked_for_longer_than_the_queue_rings(
    host: Any, asker: Client, clock: Moving, agents: Agents
) -> None:
    factories.queue(genesys_id="q1", media_settings={"message": {"alertingTimeoutSeconds": 8}})
    rang_at = clock.at
    rings(clock)
    agents.has("u1", "c-s1", "s1", "alert", rang_at)
    while Ringing.objects.exists():
        clock.at = Ringing.objects.get().due_at
        verify_connected(client=asker, now=clock.at)

    assert clock.at == rang_at + 18 * SECOND
    assert len(host.calls) == 6


def test_where_nobody_listens_nothing_is_asked(clock: Moving) -> None:
    rings(clock)

    assert not Ringing.objects.exists()


@pytest.mark.usefixtures("_listener")
@pytest.mark.parametrize("lacking", ["userId", "queueId"])
def test_only_what_a_queue_gives_an_agent_is_asked_for(clock: Moving, lacking: str) -> None:
    rings(clock, **{lacking: ""})

    assert not Ringing.objects.exists()


@pytest.mark.usefixtures("_listener")
def test_an_event_that_comes_after_the_ring_must_be_over_asks_nobody(clock: Moving) -> None:
    rings(clock, eventTime=to_ms(clock.at - 70 * SECOND))

    assert not Ringing.objects.exists()


@pytest.mark.usefixtures("_listener")
def test_what_fails_is_asked_again_and_the_road_says_so(
    host: Any, asker: Client, clock: Moving, agents: Agents
) -> None:
    rings(clock)
    agents.has("u1", "c-s1", "s1", "interact", clock.at)
    well = host.routes["/api/v2/analytics/agents/u1/status"]
    host.routes["/api/v2/analytics/agents/u1/status"] = lambda s: s.answer(500, {})
    clock.at += SECOND
    with pytest.raises(TemporaryError):
        verify_connected(client=asker, now=clock.at)
    assert Watermark.objects.get(road="genesys.answered").failing_since == clock.at

    host.routes["/api/v2/analytics/agents/u1/status"] = well
    assert verify_connected(client=asker, now=clock.at) == Verified(1, 1)


@pytest.mark.usefixtures("_listener")
def test_who_may_not_ask_leaves_it_to_readings(host: Any, asker: Client, clock: Moving) -> None:
    lacking = {"code": "missing.permissions", "message": "analytics:agentState:view"}
    host.routes["/api/v2/analytics/agents/u1/status"] = lambda s: s.answer(403, lacking)
    rings(clock)
    clock.at += SECOND
    with pytest.raises(PermissionMissingError):
        verify_connected(client=asker, now=clock.at)
    assert not Ringing.objects.exists()

    rings(clock, "s2")
    clock.at += SECOND
    assert verify_connected(client=asker, now=clock.at) == Verified()
    assert len(host.calls) == 1


@pytest.mark.usefixtures("_listener")
def test_the_last_requests_of_the_minute_are_left_to_readings(
    host: Any, asker: Client, clock: Moving, agents: Agents
) -> None:
    told = {"allowed": "300", "count": "241", "reset": "60"}
    asker.budget.note({f"inin-ratelimit-{name}": value for name, value in told.items()})
    rings(clock)
    clock.at += SECOND

    assert verify_connected(client=asker, now=clock.at) == Verified()
    assert host.calls == []
    assert Ringing.objects.get().leased_until is None


@pytest.mark.usefixtures("_listener")
def test_what_rang_long_ago_is_let_go_of_unasked(host: Any, asker: Client, clock: Moving) -> None:
    rings(clock)
    clock.at += timedelta(hours=1)

    assert verify_connected(client=asker, now=clock.at) == Verified()
    assert (host.calls, Ringing.objects.count()) == ([], 0)


@pytest.mark.usefixtures("_listener")
def test_a_ring_is_one_workers_until_its_lease_ends(clock: Moving) -> None:
    rings(clock)
    first = rows.claim(now=clock.at + SECOND, agents=9)
    assert rows.claim(now=clock.at + 2 * SECOND, agents=9) == []

    second = rows.claim(now=clock.at + SECOND + rows.LEASE, agents=9)
    rows.put_off(first[0], now=clock.at + 2 * SECOND)  # it came too late
    assert [one.fence for one in second] == [2]
    assert Ringing.objects.get().tries == 0
