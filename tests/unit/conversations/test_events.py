"""Common Events between two states of a conversation."""

from datetime import timedelta
from typing import Any

import pytest

from conversations.domain.events import Name, Seen, diff, look, settled
from integrations.genesys import payloads
from tests.documents import (
    answered_email,
    at,
    conversation,
    participant,
    raw,
    segment,
    session,
)

LATER = at(10_000)


def seen(document: dict[str, Any], minutes: float | None = None) -> Seen:
    return look(payloads.conversation(raw(document)), LATER if minutes is None else at(minutes))


def told(before: Seen | None, after: Seen) -> list[tuple[str, str]]:
    return [(event.name, event.subject) for event in diff(before, after)]


def agent(
    name: str, *segments: dict[str, Any], user: str = "u1", purpose: str = "agent"
) -> dict[str, Any]:
    return participant(f"p-{name}", purpose, session(name, *segments), userId=user)


def test_a_whole_conversation_tells_its_life_in_order() -> None:
    events = diff(None, seen(answered_email()))

    assert [(event.name, event.subject, event.at) for event in events] == [
        (Name.CONVERSATION_CREATED, "", at(0)),
        (Name.PARTICIPANT_ADDED, "p-acd", at(0)),
        (Name.PARTICIPANT_ADDED, "p-customer", at(0)),
        (Name.PARTICIPANT_ADDED, "p-agent", at(5)),
        (Name.AGENT_CONNECTED, "s-agent", at(6)),
        (Name.AGENT_DISCONNECTED, "s-agent", at(28)),
        (Name.CONVERSATION_ENDED, "1", at(30)),
        (Name.HANDOVER_ENDED, "s-acd", at(30)),
    ]


def test_the_same_state_tells_nothing_twice() -> None:
    state = seen(answered_email())

    assert diff(state, state) == []


def test_a_ring_is_no_connection_until_the_agent_interacts() -> None:
    rings = seen(conversation("c", agent("s", segment("alert", 1))))
    talks = seen(conversation("c", agent("s", segment("alert", 1, 2), segment("interact", 2))))

    assert (Name.AGENT_CONNECTED, "s") not in told(None, rings)
    assert told(rings, talks) == [(Name.AGENT_CONNECTED, "s")]


def test_only_an_agent_connects_but_a_user_may_transfer() -> None:
    document = conversation(
        "c", agent("s", segment("interact", 1, 2, disconnectType="transfer"), purpose="user")
    )

    names = [event.name for event in diff(None, seen(document, 3))]
    assert Name.AGENT_CONNECTED not in names
    assert Name.AGENT_TRANSFERRED in names


@pytest.mark.parametrize(
    "kind", ["transfer", "consultTransfer", "conferenceTransfer", "forwardTransfer"]
)
def test_an_agent_who_hands_on_transfers_and_does_not_disconnect(kind: str) -> None:
    document = conversation(
        "c",
        agent("s1", segment("interact", 1, 2, disconnectType=kind)),
        agent("s2", segment("interact", 2), user="u2"),
    )

    names = [event.name for event in diff(None, seen(document))]
    assert names.count(Name.AGENT_TRANSFERRED) == 1
    assert Name.AGENT_DISCONNECTED not in names


@pytest.mark.parametrize("kind", ["noAnswerTransfer", "notAvailableTransfer", "dndTransfer"])
def test_a_ring_that_the_system_takes_away_is_neither_transfer_nor_disconnect(kind: str) -> None:
    document = conversation("c", agent("s", segment("alert", 1, 2, disconnectType=kind)))

    names = {event.name for event in diff(None, seen(document))}
    assert names.isdisjoint({Name.AGENT_TRANSFERRED, Name.AGENT_DISCONNECTED})


def test_delivery_by_the_queue_is_no_agent_transfer() -> None:
    acd = session("s", segment("interact", 0, 1, disconnectType="transfer"))

    names = [e.name for e in diff(None, seen(conversation("c", participant("p", "acd", acd))))]
    assert Name.AGENT_TRANSFERRED not in names


def test_a_sent_email_that_leaves_another_session_open_is_no_disconnect() -> None:
    """Each e-mail sent with multiple actions is a session: the next one starts just before."""
    document = conversation(
        "c",
        participant(
            "p",
            "agent",
            session("s1", segment("interact", 1, 10, disconnectType="client")),
            session("s2", segment("interact", 9.99)),
            userId="u1",
        ),
    )

    assert Name.AGENT_DISCONNECTED not in [e.name for e in diff(None, seen(document))]


def test_an_agent_whose_user_is_not_told_disconnects_though_the_customer_stays() -> None:
    document = conversation(
        "c",
        participant("p0", "customer", session("s0", segment("interact", 0))),
        agent("s1", segment("interact", 1, 2, disconnectType="client"), user=""),
    )

    assert (Name.AGENT_DISCONNECTED, "s1") in told(None, seen(document))


def test_a_transfer_is_told_at_once_though_after_call_work_goes_on() -> None:
    talked = segment("interact", 1, 2, disconnectType="transfer")
    wraps = seen(conversation("c", agent("s", talked, segment("wrapup", 2))))
    done = seen(conversation("c", agent("s", talked, segment("wrapup", 2, 3))), 3)

    assert (Name.AGENT_TRANSFERRED, "s") in told(None, wraps)
    assert told(wraps, done) == []


def test_a_handover_ends_only_when_nobody_takes_over_within_the_grace() -> None:
    document = conversation(
        "c",
        participant("p0", "customer", session("s0", segment("interact", 0))),
        agent("s1", segment("interact", 1, 2, disconnectType="client")),
    )
    just_then = look(payloads.conversation(raw(document)), at(2) + timedelta(seconds=5))
    later = just_then._replace(observed_at=at(2) + timedelta(seconds=5, milliseconds=1))

    assert (Name.HANDOVER_ENDED, "s1") not in told(None, just_then)
    assert not settled(just_then)
    assert told(just_then, later) == [(Name.HANDOVER_ENDED, "s1")]
    assert settled(later)


def test_a_transfer_through_the_queue_does_not_end_the_handover() -> None:
    document = conversation(
        "c",
        agent("s1", segment("interact", 1, 2, disconnectType="transfer")),
        participant("p2", "acd", session("s2", segment("interact", 2.05))),
    )

    assert Name.HANDOVER_ENDED not in [event.name for event in diff(None, seen(document))]


def test_a_conversation_that_comes_back_ends_twice_and_reopens_once() -> None:
    first = agent("s1", segment("interact", 1, 2, disconnectType="client"))
    ended = seen(conversation("c", first, end=2))
    reopened = seen(
        conversation("c", first, participant("p2", "acd", session("s2", segment("interact", 60))))
    )
    again = seen(
        conversation(
            "c",
            first,
            participant("p2", "acd", session("s2", segment("interact", 60, 61))),
            end=61,
        )
    )

    assert (Name.CONVERSATION_ENDED, "1") in told(None, ended)
    assert told(ended, reopened) == [
        (Name.CONVERSATION_REOPENED, "1"),
        (Name.PARTICIPANT_ADDED, "p2"),
    ]
    assert told(reopened, again) == [
        (Name.CONVERSATION_ENDED, "2"),
        (Name.HANDOVER_ENDED, "s2"),
    ]


def test_who_first_sees_the_second_end_tells_all_that_came_before() -> None:
    document = conversation(
        "c",
        agent("s1", segment("interact", 1, 2, disconnectType="client")),
        agent("s2", segment("interact", 60, 61, disconnectType="client")),
        end=61,
    )

    lifecycle = [
        (e.name, e.subject, e.at)
        for e in diff(None, seen(document))
        if e.name in {Name.CONVERSATION_ENDED, Name.CONVERSATION_REOPENED}
    ]
    assert lifecycle == [
        (Name.CONVERSATION_ENDED, "1", at(2)),
        (Name.CONVERSATION_REOPENED, "1", at(60)),
        (Name.CONVERSATION_ENDED, "2", at(61)),
    ]


def test_an_identity_says_what_the_event_is_about_and_nothing_of_when() -> None:
    one = diff(None, seen(answered_email()))
    moved = answered_email()
    moved["conversationEnd"] = "2026-03-27T09:31:00.000Z"
    other = diff(None, seen(moved))

    assert {event.identity for event in one} == {event.identity for event in other}
    assert len({event.identity for event in one}) == len(one)
