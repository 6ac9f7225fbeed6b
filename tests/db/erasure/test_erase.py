"""Forgetting a person: no trace anywhere, now or later, and nothing of anybody else is touched."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from conversations import selectors
from conversations.domain.directory import Agent as Told
from conversations.domain.personal import Identifier, Kind, identifier, stripped
from conversations.models import Agent, Participant, RawSnapshot, Segment
from integrations.erasure import known, requests
from integrations.genesys import ingest
from integrations.models import ErasedConversation, ErasedIdentifier, ErasureRequest, InboxItem
from tests.db.erasure.someone import (
    CANARIES,
    CONTACT,
    EMAIL,
    PHONE,
    WAYS,
    document,
    erase,
    event,
    hear,
    other,
    residues,
    take,
)
from tests.documents import answered_email, at, raw

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_an_erased_person_is_left_in_any_table(
    now: datetime, way: tuple[Kind, str]
) -> None:
    take(now, document("c1"), document("c2", start=20), other())
    hear(now, event("c1", ani=PHONE))
    hear(now, event("c-unknown", addressFrom=EMAIL, externalContactId=CONTACT, ani=f"tel:{PHONE}"))
    hear(now, b"<html>canary-contact-1 c1", state="quarantined")
    assert residues() > 10
    raw_documents = RawSnapshot.objects.count()

    done = erase(now, way)

    assert residues() == 0
    assert done.erased_at == now
    assert done.rows > 10
    assert ErasedConversation.objects.count() == 2
    assert RawSnapshot.objects.count() == raw_documents - 2
    assert InboxItem.objects.filter(body=b"").count() == 3


def test_what_is_left_is_what_the_domain_says_and_others_are_not_touched(now: datetime) -> None:
    take(now, document("c1"), other())
    ids = ["c1", "other"]
    before = selectors.conversation_facts(ids)
    foreign = hear(now, event("other", ani="+4915112345678"))

    erase(now, (Kind.EMAIL, EMAIL))

    assert selectors.conversation_facts(ids) == [stripped(before[0]), before[1]]
    assert RawSnapshot.objects.get().conversation.genesys_id == "other"
    foreign.refresh_from_db()
    assert foreign.body
    assert Participant.objects.get(user_id="u1", conversation__genesys_id="c1").name == "Bea"


def test_an_address_that_is_part_of_another_is_another(now: datetime) -> None:
    take(now, document("c1"))

    erase(now, (Kind.EMAIL, "nary@example.org"))
    erase(now, (Kind.PHONE, "+493012345678"))

    assert Participant.objects.filter(name="Kanarienvogel").count() == 2
    assert ErasedConversation.objects.count() == 0


def test_what_is_read_again_is_stripped_again(now: datetime) -> None:
    take(now, document("c1"))
    erase(now, (Kind.EMAIL, EMAIL))

    take(now, document("c1", note="Kanarienvogel is back"), minutes=90)

    assert residues() == 0
    assert Segment.objects.filter(session__conversation__genesys_id="c1").count() == 3


def test_a_conversation_that_genesys_half_erased_is_stripped_by_its_id(now: datetime) -> None:
    take(now, document("c1"))
    erase(now, (Kind.EMAIL, EMAIL))
    half = answered_email("c1")
    half["participants"][0]["participantName"] = "Kanarienvogel"

    take(now, half, minutes=90)

    assert residues() == 0


def test_a_conversation_from_before_that_comes_later_is_stripped_too(now: datetime) -> None:
    """As when history is loaded after the erasure: nothing here named the person then."""
    done = erase(now, (Kind.PHONE, PHONE))
    assert done.detail == "nothing here named this person"

    take(now, document("c1"))
    late = hear(now + timedelta(hours=1), event("c1", subject="Kanarienvogel"))
    requests.sweep(now=now + timedelta(hours=2))

    assert residues() == 0
    late.refresh_from_db()
    assert late.body == b""
    assert ErasedConversation.objects.get().genesys_id == "c1"


def test_who_asks_again_here_means_what_has_begun_since_too(now: datetime) -> None:
    """The first try was killed before it was done."""
    take(now, document("c1"), document("c2", start=60 * 24))
    earlier = ErasureRequest.objects.create(requested_at=at(30))
    one = identifier(Kind.EMAIL, EMAIL)
    assert one
    earlier.identifiers.create(kind=one.kind.value, digest=known.digest(one))

    done = erase(at(60 * 25), (Kind.EMAIL, EMAIL))

    assert (done.pk, done.requested_at) == (earlier.pk, at(60 * 25))
    assert residues() == 0


def test_who_comes_back_after_the_erasure_is_a_customer_again(now: datetime) -> None:
    erase(at(30), (Kind.EMAIL, EMAIL))

    take(now, document("c1", start=31))

    assert residues() > 0


def test_an_event_that_waits_is_worked_through_and_swept_afterwards(now: datetime) -> None:
    take(now, document("c1"))
    waiting = hear(now, event("c1", ani=PHONE), state="waiting")

    erase(now, (Kind.EMAIL, EMAIL))
    waiting.refresh_from_db()
    assert waiting.body
    InboxItem.objects.update(state="done")
    requests.sweep(now=now + timedelta(hours=1))

    assert residues() == 0


def test_digests_made_with_an_earlier_key_still_hold(now: datetime, settings: Settings) -> None:
    erase(now, (Kind.EMAIL, EMAIL))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"

    take(now, document("c1"))

    assert residues() == 0


def test_digests_give_nobody_away(now: datetime, settings: Settings) -> None:
    one = Identifier(Kind.EMAIL, EMAIL)
    mine = known.digest(one)
    settings.SECRET_KEY = "another"

    assert known.digest(one) != mine
    assert len(mine) == 64


def test_an_agent_loses_name_and_address_and_gets_neither_back(now: datetime) -> None:
    Agent.objects.create(genesys_id="u1", name="Bea", email="bea@example.org")
    take(now, document("c1"))

    erase(now, (Kind.USER, "u1"))
    take(now, document("c1", note="again"), minutes=90)

    agent = Agent.objects.get()
    assert (agent.name, agent.email) == ("", "")
    assert not Participant.objects.filter(name="Bea").exists()
    assert Participant.objects.filter(name="Kanarienvogel").exists()
    assert not RawSnapshot.objects.exists()
    told = [Told("u1", "Bea", "b@x", "d1", "active"), Told("u2", "Cem", "c@x", "d1", "active")]
    assert [one.name for one in known.nameless(told)] == ["", "Cem"]


def test_doing_it_twice_is_doing_it_once(now: datetime) -> None:
    take(now, document("c1"))
    erase(now, (Kind.EMAIL, EMAIL))

    again = erase(now, (Kind.EMAIL, EMAIL))

    assert again.rows == 0
    assert ErasedConversation.objects.count() == 1


def test_an_erasure_that_broke_off_is_gone_on_with(now: datetime) -> None:
    request = ErasureRequest.objects.create(requested_at=now)
    digest = known.digest(Identifier(Kind.EMAIL, EMAIL))
    ErasedIdentifier.objects.create(request=request, kind="email", digest=digest)

    assert erase(now, (Kind.EMAIL, EMAIL)).pk == request.pk


def test_nobody_erased_costs_recording_one_query(
    now: datetime, django_assert_num_queries: Any
) -> None:
    snapshot = ingest._snapshot(raw(document()), b"h", at(60), now)

    with django_assert_num_queries(1):
        assert known.stripped([snapshot], now=now) == [snapshot]


@pytest.mark.needs("sqlite", reason="PostgreSQL's pages are not ours to read")
@pytest.mark.django_db(transaction=True)
def test_sqlites_file_holds_nothing_of_an_erased_person(now: datetime) -> None:
    """Neither in free pages, where rows lay that ingest wrote anew, nor in the journal."""
    take(now, *(document(f"c{n}") for n in range(40)))
    take(now, *(document(f"c{n}", note="Kanarienvogel" * 50) for n in range(40)), minutes=90)

    erase(now, (Kind.EMAIL, EMAIL))

    name = connection.settings_dict["NAME"]
    for path in (Path(name), Path(f"{name}-wal")):
        content = path.read_bytes().lower() if path.exists() else b""
        assert [content.count(canary.lower().encode()) for canary in CANARIES] == [0, 0, 0]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_being_recorded_while_its_person_is_erased_is_stripped_too(
    now: datetime, way: tuple[Kind, str]
) -> None:
    """The eraser looks when nothing is written yet, and the writer had looked before."""
    done: list[str] = []

    def erase_once(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        if not done and '"conversations_conversation"."genesys_id" IN' in sql:
            done.append(sql)
            erase(now + timedelta(days=1), way)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(erase_once):
        take(now, document("c1"), other())

    assert done
    assert residues() == 0
    assert RawSnapshot.objects.filter(conversation__genesys_id="other").exists()
