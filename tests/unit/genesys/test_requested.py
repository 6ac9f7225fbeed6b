"""What a conversation asks for: the customer's kind of message, skills and language."""

from typing import Any

import pytest

from integrations.errors import MalformedPayloadError
from integrations.genesys import payloads
from tests.documents import conversation, participant, raw, segment, session

Fact = dict[str, Any]


def asked(*participants: Fact) -> tuple[str, tuple[str, ...], str]:
    found = payloads.conversation(raw(conversation("c", *participants)))
    return found.message_type, found.skill_ids, found.language_id


def acd(*segments: Fact, **fields: Any) -> Fact:
    return participant("p-acd", "acd", session("s-acd", *segments, **fields))


def wants(start: float, *skills: str, language: str | None = None) -> Fact:
    return segment("delay", start, requestedRoutingSkillIds=skills, requestedLanguageId=language)


def test_what_asks_for_nothing_tells_nothing() -> None:
    bare = segment("interact", 0, requestedRoutingSkillIds=None, requestedLanguageId=None)
    assert asked(acd(bare)) == ("", (), "")
    assert asked(participant("p", "acd")) == ("", (), "")


def test_skills_and_language_are_told_in_the_order_in_which_they_stand() -> None:
    assert asked(acd(wants(0, "s2", "s1", language="de"))) == ("", ("s2", "s1"), "de")


def test_the_latest_segment_that_names_any_counts_wherever_it_stands() -> None:
    late = acd(wants(9, "late"))
    early = participant("p-1", "acd", session("s-1", wants(1, "early", language="de")))
    assert asked(late, early) == asked(early, late) == ("", ("late",), "de")


def test_a_language_is_asked_for_anew_while_the_skills_stay() -> None:
    first, then = wants(0, "s1", language="de"), wants(5, language="fr")
    assert asked(acd(then, first)) == ("", ("s1",), "fr")


def test_of_two_at_once_what_stands_last_counts() -> None:
    assert asked(acd(wants(3, "one"), wants(3, "two"))) == ("", ("two",), "")


@pytest.mark.parametrize(
    ("purposes", "told"),
    [
        (("customer",), "m1"),
        (("external",), "m1"),
        (("acd", "customer"), "m2"),
        (("customer", "customer"), "m1"),
        (("agent", "acd"), ""),
    ],
)
def test_the_kind_of_message_is_the_first_customers(purposes: tuple[str, ...], told: str) -> None:
    there = [
        participant(
            f"p{number}",
            purpose,
            session(f"s{number}", segment("interact", 0), messageType=f"m{number}"),
        )
        for number, purpose in enumerate(purposes, start=1)
    ]
    assert asked(*there) == (told, (), "")


def test_a_session_that_tells_none_leaves_it_to_the_customers_next() -> None:
    sessions = [session("s1", segment("interact", 0)), session("s2", messageType="whatsapp")]
    assert asked(participant("p", "customer", *sessions)) == ("whatsapp", (), "")


@pytest.mark.parametrize("skills", ["s1", [1], [None], {"id": "s1"}])
def test_what_are_no_skills_is_refused_with_its_place(skills: Any) -> None:
    with pytest.raises(MalformedPayloadError, match="requestedRoutingSkillIds"):
        asked(acd(segment("delay", 0, requestedRoutingSkillIds=skills)))
