"""The world: a contact centre that lives from an epoch on, as far as it is told."""

from collections.abc import Collection
from datetime import datetime
from random import Random
from typing import Any

from chrono.instants import from_ms, isoformat, to_ms
from simulator.world import truth
from simulator.world.arrivals import Arrivals
from simulator.world.corrections import Corrections
from simulator.world.engine import DAY
from simulator.world.feed import Feed, Occurrence
from simulator.world.floor import Floor
from simulator.world.organization import Organization, found
from simulator.world.presence import Presences
from simulator.world.records import Conversation
from simulator.world.shifts import Shifts

JOBS_AVAILABLE = "v2.analytics.conversations.details.jobs.availability"


class World:
    """A contact centre. Its history depends on what it is made with, on nothing else.

    epoch is a UTC instant; the first contact comes after it. zone is an IANA time zone: the
    centre's. Conversations that ended more than keep_days ago are forgotten. corrections is the
    share of conversations that are rewritten on the third day after their end. auto_answer names
    queues whose contacts agents need not answer. In a quiet one nobody comes, neither agents nor
    customers, but for whom somebody brings to its floor.
    """

    def __init__(  # noqa: PLR0913 - what a history depends on
        self,
        *,
        seed: int,
        epoch: datetime,
        zone: str = "Europe/Berlin",
        keep_days: int = 14,
        corrections: float = 0.0,
        auto_answer: Collection[str] = (),
        quiet: bool = False,
    ) -> None:
        start = to_ms(epoch)
        stream = f"{seed}/{start}/{zone}"
        self.epoch = from_ms(start)
        self.organization: Organization = found(seed=seed, zone=zone, auto_answer=auto_answer)
        self.feed = Feed()
        self._keep = keep_days * DAY
        self._floor = Floor(
            now=start,
            organization=self.organization,
            stream=stream,
            feed=self.feed,
            corrections=corrections,
        )
        timeline = self._floor.timeline
        self.presences = Presences(timeline, self._floor.desks, self.feed)
        if not quiet:
            self._open(stream)
        timeline.after(DAY, self._forget)

    def _open(self, stream: str) -> None:
        """Let agents and customers come."""
        floor = self._floor
        shifts = Random(f"{stream}/shifts")
        Shifts(floor.timeline, floor.calendar, floor.desks, shifts).begin()
        for queue in self.organization.queues:
            Arrivals(floor, queue, Random(f"{stream}/arrivals/{queue.id}")).begin()

    @property
    def floor(self) -> Floor:
        """Where contacts meet agents."""
        return self._floor

    @property
    def now(self) -> datetime:
        """The instant up to which the world has lived."""
        return from_ms(self._floor.timeline.now)

    @property
    def conversations(self) -> dict[str, Conversation]:
        """All conversations that are remembered, by id, the oldest first."""
        return self._floor.conversations

    @property
    def corrections(self) -> Corrections:
        """What is rewritten days later; its share may be changed while the world lives."""
        return self._floor.corrections

    def advance_to(self, at: datetime) -> None:
        """Live on up to an instant; one that has passed changes nothing."""
        self._floor.timeline.run_until(to_ms(at))

    def announce_jobs(self, *, until: datetime) -> None:
        """Tell that jobs now answer for all that happened until an instant."""
        body = {"dataAvailabilityDate": isoformat(until)}
        self.feed.tell(Occurrence(JOBS_AVAILABLE, body, self._floor.timeline.now))

    def truth(self, at: datetime, *, ids: Collection[str] = ()) -> dict[str, Any]:
        """Live on up to an instant and tell what a mirror must hold then: see truth.py.

        ids narrows it to some conversations; one that is unknown is left out, and so is presence.

        Raises ValueError where the instant has passed: the past is not kept.
        """
        if at < self.now:
            raise ValueError(f"the world stands at {self.now}, it cannot tell of {at}")
        self.advance_to(at)
        known = self._floor.conversations
        if ids:
            return truth.of([known[id_] for id_ in ids if id_ in known], at=self.now)
        return truth.of(known.values(), at=self.now) | {"presence": self.presences.truth()}

    def _forget(self) -> None:
        oldest = self._floor.timeline.now - self._keep
        for conversation in list(self._floor.conversations.values()):
            if conversation.end is not None and conversation.end < oldest:
                del self._floor.conversations[conversation.id]
        self.presences.forget(oldest)
        self._floor.timeline.after(DAY, self._forget)
