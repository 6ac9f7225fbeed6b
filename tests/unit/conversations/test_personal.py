"""Personal data: how people are found, and what is left of a conversation without them."""

import json
from typing import Any

import pytest

from conversations.domain.personal import (
    Identifier,
    Kind,
    identifier,
    named_in,
    named_in_json,
    named_in_text,
    stripped,
    without_names_of,
)
from integrations.genesys import payloads
from tests.documents import conversation, participant, raw, segment, session


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.EMAIL, " Ada.Lovelace@Example.ORG ", "ada.lovelace@example.org"),
        (Kind.EMAIL, "mailto:ada@example.org", "ada@example.org"),
        (Kind.PHONE, "tel:+49 (30) 123-45.67", "49301234567"),
        (Kind.PHONE, "0049301234567", "49301234567"),
        (Kind.PHONE, "sip:+49301234567@edge7.example;user=phone", "49301234567"),
        (Kind.EXTERNAL_CONTACT, "ABC-1", "abc-1"),
        (Kind.OTHER, "@Ada", "@ada"),
    ],
)
def test_an_identifier_has_one_form(kind: Kind, text: str, value: str) -> None:
    assert identifier(kind, text) == Identifier(kind, value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.EMAIL, "ada"),
        (Kind.EMAIL, "ada@example.org, bob@example.org"),
        (Kind.PHONE, "12345"),
        (Kind.PHONE, "ada"),
        (Kind.OTHER, " "),
        (Kind.OTHER, "x" * 321),
    ],
)
def test_what_is_no_identifier_is_none(kind: Kind, text: str) -> None:
    assert identifier(kind, text) is None


def test_people_are_found_in_the_middle_of_a_text_and_never_in_a_part_of_another() -> None:
    found = set(named_in_text("call Joann@x.com (+49 30/1234 567) at 9:15, or <ann@x.com>."))

    assert Identifier(Kind.EMAIL, "joann@x.com") in found
    assert Identifier(Kind.EMAIL, "ann@x.com") in found
    assert Identifier(Kind.PHONE, "49301234567") in found
    only_joann = set(named_in_text("joann@x.com, +4930123456789"))
    assert Identifier(Kind.EMAIL, "ann@x.com") not in only_joann
    assert Identifier(Kind.PHONE, "49301234567") not in only_joann


def test_people_are_found_in_json_of_any_shape() -> None:
    found = set(named_in_json({"a": [{"b": "ann@x.com"}, 7, None], "c": "+49301234567"}))

    assert {Identifier(Kind.EMAIL, "ann@x.com"), Identifier(Kind.PHONE, "49301234567")} <= found


PERSONAL = "canary"


def full() -> dict[str, Any]:
    """Return a conversation in which every field that may hold personal data does."""
    words = {"subject": f"about {PERSONAL}", "wrapUpNote": f"{PERSONAL}@example.org called"}
    addresses = dict.fromkeys(
        ("ani", "dnis", "addressFrom", "addressTo"), f"tel:+49301234567;{PERSONAL}"
    )
    customer = session("s1", segment("interact", 0, 5, **words), **addresses)
    agent = session("s2", segment("interact", 1, 5, **words), **addresses)
    more = {"externalContactId": PERSONAL, "attributes": {"who": PERSONAL}}
    return conversation(
        "c1",
        participant("p1", "customer", customer, participantName=PERSONAL, **more),
        participant("p2", "agent", agent, userId="u1", participantName="Agent", **more),
        end=5,
        externalTag=PERSONAL,
    )


def test_nothing_personal_is_left_and_everything_else_is() -> None:
    read = payloads.conversation(raw(full()))

    left = stripped(read)

    assert PERSONAL not in str(left)
    assert stripped(left) == left
    assert left.participants[1].name == "Agent"
    assert [len(p.sessions[0].segments) for p in left.participants] == [1, 1]
    same = [p._replace(sessions=()) for p in left.participants]
    assert [(p.genesys_id, p.purpose, p.user_id) for p in same] == [
        ("p1", "customer", ""),
        ("p2", "agent", "u1"),
    ]
    assert PERSONAL not in json.dumps(left, default=str)


def test_everybody_in_a_conversation_is_found() -> None:
    found = named_in(payloads.conversation(raw(full())))

    assert found >= {
        Identifier(Kind.EMAIL, "canary@example.org"),
        Identifier(Kind.PHONE, "49301234567"),
        Identifier(Kind.EXTERNAL_CONTACT, PERSONAL),
        Identifier(Kind.OTHER, PERSONAL),
        Identifier(Kind.USER, "u1"),
    }


def test_an_agent_may_be_made_nameless_alone() -> None:
    read = payloads.conversation(raw(full()))

    left = without_names_of({"u1"}, read)

    assert [person.name for person in left.participants] == [PERSONAL, ""]
