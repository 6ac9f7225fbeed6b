import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from conversations.models import (
    CommonEvent,
    Conversation,
    Evaluation,
    Message,
    Metric,
    Segment,
    Survey,
)
from sla.models import Clock, Override
from tests import factories

MINUTE = timedelta(minutes=1)
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def mail(db: None) -> Conversation:
    """Return an e-mail of a customer that A. Rossi answered, interrupted by a call."""
    queue, agent = factories.queue("Support EU"), factories.agent("A. Rossi")
    made = factories.conversation(
        started_at=NINE,
        ended_at=NINE + 60 * MINUTE,
        queue_id=queue.genesys_id,
        user_id=agent.genesys_id,
    )
    customer = factories.participant(
        made, "customer", name="Sara Nagel", attributes={"account ": "K-4711"}
    )
    theirs = factories.session(
        made, purpose="customer", participant=customer, address_from="sara@example.org"
    )
    factories.segment(theirs, "interact", NINE, 60, subject="My invoice")
    acd = factories.session(made, purpose="acd")
    factories.segment(acd, "interact", NINE, 1, queue_id=queue.genesys_id)
    session = factories.session(made, user_id=agent.genesys_id)
    factories.segment(session, "interact", NINE + MINUTE, 19)
    factories.segment(session, "hold", NINE + 20 * MINUTE, 20)
    factories.segment(session, "interact", NINE + 40 * MINUTE, 20, disconnect_type="transfer")
    Metric.objects.create(session=session, ordinal=0, name="tHandle", value=3_540_000)
    call = factories.conversation(
        started_at=NINE + 20 * MINUTE, media_type="voice", genesys_id="77ab01cd-call"
    )
    held = factories.handling(
        made, agent.genesys_id, gross_s=3540, interrupted_s=1200, genesys_handle_ms=3_540_000
    )
    factories.interruption(held, call, NINE + 20 * MINUTE, 20)
    return made


def text_of(client: Client, path: str, **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def path(conversation: Conversation) -> str:
    return f"/conversations/{conversation.genesys_id}/"


def test_state_and_what_happened_stand_on_top(reader: Client, mail: Conversation) -> None:
    page = text_of(reader, path(mail))

    assert (
        "Ended Email · inbound · Support EU · 1 agent · 1 transfer · "
        "20 Nov 2026 09:00\N{EN DASH}10:00 (1:00 h)" in page
    )
    assert "Agent A. Rossi: Hold caused by an interruption — 20:00" in page
    assert "ACD Support EU: Email — 01:00" in page


def test_the_log_mixes_events_segments_messages_and_clock_steps_and_filters_them(
    reader: Client, mail: Conversation
) -> None:
    CommonEvent.objects.create(
        conversation=mail,
        name="agent.connected",
        at=NINE + MINUTE,
        recorded_at=NINE,
        payload={"userId": mail.user_id, "mediaType": "email", "queueId": mail.queue_id},
    )
    Message.objects.create(
        conversation=mail, genesys_id="m", sent_at=NINE, sender="customer", user_id=""
    )
    factories.clock(mail, since=NINE)

    every = text_of(reader, path(mail))
    events = text_of(reader, path(mail), log="event")

    assert "09:01:00 Agent connected — A. Rossi, Email, Support EU" in every
    assert "09:00:00 Customer wrote" in every
    assert "Next response clock started — the customer wrote; 0:00 h used of 4:00 h" in every
    assert "Agent connected" in events
    assert "Customer wrote" not in events


def test_the_log_calls_participants_what_people_call_them(
    reader: Client, mail: Conversation
) -> None:
    CommonEvent.objects.create(
        conversation=mail,
        name="participant.added",
        at=NINE,
        recorded_at=NINE,
        payload={"purpose": "acd"},
    )

    assert "Participant added — ACD" in text_of(reader, path(mail), log="event")


def test_cards_say_why_each_number_stands(reader: Client, mail: Conversation) -> None:
    factories.clock(
        mail,
        since=NINE + 48 * MINUTE,
        state=Clock.State.STOPPED,
        reason="the agent answered",
        elapsed_ms=48 * 60_000,
    )
    Survey.objects.create(
        conversation=mail, genesys_id="s", status="Finished", form_name="NPS", total_score=90
    )
    Evaluation.objects.create(
        conversation=mail, genesys_id="e", status="FINISHED", user_id=mail.user_id, total_score=75
    )

    page = text_of(reader, path(mail))

    assert "Met Next response: 0:48 h of 4:00 h" in page
    assert "Raw 59:00" in page
    assert "Adjusted 39:00" in page
    assert "Removed 20:00" in page
    assert "Genesys tHandle 59:00 agrees with raw" in page
    assert "Interrupted by Voice 77ab01cd 09:20:00\N{EN DASH}09:40:00, 20:00" in page
    assert "Survey NPS Finished, score 90" in page
    assert "Evaluation FINISHED of A. Rossi, score 75" in page
    assert "tHandle 59:00" in page


def test_the_cause_names_what_it_interrupted(reader: Client, mail: Conversation) -> None:
    call = Conversation.objects.get(genesys_id="77ab01cd-call")
    factories.handling(call, mail.user_id, gross_s=1200)

    page = reader.get(path(call)).content.decode()

    assert "It interrupted" in page
    assert f'href="{path(mail)}"' in page


def test_names_addresses_and_subjects_need_a_permission(
    reader: Client, supervisor: User, mail: Conversation
) -> None:
    personal = ("Sara Nagel", "sara@example.org", "My invoice", "K-4711")
    hidden = reader.get(path(mail)).content.decode()

    supervisor.user_permissions.add(Permission.objects.get(codename="view_personal_data"))
    shown = reader.get(path(mail)).content.decode()

    assert not [value for value in personal if value in hidden]
    assert "needs the permission" in hidden
    assert [value for value in personal if value not in shown] == []


def test_an_open_conversation_refreshes_only_when_something_happened(
    reader: Client, mail: Conversation
) -> None:
    headers = {"HX-Request": "true"}
    first = reader.get(path(mail), headers=headers)
    again = reader.get(path(mail), headers={**headers, "If-None-Match": first.headers["ETag"]})
    Message.objects.create(conversation=mail, genesys_id="m", sent_at=NINE, sender="customer")
    changed = reader.get(path(mail), headers={**headers, "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, changed.status_code) == (304, 200)


def test_the_log_says_when_what_had_fallen_due_earlier_was_told(
    reader: Client, mail: Conversation
) -> None:
    about = {"clock": "next_response", "policy": "Four hours"}
    for subject, minutes in (("late", 34), ("soon", 0)):
        CommonEvent.objects.create(
            conversation=mail,
            name="sla.warned",
            subject=subject,
            at=NINE,
            recorded_at=NINE + minutes * MINUTE,
            payload=about,
        )
    page = text_of(reader, path(mail), log="event")

    told = r"SLA warned — Next response, policy “Four hours”, due then, told \S+ 09:34"
    assert re.search(told, page)
    assert page.count("due then, told") == 1


def test_the_card_of_a_clock_says_that_an_emergency_has_closed_its_hours(
    reader: Client, mail: Conversation
) -> None:
    hours = factories.calendar("Berlin")
    factories.clock(mail, since=NINE, policy=factories.policy("Berlin", calendar=hours))
    Override.objects.create(calendar=hours, starts_at=NINE, reason="burst pipe")

    assert "Berlin (UTC), closed by an emergency: burst pipe" in text_of(reader, path(mail))


def test_the_log_tells_what_force_disconnect_did_and_what_it_would_have_done(
    reader: Client, mail: Conversation
) -> None:
    at = NINE + 30 * MINUTE
    told = {"state": "would_have", "reason": "The agent was disconnected"}
    factories.forced_end(mail, round_at=NINE, settled_at=at, **told)
    done = {"state": "done", "reason": "touched", "dry_run": False}
    factories.forced_end(mail, round_at=NINE, settled_at=at, **done)
    page = text_of(reader, path(mail), log="forced")

    assert (
        "09:30:00 Force disconnect: would have been done (dry run) — A. Rossi, policy “Four hours”"
        ", The agent was disconnected" in page
    )
    assert "Force disconnect: done — A. Rossi, policy “Four hours”, touched" in page
    assert "Force disconnect (2)" in page


def test_a_conversation_of_thousands_of_segments_is_cut_and_says_so(
    reader: Client, mail: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    session = mail.sessions.get(purpose="agent")
    Segment.objects.bulk_create(
        Segment(
            session=session,
            ordinal=100 + number,
            segment_type="interact",
            started_at=NINE + number * timedelta(seconds=1),
            ended_at=NINE + (number + 1) * timedelta(seconds=1),
        )
        for number in range(2100)
    )

    with django_assert_num_queries(21):
        page = text_of(reader, path(mail))

    assert "Only the first 2,000 segments are shown" in page


def test_a_conversation_without_segments_or_clock_says_so(reader: Client, db: None) -> None:
    page = text_of(reader, path(factories.conversation()))

    assert "told no segments" in page
    assert "no active policy matches" in page
    assert "No agent has handled this conversation" in page


def test_conversations_are_found_by_id_by_its_start_and_by_filter(
    reader: Client, mail: Conversation
) -> None:
    other = factories.conversation(
        genesys_id="ffffffff-1111-4222-8333-444444444444", started_at=NINE - timedelta(days=2)
    )

    whole = reader.get("/conversations/", {"q": other.genesys_id})
    start = reader.get("/conversations/", {"q": "ffffffff"}).content.decode()
    by_agent = reader.get("/conversations/", {"agent": mail.user_id}).content.decode()
    by_day = reader.get("/conversations/", {"day": "2026-11-18", "state": "open"}).content.decode()
    none = reader.get("/conversations/", {"q": "zzz"}).content.decode()

    assert whole.headers["Location"] == path(other)
    assert path(other) in start
    assert path(mail) not in start
    assert path(mail) in by_agent
    assert path(other) not in by_agent
    assert path(other) in by_day
    assert path(mail) not in by_day
    assert "Ids are looked up from their first character on" in none


def test_older_conversations_follow_page_by_page_without_gap_or_repetition(
    reader: Client, db: None
) -> None:
    made = {factories.conversation(started_at=NINE).genesys_id for _ in range(120)}

    seen: list[str] = []
    address = "/conversations/"
    while address:
        page = reader.get(address).content.decode()
        seen += re.findall(r'<a href="/conversations/([^"?]+)/">', page)
        older = re.search(r'href="(\?before=[^"]+)"', page)
        address = f"/conversations/{older[1]}" if older else ""

    assert len(seen) == 120
    assert set(seen) == made


def test_a_day_that_is_none_is_named(reader: Client) -> None:
    page = reader.get("/conversations/", {"day": "soon", "before": "nonsense_1"}).content.decode()

    assert "is no day" in page
    for far in ("0001-01-01", "9999-12-31"):  # they have no neighbour in every zone
        answer = reader.get("/conversations/", {"day": far})
        assert answer.status_code == 200
        assert f"{far} is too far away" in answer.content.decode()
