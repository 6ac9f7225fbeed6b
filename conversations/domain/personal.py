"""What of a conversation is personal data, whom it names, and the conversation without it.

A person is found by identifiers in a normal form, so that `tel:+49 30 123` and `+4930123` are one.
"""

import json
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final, NamedTuple

from conversations.domain.facts import Conversation, Participant, Segment, Session


class Kind(StrEnum):
    """Kinds of what identifies a person."""

    EMAIL = "email"
    PHONE = "phone"
    EXTERNAL_CONTACT = "external contact"
    USER = "user"
    OTHER = "other"  # the whole of an address, a social handle, an id in the attributes


class Identifier(NamedTuple):
    """What identifies a person, in normal form."""

    kind: Kind
    value: str


LONGEST: Final = 320
SHORTEST_PHONE: Final = 6
_EMAIL: Final = re.compile(r"[^\s\"'<>()\[\],;:\\@]+@[^\s\"'<>()\[\],;:\\@/?&]+")
_PHONE: Final = re.compile(r"\+?\d(?:[\s().\-/\u00a0]{0,3}\d){5,19}")
_NO_DIGIT: Final = re.compile(r"\D")


def identifier(kind: Kind, text: str) -> Identifier | None:
    """Return an identifier in normal form; None where the text is none of this kind."""
    value = text.strip().casefold()
    if kind is Kind.EMAIL:
        value = value.removeprefix("mailto:").rstrip(".")
        return Identifier(kind, value) if _EMAIL.fullmatch(value) else None
    if kind is Kind.PHONE:
        value = _digits(value.partition("@")[0].partition(";")[0])
        return Identifier(kind, value) if len(value) >= SHORTEST_PHONE else None
    return Identifier(kind, value) if 0 < len(value) <= LONGEST else None


def spelt_out(identifiers: Iterable[Identifier]) -> set[Identifier]:
    """Return identifiers, and those that they are elsewhere: a contact's id may be an attribute."""
    found = set(identifiers)
    ids = {one.value for one in found if one.kind is Kind.EXTERNAL_CONTACT}
    return found | {Identifier(Kind.OTHER, value) for value in ids}


def named_in(conversation: Conversation) -> set[Identifier]:
    """Return whatever identifies a person in a conversation."""
    found: set[Identifier] = set()
    for kind, text in _ids(conversation):
        if text and (one := identifier(kind, text)):
            found.add(one)
    for text in _texts(conversation):
        found.update(named_in_text(text))
    return found


def named_in_text(text: str) -> Iterator[Identifier]:
    """Yield the e-mail addresses and telephone numbers in a text, and the whole of it."""
    if not text:
        return
    for found in _EMAIL.findall(text):
        if one := identifier(Kind.EMAIL, found):
            yield one
    for found in _PHONE.findall(text):
        if one := identifier(Kind.PHONE, found):
            yield one
    if whole := identifier(Kind.OTHER, text):
        yield whole


def named_in_json(read: Any) -> Iterator[Identifier]:
    """Yield what identifies a person in the texts of a JSON value, whatever its shape."""
    match read:
        case str():
            yield from named_in_text(read)
        case dict() | list():
            for one in read.values() if isinstance(read, dict) else read:
                yield from named_in_json(one)


def stripped(conversation: Conversation) -> Conversation:
    """Return a conversation without the personal data of its customers.

    Agents' names stay: they are the employees', who are known by their user id anyway.
    """
    people = tuple(map(_without_person, conversation.participants))
    return conversation._replace(external_tag="", participants=people)


def without_names_of(user_ids: Iterable[str], conversation: Conversation) -> Conversation:
    """Return a conversation without the names of some users."""
    gone = frozenset(user_ids)
    people = tuple(
        one._replace(name="") if one.user_id in gone else one for one in conversation.participants
    )
    return conversation._replace(participants=people)


def _without_person(participant: Participant) -> Participant:
    return participant._replace(
        name=participant.name if participant.user_id else "",
        external_contact_id="",
        attributes="{}",
        sessions=tuple(map(_without_addresses, participant.sessions)),
    )


def _without_addresses(session: Session) -> Session:
    segments = tuple(map(_without_words, session.segments))
    return session._replace(ani="", dnis="", address_from="", address_to="", segments=segments)


def _without_words(segment: Segment) -> Segment:
    return segment._replace(wrap_up_note="", subject="")


def _ids(conversation: Conversation) -> Iterator[tuple[Kind, str]]:
    for participant in conversation.participants:
        yield Kind.EXTERNAL_CONTACT, participant.external_contact_id
        yield Kind.USER, participant.user_id


def _texts(conversation: Conversation) -> Iterator[str]:
    yield conversation.external_tag
    for participant in conversation.participants:
        yield participant.name
        if participant.attributes != "{}":
            yield from map(str, json.loads(participant.attributes).values())
        for session in participant.sessions:
            yield from (session.ani, session.dnis, session.address_from, session.address_to)
            for segment in session.segments:
                yield from (segment.subject, segment.wrap_up_note)


def _digits(text: str) -> str:
    """Return the digits of a telephone number; an international prefix is no part of it."""
    digits = _NO_DIGIT.sub("", text)
    return digits.removeprefix("00")
