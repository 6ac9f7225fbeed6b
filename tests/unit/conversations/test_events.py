"""Common Events between two states of a conversation."""

from datetime import timedelta
from typing import Any

import pytest

from conversations.domain.events import Name, diff
from conversations.domain.seen import Seen, look
from conversations.domain.stretches import due_again, settled
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
        (Name.HANDOVER_ENDED, "s-acd", at(28)),
        (Name.CONVERSATION_ENDED, "1", at(30)),
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


def test_after_call_work_neither_ends_a_handover_nor_prolongs_it() -> None:
    customer = participant("p0", "customer", session("s0", segment("interact", 0)))
    talked = segment("interact", 1, 2, disconnectType="client")
    document = conversation("c", customer, agent("s1", talked, segment("wrapup", 2)))
    wrapped = conversation("c", customer, agent("s1", talked, segment("wrapup", 2, 9)))

    (ended,) = [e for e in diff(None, seen(document, 3)) if e.name == Name.HANDOVER_ENDED]
    assert (ended.subject, ended.at) == ("s1", at(2))
    assert told(seen(document, 3), seen(wrapped, 10)) == []


def test_who_is_handed_on_is_waited_for_though_analytics_is_late() -> None:
    first = agent("s1", segment("interact", 1, 2, disconnectType="transfer"))
    queue = participant("p2", "acd", session("s2", segment("interact", 2.9)))
    alone = conversation("c", first)

    assert (Name.HANDOVER_ENDED, "s1") not in told(None, seen(alone, 3))
    assert due_again(seen(alone, 2.5)) == at(3)
    assert (Name.HANDOVER_ENDED, "s1") in told(None, seen(alone, 3.01))
    assert (Name.HANDOVER_ENDED, "s1") not in told(None, seen(conversation("c", first, queue)))


def test_a_ring_that_nobody_answered_is_on_its_way_to_another() -> None:
    document = conversation("c", agent("s1", segment("alert", 1, 2, disconnectType="client")))

    assert due_again(seen(document, 2.5)) == at(3)


def test_a_further_session_of_a_connected_user_says_so() -> None:
    document = conversation(
        "c",
        agent("s1", segment("interact", 1, 10, disconnectType="client")),
        agent("s2", segment("interact", 9.99)),
        agent("s3", segment("interact", 11), user="u2"),
    )

    events = [e for e in diff(None, seen(document)) if e.name == Name.AGENT_CONNECTED]
    assert [(e.subject, dict(e.about).get("again")) for e in events] == [
        ("s1", None),
        ("s2", "true"),
        ("s3", None),
    ]


def test_who_takes_a_call_over_after_a_consultation_is_connected_again() -> None:
    held = [segment("interact", 1, 3), segment("hold", 3, 6, disconnectType="consultTransfer")]
    wrap_up = segment("wrapup", 6, 8)
    document = conversation(
        "c",
        participant("p1", "agent", session("s1", *held, wrap_up, mediaType="voice"), userId="u1"),
        participant(
            "p2",
            "agent",
            session("s2", segment("alert", 3, 4), segment("interact", 4), mediaType="voice"),
            userId="u2",
        ),
    )

    events = [e for e in diff(None, seen(document)) if e.name == Name.AGENT_CONNECTED]
    assert [(e.subject, e.at, dict(e.about).get("consult")) for e in events] == [
        ("s1", at(1), None),
        ("s2", at(4), "true"),
        ("s2@taken-over", at(6), None),
    ]


def test_the_end_of_a_handover_tells_who_was_last_and_how_that_session_ended() -> None:
    acd = session("s0", segment("interact", 0, 1, disconnectType="transfer", queueId="q1"))
    first = agent("s1", segment("interact", 1, 2, disconnectType="transfer", queueId="q1"))
    declined = agent("s2", segment("alert", 2, 3, disconnectType="noAnswerTransfer"), user="u2")
    talked = segment("interact", 3, 5, disconnectType="peer", queueId="q2")
    second = agent("s3", talked, segment("wrapup", 5, 6), user="u3")
    document = conversation("c", participant("p0", "acd", acd), first, declined, second, end=6)

    (ended,) = [e for e in diff(None, seen(document)) if e.name is Name.HANDOVER_ENDED]

    assert dict(ended.about) == {
        "participantId": "p-s3",
        "sessionId": "s3",
        "userId": "u3",
        "mediaType": "email",
        "queueId": "q2",
        "disconnectType": "peer",
    }


def test_who_gives_up_in_the_queue_ends_the_handover_and_not_the_transfer_before() -> None:
    first = agent("s1", segment("interact", 1, 2, disconnectType="transfer"))
    waited = session("s2", segment("interact", 2, 9, disconnectType="peer", queueId="q2"))
    document = conversation("c", first, participant("p2", "acd", waited), end=9)

    (ended,) = [e for e in diff(None, seen(document)) if e.name is Name.HANDOVER_ENDED]

    about = dict(ended.about)
    assert (about["sessionId"], about["userId"], about["disconnectType"]) == ("s2", "", "peer")


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
