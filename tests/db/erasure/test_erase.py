"""Forgetting a person: no trace anywhere, now or later, and nothing of anybody else is touched."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from conversations import selectors
from conversations.domain.directory import Agent as Told
from conversations.domain.personal import Identifier, Kind, identifier, stripped
from conversations.models import Agent, Participant, RawSnapshot, Segment
from integrations.erasure import expiry, known, requests
from integrations.genesys import ingest
from integrations.models import (
    ErasedConversation,
    ErasedIdentifier,
    ErasureRequest,
    InboxItem,
    Source,
    Watermark,
)
from tests.documents import answered_email, at, conversation, participant, raw, segment, session

pytestmark = pytest.mark.django_db
EMAIL, PHONE, CONTACT = "canary@example.org", "+4930123456789", "canary-contact-1"
# What of the person may stand in the database, in whatever spelling.
CANARIES = ("canary", "30123456789", "Kanarienvogel")


def document(name: str = "c1", *, start: float = 0, note: str = "", **more: Any) -> dict[str, Any]:
    """Return a conversation of the person: by e-mail, with a callback and every personal field."""
    words = {"subject": "Kanarienvogel entflogen", "wrapUpNote": note}
    mail = session("s1", segment("interact", start, start + 5, **words), addressFrom=EMAIL)
    call = session("s2", segment("interact", start + 1, start + 5, **words), ani=f"tel:{PHONE}")
    agent = session(
        "s3", segment("interact", start + 1, start + 5, **words), addressTo=EMAIL, dnis=PHONE
    )
    who = {"participantName": "Kanarienvogel", "externalContactId": CONTACT}
    return conversation(
        name,
        participant("p1", "customer", mail, attributes={"mail": EMAIL.upper()}, **who),
        participant("p2", "external", call, **who),
        participant("p3", "agent", agent, userId="u1", participantName="Bea"),
        start=start,
        end=start + 5,
        externalTag=CONTACT,
        **more,
    )


def other() -> dict[str, Any]:
    return answered_email("other")


def take(now: datetime, *documents: dict[str, Any], minutes: float = 60) -> None:
    taken = ingest.take(map(raw, documents), observed_at=at(minutes), now=now)
    assert not taken.refused


def hear(now: datetime, body: bytes, *, state: str = "done") -> InboxItem:
    source, _ = Source.objects.get_or_create(name="s", kind="eventbridge", created_at=now)
    return InboxItem.objects.create(
        source=source, body=body, received_at=now, due_at=now, state=state, processed_at=now
    )


def event(conversation_id: str, **more: str) -> bytes:
    return json.dumps(
        {"detail": {"eventBody": {"conversationId": conversation_id} | more}}
    ).encode()


def erase(now: datetime, *identifiers: tuple[Kind, str]) -> ErasureRequest:
    found = {one for kind, text in identifiers if (one := identifier(kind, text))}
    assert len(found) == len(identifiers)
    (done,) = requests.erase(persons=[requests.Person(frozenset(found), now)], now=now)
    return done


def dump() -> Iterator[str]:
    """Yield every value of every table, bytes as text, raw documents unpacked."""
    for model in apps.get_models():
        columns = [field.attname for field in model._meta.concrete_fields]
        for row in model._default_manager.values_list(*columns):
            for value in row:
                binary = isinstance(value, bytes | memoryview)
                yield bytes(value).decode("latin-1") if binary else str(value)


def residues() -> int:
    told = "\n".join(dump()).casefold()
    return sum(told.count(canary.casefold()) for canary in CANARIES)


WAYS = ((Kind.EMAIL, EMAIL), (Kind.PHONE, PHONE), (Kind.EXTERNAL_CONTACT, CONTACT))


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


def run(*options: str) -> str:
    output = StringIO()
    call_command("erase_person", *options, stdout=output)
    return output.getvalue()


def test_the_command_counts_without_changing_anything(now: datetime) -> None:
    take(now, document("c1"), other())
    hear(now, event("c1"))

    said = run("--email", EMAIL, "--dry-run")

    assert "nothing was changed" in said
    counted = dict(line.rsplit(maxsplit=1) for line in said.splitlines() if line.startswith("  "))
    assert counted["  sessions"] == "3"
    assert counted["  segments"] == "3"
    assert counted["  events"] == "1"
    assert residues() > 0
    assert not ErasureRequest.objects.exists()


def test_the_command_asks_first(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    take(now, document("c1"))
    answers = iter(["no", "yes"])
    monkeypatch.setattr("builtins.input", lambda: next(answers))

    assert "nothing was changed" in run("--phone", PHONE)
    assert residues() > 0
    assert "erased, request" in run("--phone", PHONE)
    assert residues() == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "whom?"),
        (("--email", "canary"), "--email: this is no email"),
        (("--phone", "123"), "--phone: this is no phone"),
        (("--phone", "030 1234567"), "--phone: the country code is lacking"),
    ],
)
def test_the_command_says_what_is_missing_and_repeats_no_data(
    options: Sequence[str], told: str
) -> None:
    with pytest.raises(CommandError, match=told.replace("?", r"\?")) as refusal:
        run(*options, "--no-input")

    assert "canary" not in str(refusal.value)


def test_personal_data_past_its_days_goes_and_does_not_come_back(
    now: datetime, settings: Settings
) -> None:
    take(now, document("c1"), document("c2", start=24 * 60))
    old = hear(now - timedelta(days=31), event("c1"))
    settings.PERSONAL_DATA_DAYS = 30
    later = at(5) + timedelta(days=30, seconds=1)

    assert expiry.strip_old(now=later) == 1
    assert expiry.strip_old(now=later) == 0
    take(later, document("c1", note="Kanarienvogel"), minutes=90)

    assert not Participant.objects.filter(conversation__genesys_id="c1", name="Kanarienvogel")
    assert not RawSnapshot.objects.filter(conversation__genesys_id="c1")
    assert Participant.objects.filter(conversation__genesys_id="c2", name="Kanarienvogel")
    old.refresh_from_db()
    assert old.body == b""


def test_other_days_are_looked_through_anew(now: datetime, settings: Settings) -> None:
    settings.PERSONAL_DATA_DAYS = 30
    later = at(5) + timedelta(days=31)
    expiry.strip_old(now=later)
    settings.PERSONAL_DATA_DAYS = 0
    take(later, document("c1"))
    assert expiry.strip_old(now=later) == 0
    assert Watermark.objects.get(road=expiry.ROAD).read_to is None

    settings.PERSONAL_DATA_DAYS = 60
    assert expiry.strip_old(now=later) == 0
    settings.PERSONAL_DATA_DAYS = 30
    assert expiry.strip_old(now=later) == 1
    assert residues() == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's pages are not ours to read")
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
