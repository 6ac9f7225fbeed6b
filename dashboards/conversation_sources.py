"""Where the log tells of the event that a step of a clock came of. Pure, on values read before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from dashboards.conversation_chart import anchor
from dashboards.conversation_rows import Stored
from dashboards.work import Stretch
from sla.turns import CONVERSATION

WORDS: Final[Mapping[str, str]] = {
    "message": "the message",
    "segment": "the segment",
    "event": "the event",
    CONVERSATION: "the event",
}


class Link(NamedTuple):
    """A link within the page, or to another page of its log."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The entries of the log by what they are the source of.

    page_of tells on which page of the whole log an anchor stands; here is the page shown, 0 where
    only some kinds of entries are.
    """

    anchors: Mapping[str, str] = field(default_factory=dict)
    page_of: Mapping[str, int] = field(default_factory=dict)
    here: int = 0

    def link(self, source: str, at: datetime) -> Link | None:
        """Return the link to what a step came of; None where the log does not tell of it."""
        found = self.anchors.get(_key(source, at))
        if found is None or found not in self.page_of:
            return None
        page = self.page_of[found]
        href = f"#{found}" if page == self.here else f"?page={page}#{found}"
        return Link(href, WORDS[source.partition(" ")[0]])


def anchors(stored: Stored, found: Sequence[Stretch]) -> dict[str, str]:
    """Return the anchors of the log's entries by the sources that they are."""
    return {
        **{f"message {message.genesys_id}": f"message-{message.pk}" for message in stored.messages},
        **dict(_of_events(stored)),
        **dict(_of_segments(stored, found)),
    }


def _of_events(stored: Stored) -> Iterable[tuple[str, str]]:
    for event in stored.events:
        if event.name.startswith("conversation."):
            yield _key(CONVERSATION, event.at), f"event-{event.pk}"
        yield f"event {event.name}/{event.subject}", f"event-{event.pk}"


def _of_segments(stored: Stored, found: Sequence[Stretch]) -> Iterable[tuple[str, str]]:
    """Yield where each segment begins in the log: an interruption cuts a hold into several."""
    for stretch in reversed(found):
        extra = stored.extras[stretch.segment.pk]
        yield f"segment {extra.session_id}/{extra.ordinal}", anchor(stretch)


def _key(source: str, at: datetime) -> str:
    return f"{source}@{at.timestamp()}" if source == CONVERSATION else source
