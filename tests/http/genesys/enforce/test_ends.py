"""Agents' sessions that nobody has touched for two days are ended, and no others."""

from datetime import timedelta

import pytest

from chrono.instants import to_ms
from conversations.models import CommonEvent, Conversation, Segment
from integrations.genesys import meaning
from integrations.genesys.enforce import Enforced
from integrations.models import Wanted
from sla.models import Alert, AlertEntry, ForcedEnd
from tests import factories
from tests.heard import heard
from tests.http.genesys.enforce.conftest import CALLS, WHATSAPP, Allow, Stage, forced, state_of

pytestmark = pytest.mark.django_db


def test_it_is_ended_when_its_time_is_over_and_not_before(stage: Stage, allow: Allow) -> None:
    allow()
    script, since = stage.taken(), stage.clock.now()
    stage.forgets(47.9)
    assert stage.run() == Enforced()

    stage.forgets(0.2)
    assert stage.run() == Enforced(planned=1, looked_at=1, asked=1)
    row = forced()
    assert (row.state, row.round_at, row.tries) == ("accepted", since, 1)
    assert row.reason == "Genesys has accepted it: that is not yet done"
    assert (row.before["state"], row.after["state"]) == ("connected", "connected")
    assert state_of(script) == "open"
    assert not CommonEvent.objects.filter(name="conversation.forced").exists()

    stage.passes(5)
    assert stage.run() == Enforced(looked_at=1)
    row = forced()
    assert (row.state, row.after["state"]) == ("done", "disconnected")
    assert row.reason.startswith("The agent was disconnected: untouched for 48 h, policy “")
    assert state_of(script) == "system"
    assert stage.wire.acts == [
        f"PATCH conversations/emails/{script.id}/participants/{row.participant_id}"
    ]


def test_it_is_told_of_once(stage: Stage, allow: Allow) -> None:
    allow()
    script, since = stage.taken(), stage.clock.now()
    stage.forgets()
    of = Conversation.objects.get()
    known = {"kind": "next_response", "level": "breached", "opened_at": since}
    alert = Alert.objects.create(conversation=of, round_at=since, **known)
    for _ in range(3):
        stage.run()
        stage.passes(5)

    event = CommonEvent.objects.get(name="conversation.forced")
    assert event.at == stage.clock.now() - timedelta(seconds=13.5)
    row = forced()
    assert event.payload == {
        "action": "disconnect",
        "mode": "live",
        "afterS": "172800",
        "untouchedSince": "2026-03-23T09:00:01.000Z",
        "policyId": str(row.enforcement.policy_id if row.enforcement else ""),
        "policy": row.policy,
        "participantId": row.participant_id,
        "sessionId": row.session_id,
        "userId": stage.desk().agent.id,
        "mediaType": "email",
        "queueId": row.queue_id,
    }
    entry = AlertEntry.objects.get(alert=alert)
    assert (entry.actor, entry.action, entry.note) == ("", "forced", row.reason)
    order = Wanted.objects.get(genesys_id=script.id)
    assert order.urgent
    assert order.expects == [{"session": row.session_id, "shows": "ended", "since": 0}]
    stage.forgets(1)
    assert (stage.run(), len(stage.wire.acts)) == (Enforced(), 1)


def test_putting_it_back_into_its_queue_is_another_request(stage: Stage, allow: Allow) -> None:
    allow(action="requeue")
    script = stage.taken()
    stage.forgets()
    stage.run()
    stage.passes(5)
    stage.run()

    row = forced()
    assert (row.state, row.after["queued"]) == ("done", row.queue_id)
    assert stage.wire.acts == [
        f"POST conversations/emails/{script.id}/participants/{row.participant_id}/replace"
    ]
    assert script.waiting
    assert script.waiting.queue.id == row.queue_id
    assert script.conversation.end is None


def test_only_in_queues_that_are_named(stage: Stage, allow: Allow) -> None:
    allow(queue_ids=[])
    stage.taken()
    stage.taken(WHATSAPP, desk=1)
    stage.forgets()
    assert stage.run() == Enforced()

    allow(queue_ids=[stage.queue_id(WHATSAPP)])
    assert stage.run() == Enforced(planned=1, looked_at=1, asked=1)
    assert forced().media_type == "message"
    assert stage.wire.acts[0].startswith("PATCH conversations/messages/")


def test_calls_are_never_ended_whatever_is_allowed(stage: Stage, allow: Allow) -> None:
    one = allow(queue_ids=[stage.queue_id(CALLS)])
    one.policy.media_types = []
    one.policy.save()
    stage.taken(CALLS)
    stage.forgets()

    assert (stage.run(), stage.wire.acts) == (Enforced(), [])


def test_what_is_off_ends_nothing(stage: Stage, allow: Allow) -> None:
    allow(mode="off")
    stage.taken()
    stage.forgets()

    assert (stage.run(), ForcedEnd.objects.count(), stage.wire.acts) == (Enforced(), 0, [])


def test_where_the_agent_wrote_last_the_customer_is_waited_for(stage: Stage, allow: Allow) -> None:
    one = allow()
    stage.answers(stage.taken())
    stage.forgets()
    assert stage.run() == Enforced()

    one.only_waiting = False
    one.save()
    assert stage.run() == Enforced(planned=1, looked_at=1, asked=1)


def test_a_customer_who_writes_anew_begins_to_wait_then(stage: Stage, allow: Allow) -> None:
    allow(only_waiting=False)
    script = stage.taken()
    stage.answers(script)
    stage.forgets(47)
    script.customer_writes()
    stage.forgets(2)
    assert stage.run() == Enforced()

    script.customer_writes()  # and asks again: that changes nothing
    stage.forgets(46.1)
    assert stage.run() == Enforced(planned=1, looked_at=1, asked=1)


def test_holds_come_and_go_by_themselves_but_parking_is_the_agents_doing(
    stage: Stage, allow: Allow
) -> None:
    allow()
    for number in (0, 1):  # who is not there has an e-mail on hold from the start
        stage.desk(number).begin_shift()
    held, parked = stage.taken(), stage.taken(desk=1)
    stage.passes(24 * 3600)
    held.holds(stage.desk())
    parked.work_of(stage.desk(1)).park(100 * 3_600_000, lambda: None)
    stage.forgets(25)

    assert stage.run() == Enforced(planned=1, looked_at=1, asked=1)
    assert forced().conversation.genesys_id == held.id
    types = Segment.objects.filter(session__genesys_id=forced().session_id).order_by("ordinal")
    assert list(types.values_list("segment_type", flat=True)) == ["alert", "interact", "hold"]


def test_business_hours_do_not_pass_at_night(stage: Stage, allow: Allow) -> None:
    """It is Monday, 10:00 in Berlin, and hours are 9 to 17: 16 h are over on Wednesday at 10:00."""
    one = allow(unit="business", after_s=16 * 3600)
    calendar = one.policy.calendar
    assert calendar is not None
    calendar.timezone = "Europe/Berlin"
    calendar.save()
    stage.taken()
    stage.forgets(47.9)
    assert stage.run() == Enforced()

    stage.forgets(0.2)
    assert stage.run() == Enforced(planned=1, looked_at=1, asked=1)


def test_no_event_ends_anything(stage: Stage, allow: Allow) -> None:
    """Who sends us forged events orders readings; what they say of sessions decides nothing."""
    allow()
    script = stage.taken()
    stage.forgets(1)
    session = next(s for s in script.conversation.sessions if s.purpose == "agent")
    forged = {
        "conversationId": script.id,
        "sessionId": session.id,
        "participantId": script.conversation.participants[-1].id,
        "userId": stage.desk().agent.id,
        "queueId": stage.queue_id("Claims E-Mail"),
        "mediaType": "EMAIL",
        "eventTime": to_ms(stage.clock.now() - timedelta(days=30)),
    }
    topic = "v2.detail.events.conversation.{}.user.start"
    meaning.take([heard(topic.format(script.id), forged)], now=stage.clock.now())
    stage.forgets(1)

    assert (stage.run(), stage.wire.acts) == (Enforced(), [])


def test_a_customers_leg_that_is_stuck_counts_for_nothing(stage: Stage, allow: Allow) -> None:
    """Its agent has left; a mirror that shows only the customer's session open ends nothing."""
    allow()
    script = stage.taken()
    stage.passes(60)
    work = script.work_of(stage.desk())
    work.disconnect("client")
    work.leave()
    stage.forgets(60 * 24)

    assert script.conversation.end is None
    assert (stage.run(), ForcedEnd.objects.count()) == (Enforced(), 0)


def test_who_took_part_by_hand_is_not_an_agent_of_a_queue(stage: Stage, allow: Allow) -> None:
    """A user whom a colleague has asked has a session without a queue."""
    allow()
    of = factories.conversation(started_at=stage.clock.now(), media_type="email")
    session = factories.session(of, purpose="user", user_id="u1")
    factories.segment(session, "interact", stage.clock.now(), None)
    stage.passes(50 * 3600)

    assert stage.run() == Enforced()
