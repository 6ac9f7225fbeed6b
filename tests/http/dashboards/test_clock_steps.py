"""Steps of clocks on the conversation's page: with what each came of, and breaches as they pass."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from conversations.models import CommonEvent, Conversation, Message
from sla.models import Clock, Policy
from sla.services import refresh
from tests import factories

MINUTE = timedelta(minutes=1)


@pytest.fixture
def asked(moment: datetime) -> Conversation:
    """Return an e-mail that A. Rossi has parked for 3 h, by a policy that calls that forgotten."""
    rule = factories.policy(forgotten_s=7200, away_s=1800, parking_pauses=True)
    Policy.objects.exclude(pk=rule.pk).delete()
    agent = factories.agent("A. Rossi")
    began = moment - 300 * MINUTE
    made = factories.conversation(started_at=began, user_id=agent.genesys_id)
    session = factories.session(made, user_id=agent.genesys_id)
    factories.segment(session, "interact", began, 120)
    factories.segment(session, "parked", began + 120 * MINUTE, None)
    CommonEvent.objects.create(
        conversation=made, name="conversation.created", at=began, recorded_at=began
    )
    Message.objects.create(
        conversation=made, genesys_id="m1", sent_at=began + MINUTE, sender="customer"
    )
    refresh(conversation_ids=[made.pk], now=moment)
    return made


def page_of(reader: Client, conversation: Conversation, **query: str) -> str:
    response = reader.get(f"/conversations/{conversation.genesys_id}/", query)
    assert response.status_code == 200
    return response.content.decode()


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_each_step_leads_to_the_event_that_it_came_of(reader: Client, asked: Conversation) -> None:
    page = page_of(reader, asked)

    links = re.findall(r'<a href="#([^"]+)">(the [a-z]+)</a>', page)
    assert {told for _, told in links} == {"the event", "the segment"}
    for anchor, _ in links:
        assert f'<li id="{anchor}"' in page
    assert "Next response clock paused" in text(page)


def test_a_link_leads_out_of_a_filtered_log(reader: Client, asked: Conversation) -> None:
    page = page_of(reader, asked, log="clock")

    assert re.findall(r'<a href="(\?page=1#segment-[^"]+)">the segment</a>', page)
    assert not re.findall(r'<a href="#[^"]+">the ', page)


def test_forgotten_work_has_a_card_with_names_and_times(
    reader: Client, asked: Conversation, moment: datetime
) -> None:
    page = text(page_of(reader, asked))

    since = f"{moment - 180 * MINUTE:%H:%M}"
    assert "Forgotten Forgotten work: 3:00 h of 2:00 h" in page
    assert re.search(rf"parked since [\w ]*{since} by A. Rossi", page)
    assert "{" not in page
    assert "Forgotten work clock breached — more than 2 h are used up; 2:00 h used" in page


def test_a_breach_shows_once_its_instant_has_passed_without_any_writing(
    reader: Client, asked: Conversation, moment: datetime
) -> None:
    clocks = Clock.objects.filter(kind=Clock.Kind.FORGOTTEN)
    written = clocks.get().steps
    clocks.update(breaches_at=moment + 60 * MINUTE)

    assert [step.action for step in written] == ["started"]
    assert "clock breached" not in text(page_of(reader, asked))
    clocks.update(breaches_at=moment - MINUTE)
    assert "Forgotten work clock breached" in text(page_of(reader, asked))
