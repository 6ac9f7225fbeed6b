"""Whose opening hours each queue keeps, as the rules of queues' hours say."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from conversations.models import Queue as QueueRow
from sla.domain.matching import calendar_of, words
from sla.models import Calendar, Policy
from sla.promises import queues_as_ruled, rules_of_hours
from sla.timelines import needs_rule

MEDIA: Final = {
    "email": "e-mail",
    "message": "messages",
    "chat": "chat",
    "voice": "voice",
    "callback": "callbacks",
}
NOBODYS: Final = "no rule covers it"


class Kept(NamedTuple):
    """The hours that a queue keeps: of its media in words ("" is all of them), and the calendar."""

    media: str
    hours: str


class QueueKeeps(NamedTuple):
    """A queue, and the hours that it keeps; covered: some rule covers all of its media."""

    name: str
    kept: tuple[Kept, ...]
    covered: bool


def by_queue() -> Iterator[QueueKeeps]:
    """Yield the queues that are not deleted by name, each with its hours: three queries."""
    rules, ruled = rules_of_hours(), queues_as_ruled()
    named = dict(Calendar.objects.values_list("pk", "name"))
    for row in QueueRow.objects.filter(deleted=False).order_by("name", "pk"):
        kept = {media: calendar_of(rules, ruled[row.genesys_id], media) for media in MEDIA}
        yield QueueKeeps(
            str(row), tuple(_said(kept, named)), covered=None not in set(kept.values())
        )


def without_hours() -> dict[str, list[str]]:
    """Return the queues without opening hours, by name, that policies which go by them are for.

    By the policies' names; one whose queues all have hours has none. None at all: no active policy
    goes by its queues' hours. Three queries.
    """
    active = Policy.objects.filter(active=True).order_by("position", "pk")
    policies = [policy for policy in active if needs_rule(policy)]
    if not policies:
        return {}
    rules, ruled = rules_of_hours(), queues_as_ruled()
    rows = list(QueueRow.objects.filter(deleted=False).order_by("name", "pk"))

    def lacks(queue: QueueRow, policy: Policy) -> bool:
        media = words(policy.media_types) or MEDIA
        is_for = not policy.queue_ids or queue.genesys_id in policy.queue_ids
        return is_for and any(calendar_of(rules, ruled[queue.genesys_id], m) is None for m in media)

    return {str(one): [str(row) for row in rows if lacks(row, one)] for one in policies}


def _said(kept: dict[str, int | None], named: dict[int, str]) -> Iterator[Kept]:
    """Yield each calendar once, with the media that go by it."""
    calendars = list(dict.fromkeys(kept.values()))
    for calendar in calendars:
        media = [MEDIA[name] for name, pk in kept.items() if pk == calendar]
        words = ", ".join(media) if len(calendars) > 1 else ""
        yield Kept(words, NOBODYS if calendar is None else named.get(calendar, NOBODYS))
