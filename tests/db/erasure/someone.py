"""A person who is to be forgotten, what tells of them, and what is left of them afterwards."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps import apps

from conversations.domain.personal import Kind, identifier
from integrations.erasure import requests
from integrations.genesys import ingest
from integrations.models import ErasureRequest, InboxItem, Source
from tests.documents import answered_email, at, conversation, participant, raw, segment, session

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
