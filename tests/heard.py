"""What a simulated world tells, as the product hears it: events, and documents of conversations."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from chrono.instants import from_ms
from conversations.domain import facts
from integrations.domain import topics
from integrations.domain.events import Carried, Heard
from integrations.genesys import announcements, payloads
from simulator import documents
from simulator.world import World
from simulator.world.feed import Occurrence


def carried(topic: str, body: object) -> Carried:
    """Return an event as a reader of some road's bodies hands it on; topic has a real id."""
    return Carried(*topics.normalise(topic), json.dumps(body).encode())


def heard(topic: str, body: object) -> Heard:
    found = carried(topic, body)
    return Heard(announcements.read(found), found)


def snapshot(document: object, observed_at: datetime) -> facts.Snapshot:
    """Return a document of analytics as it was read at an instant."""
    content = json.dumps(document).encode()
    content_hash = blake2b(content, digest_size=16).digest()
    return facts.Snapshot(payloads.conversation(content), observed_at, content_hash, content)


@dataclass
class Story:
    """What was told of one conversation: its events, and how it stood after each."""

    events: list[Heard] = field(default_factory=list)
    snapshots: list[facts.Snapshot] = field(default_factory=list)


class Recorder:
    """Listens to a world; a conversation's document is kept whenever something was told of it."""

    def __init__(self, world: World) -> None:
        self.stories: dict[str, Story] = {}
        self.occurrences: list[Occurrence] = []
        self._world = world
        world.feed.listen(self._hear)

    def _hear(self, occurrence: Occurrence) -> None:
        self.occurrences.append(occurrence)
        told = heard(occurrence.topic, occurrence.body)
        conversation_id = told.event.conversation_id
        known = self._world.conversations.get(conversation_id)
        if known is None:
            return
        story = self.stories.setdefault(conversation_id, Story())
        story.events.append(told)
        read_at = from_ms(occurrence.at)
        last = story.snapshots[-1] if story.snapshots else None
        if last is None or last.observed_at < read_at:
            story.snapshots.append(snapshot(documents.conversation_detail(known), read_at))
