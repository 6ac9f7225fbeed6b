"""What every contact needs of the centre: the timeline, the queues, the desks, new ids."""

from itertools import count
from random import Random

from simulator.world.calendar import SATURDAY, Calendar
from simulator.world.corrections import Corrections
from simulator.world.desk import Desk
from simulator.world.engine import Timeline
from simulator.world.feed import Feed
from simulator.world.feedback import Feedback
from simulator.world.organization import Organization, Queue, new_id
from simulator.world.records import Conversation
from simulator.world.routing import Routing
from simulator.world.witness import Witness

_LONG_SESSION_IDS = 0.02  # some have 73 characters


class Floor:
    """The place where contacts meet agents. stream names the seeded source of all chance."""

    def __init__(
        self,
        *,
        now: int,
        organization: Organization,
        stream: str,
        feed: Feed,
        corrections: float = 0.0,
    ) -> None:
        self.timeline = Timeline(now)
        self.witness = Witness(self.timeline, feed, organization)
        self.organization = organization
        self.conversations: dict[str, Conversation] = {}
        self.routing = Routing(self.timeline, Random(f"{stream}/routing"), organization.queues)
        self.feedback = Feedback(self.timeline, Random(f"{stream}/feedback"), self.witness)
        self.corrections = Corrections(
            self.timeline, Random(f"{stream}/corrections"), organization, share=corrections
        )
        self.desks = [
            Desk(self.timeline, agent, Random(f"{stream}/{agent.id}"), self.routing.look)
            for agent in organization.agents
        ]
        self.routing.seat(self.desks)
        self.calendar = Calendar(organization.zone)
        self._ids = Random(f"{stream}/ids")
        self._numbers = count()

    def new_id(self) -> str:
        return new_id(self._ids)

    def new_session_id(self) -> str:
        """Return a session id; now and then one longer than a UUID."""
        if self._ids.random() < _LONG_SESSION_IDS:
            return f"{self.new_id()}-{self.new_id()}"
        return self.new_id()

    def next_number(self) -> int:
        return next(self._numbers)

    def queues(self, media: str, *, besides: Queue | None = None) -> list[Queue]:
        """Return the inbound queues of a medium."""
        return [
            queue
            for queue in self.organization.queues
            if queue.media == media and not queue.outbound and queue is not besides
        ]

    def is_open(self, queue: Queue) -> bool:
        """Say whether a queue takes calls now."""
        hour, weekday = self.calendar.hour_and_weekday(self.timeline.now)
        return queue.hours is None or (
            weekday < SATURDAY and queue.hours[0] <= hour < queue.hours[1]
        )
