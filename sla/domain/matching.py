"""Which conversations a policy covers, and whose hours a queue keeps: conditions, and what holds.

An empty condition covers everything; all conditions must hold. Kinds of media, of messages and
labels are compared without regard to case.
"""

from collections.abc import Iterable
from typing import NamedTuple, Self

Ids = frozenset[str]
NOTHING: Ids = frozenset()


class Facets(NamedTuple):
    """What conditions ask of a conversation, in the spelling of words(). Absent texts are ""."""

    media_type: str = ""
    queue_id: str = ""
    message_type: str = ""
    division_ids: Ids = NOTHING
    skill_ids: Ids = NOTHING
    language_id: str = ""
    label: str = ""
    priority: int | None = None


class Conditions(NamedTuple):
    """The conditions of a policy."""

    media_types: Ids = NOTHING
    queue_ids: Ids = NOTHING
    message_types: Ids = NOTHING
    division_ids: Ids = NOTHING
    skill_ids: Ids = NOTHING
    language_ids: Ids = NOTHING
    labels: Ids = NOTHING
    least_priority: int | None = None

    def cover(self, facets: Facets) -> bool:
        """Tell whether all conditions hold. Of skills and divisions one is enough."""
        return (
            (not self.media_types or facets.media_type in self.media_types)
            and (not self.queue_ids or facets.queue_id in self.queue_ids)
            and (not self.message_types or facets.message_type in self.message_types)
            and (not self.language_ids or facets.language_id in self.language_ids)
            and (not self.labels or facets.label in self.labels)
            and (not self.division_ids or not self.division_ids.isdisjoint(facets.division_ids))
            and (not self.skill_ids or not self.skill_ids.isdisjoint(facets.skill_ids))
            and self._is_urgent(facets.priority)
        )

    def cover_all_of(self, other: Self) -> bool:
        """Tell whether whatever the other's conditions cover is covered by these too."""
        least, others = self.least_priority, other.least_priority
        return all(
            not ours or (bool(theirs) and theirs <= ours)
            for ours, theirs in zip(self[:-1], other[:-1], strict=True)
        ) and (least is None or (others is not None and others >= least))

    @property
    def ask_for_notes(self) -> bool:
        """Whether they ask for what only events of routing tell."""
        return bool(self.labels) or self.least_priority is not None

    def _is_urgent(self, priority: int | None) -> bool:
        least = self.least_priority
        return least is None or (priority is not None and priority >= least)


class QueueHours(NamedTuple):
    """A rule that says whose hours queues keep."""

    calendar_id: int
    queue_ids: Ids = NOTHING
    name_contains: str = ""
    division_ids: Ids = NOTHING
    media_types: Ids = NOTHING

    def covers(self, queue: "Queue", media_type: str) -> bool:
        return (
            (not self.queue_ids or queue.genesys_id in self.queue_ids)
            and self.name_contains in queue.name
            and (not self.division_ids or queue.division_id in self.division_ids)
            and (not self.media_types or media_type in self.media_types)
        )


class Queue(NamedTuple):
    """A queue as rules see it: its name in the spelling of words(), "" where it is not known."""

    genesys_id: str = ""
    name: str = ""
    division_id: str = ""


def words(written: Iterable[str]) -> Ids:
    """Return words in a spelling in which case does not count."""
    return frozenset(map(str.casefold, written))


def calendar_of(rules: Iterable[QueueHours], queue: Queue, media_type: str) -> int | None:
    """Return the calendar of the first rule that covers a queue; None where none does."""
    return next((rule.calendar_id for rule in rules if rule.covers(queue, media_type)), None)
