"""Taking personal data out of the mirror. What is counted, ended and measured stays."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Replace
from django.db.models.lookups import Contains, IContains

from conversations import bulk, tables
from conversations.domain.personal import Identifier, Kind, named_in
from conversations.models import (
    Agent,
    Conversation,
    Participant,
    RawSnapshot,
    Segment,
    Session,
)

AT_ONCE: Final = 200
ADDRESSES: Final = ("ani", "dnis", "address_from", "address_to")
WORDS: Final = ("subject", "wrap_up_note")
# What people write between the digits of a telephone number.
BETWEEN_DIGITS: Final = " -()./\u00a0"
_ASCII: Final = re.compile(r"[ -~]+")


class Part(NamedTuple):
    """Some rows with personal data, and what becomes of them; None: they go."""

    name: str
    rows: QuerySet[Any]
    become: dict[str, Any] | None


def concerned(identifiers: Collection[Identifier], *, until: datetime) -> list[int]:
    """Return the pks of the conversations, started until then, that name a person.

    Reads every text of the mirror: for what is rare.
    """
    wanted = {one for one in identifiers if one.kind is not Kind.USER}
    if not wanted:
        return []
    found: list[int] = []
    for pks in portions(sorted(_candidates(wanted))):
        rows = list(Conversation.objects.filter(pk__in=pks, started_at__lte=until).order_by("pk"))
        told = tables.stored([row.pk for row in rows]).conversations(rows)
        found += [row.pk for row, facts in zip(rows, told, strict=True) if wanted & named_in(facts)]
    return found


def count(pks: Sequence[int]) -> Counter[str]:
    """Return how many rows of each table strip would change."""
    counts: Counter[str] = Counter()
    for some in portions(pks):
        counts.update({part.name: part.rows.count() for part in _parts(some)})
    return counts


def strip(pks: Sequence[int]) -> Counter[str]:
    """Take the personal data out of conversations; return how many rows of each table changed.

    Afterwards they are what conversations.domain.personal.stripped makes of them. Some at a time.
    """
    counts: Counter[str] = Counter()
    for some in portions(pks):
        counts.update(_strip(some))
        bulk.breathe()
    return counts


def count_users(user_ids: Collection[str]) -> Counter[str]:
    """Return how many rows of each table strip_users would change."""
    return Counter({part.name: part.rows.count() for part in _user_parts(user_ids)})


@transaction.atomic
def strip_users(user_ids: Collection[str]) -> Counter[str]:
    """Take the names and e-mail addresses of agents out of the mirror."""
    return Counter({part.name: _change(part) for part in _user_parts(user_ids)})


def portions(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut pks into as many as one transaction may hold back others for."""
    return bulk.portions(pks, AT_ONCE)


@transaction.atomic
def _strip(pks: Sequence[int]) -> Counter[str]:
    # Whoever writes a snapshot of one of them holds its row first too.
    held = Conversation.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    list(held.values_list("pk", flat=True))
    return Counter({part.name: _change(part) for part in _parts(pks)})


def _change(part: Part) -> int:
    if part.become is None:
        return part.rows.delete()[0]
    return part.rows.update(**part.become)


def _parts(pks: Sequence[int]) -> list[Part]:
    """Return the rows below conversations that hold personal data."""
    people = Participant.objects.filter(conversation_id__in=pks)
    sessions = Session.objects.filter(conversation_id__in=pks)
    segments = Segment.objects.filter(session_id__in=sessions.values("pk"))
    no_address, no_words = dict.fromkeys(ADDRESSES, ""), dict.fromkeys(WORDS, "")
    unknown = {"external_contact_id": "", "attributes": {}}
    return [
        Part("names", people.filter(user_id="").exclude(name=""), {"name": ""}),
        Part("participants", people.exclude(**unknown), unknown),
        Part("sessions", sessions.exclude(**no_address), no_address),
        Part("segments", segments.exclude(**no_words), no_words),
        Part("raw documents", RawSnapshot.objects.filter(pk__in=pks), None),
        Part(
            "conversations",
            Conversation.objects.filter(pk__in=pks).exclude(external_tag=""),
            {"external_tag": ""},
        ),
    ]


def _user_parts(user_ids: Collection[str]) -> list[Part]:
    agents = Agent.objects.filter(genesys_id__in=user_ids)
    people = Participant.objects.filter(user_id__in=user_ids)
    nameless = {"name": "", "email": ""}
    return [
        Part("agents", agents.exclude(**nameless), nameless),
        Part("names", people.exclude(name=""), {"name": ""}),
        Part(
            "raw documents",
            RawSnapshot.objects.filter(conversation_id__in=people.values("conversation_id")),
            None,
        ),
    ]


def _candidates(wanted: Collection[Identifier]) -> set[int]:
    """Return conversations that may name a person: a text of theirs holds the letters or digits."""
    people = Participant.objects.annotate(told=Cast("attributes", TextField()))
    in_people = people.filter(
        _any_holds(wanted, ("name", "told"))
        | _any(
            Q(external_contact_id__iexact=one.value)
            for one in wanted
            if one.kind is Kind.EXTERNAL_CONTACT
        )
    )
    in_sessions = Session.objects.filter(_any_holds(wanted, ADDRESSES))
    in_segments = Segment.objects.filter(_any_holds(wanted, WORDS))
    in_tags = Conversation.objects.filter(_any_holds(wanted, ("external_tag",)))
    return {
        *in_people.values_list("conversation_id", flat=True),
        *in_sessions.values_list("conversation_id", flat=True),
        *in_segments.values_list("session__conversation_id", flat=True),
        *in_tags.values_list("pk", flat=True),
    }


def _any_holds(wanted: Collection[Identifier], columns: Sequence[str]) -> Q:
    return _any(
        _holds(one, column)
        for one in wanted
        for column in columns
        if one.kind in (Kind.EMAIL, Kind.PHONE, Kind.OTHER)
    )


def _holds(one: Identifier, column: str) -> Q:
    if one.kind is not Kind.PHONE:
        return Q(IContains(F(column), _needle(one.value)))
    digits: Any = F(column)
    for mark in BETWEEN_DIGITS:
        digits = Replace(digits, Value(mark), Value(""), output_field=TextField())
    return Q(Contains(digits, one.value))


def _needle(value: str) -> str:
    """Return the longest part of a text that every database compares without regard to case."""
    return max(_ASCII.findall(value), key=len, default=value)


def _any(these: Iterable[Q]) -> Q:
    return reduce(or_, these, Q(pk__in=()))
