"""What agents are seen to be: presence and routing status, from an instant on.

Both follow from what an agent's desk does. Whatever changes within one instant is seen a
millisecond later, as one change, so that no two states begin at the same instant. No chance is
drawn here: the histories of conversations are what they were without it.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from simulator.world.desk import Away, Desk
from simulator.world.engine import Timeline
from simulator.world.feed import Feed, Occurrence
from simulator.world.records import Spell
from simulator.world.wording import moment
from simulator.world.work import State, Work

ACTIVITY = "v2.users.{}.activity"


class System(StrEnum):
    """System presences, as analytics and topics spell them."""

    OFFLINE = "OFFLINE"
    AVAILABLE = "AVAILABLE"
    ON_QUEUE = "ON_QUEUE"
    BREAK = "BREAK"
    MEAL = "MEAL"


class Routing(StrEnum):
    """Routing statuses."""

    OFF_QUEUE = "OFF_QUEUE"
    IDLE = "IDLE"
    INTERACTING = "INTERACTING"
    COMMUNICATING = "COMMUNICATING"
    NOT_RESPONDING = "NOT_RESPONDING"


_BREAKS = {Away.BREAK: System.BREAK, Away.MEAL: System.MEAL}


def presence_id(value: str) -> str:
    """Return the id of the organization's presence definition of a system presence."""
    return str(uuid5(NAMESPACE_URL, f"presence/{value}"))


def presence_of(desk: Desk) -> System:
    """Say what an agent is there for."""
    if desk.on_break and desk.break_kind:
        return _BREAKS[desk.break_kind]
    if desk.on_shift:
        return System.ON_QUEUE
    return System.AVAILABLE if desk.in_house else System.OFFLINE


def routing_of(desk: Desk) -> Routing:
    """Say what an agent does for the queues; off queue nothing, whatever is still in hand."""
    if not desk.present:
        return Routing.OFF_QUEUE
    if not desk.responding:
        return Routing.NOT_RESPONDING
    busy = [work for work in desk.works if work.state in {State.LIVE, State.WRAP_UP}]
    if any(work.queue for work in busy):
        return Routing.INTERACTING
    return Routing.COMMUNICATING if busy else Routing.IDLE


class Presence:
    """One agent's states since the epoch, the oldest first; the last of each kind lasts."""

    def __init__(
        self, timeline: Timeline, desk: Desk, changed: Callable[["Presence"], None]
    ) -> None:
        self.desk = desk
        self.presence = [Spell(presence_of(desk), timeline.now)]
        self.routing = [Spell(routing_of(desk), timeline.now)]
        self._timeline = timeline
        self._changed = changed
        self._planned = False
        desk.watch = self._look

    @property
    def user_id(self) -> str:
        return self.desk.agent.id

    @property
    def works(self) -> Iterable[Work]:
        """What the agent has in hand."""
        return tuple(self.desk.works)

    def forget(self, before: int) -> None:
        """Drop what ended before an instant."""
        for spells in (self.presence, self.routing):
            spells[:] = [s for s in spells if s.end is None or s.end >= before]

    def _look(self) -> None:
        """See how things stand once whatever happens now is over."""
        if not self._planned:
            self._planned = True
            self._timeline.after(1, self._see)

    def _see(self) -> None:
        self._planned = False
        seen = (self.presence, presence_of(self.desk)), (self.routing, routing_of(self.desk))
        changes = [_turn(spells, value, self._timeline.now) for spells, value in seen]
        if any(changes):
            self._changed(self)


class Presences:
    """The presence of all agents; each change of one is told as an occurrence of its activity."""

    def __init__(self, timeline: Timeline, desks: Iterable[Desk], feed: Feed) -> None:
        self._timeline = timeline
        self._feed = feed
        found = [Presence(timeline, desk, self._tell) for desk in desks]
        self._by_user = {one.user_id: one for one in found}

    def __iter__(self) -> Iterator[Presence]:
        return iter(self._by_user.values())

    def of(self, user_id: str) -> Presence | None:
        return self._by_user.get(user_id)

    def forget(self, before: int) -> None:
        """Drop what ended before an instant."""
        for one in self:
            one.forget(before)

    def truth(self) -> dict[str, Any]:
        """Tell what a mirror must hold, by user: presence and routing, as value and instants."""
        return {
            one.user_id: {
                kind: [
                    {"value": str(s.value), "started_at": s.start, "ended_at": s.end}
                    for s in spells
                ]
                for kind, spells in (("presence", one.presence), ("routing", one.routing))
            }
            for one in self
        }

    def _tell(self, one: Presence) -> None:
        topic = ACTIVITY.format(one.user_id)
        if self._feed.wants(topic):
            self._feed.tell(Occurrence(topic, activity(one), self._timeline.now))


def activity(one: Presence) -> dict[str, Any]:
    """Return the body of the activity topic: how an agent stands now, and since when."""
    presence, routing = one.presence[-1], one.routing[-1]
    return {
        "id": one.user_id,
        "routingStatus": {"status": str(routing.value), "startTime": moment(routing.start)},
        "presence": {
            "presenceDefinition": {
                "id": presence_id(presence.value),
                "systemPresence": str(presence.value),
            },
            "presenceMessage": "",
            "modifiedDate": moment(presence.start),
        },
        "outOfOffice": {"active": False, "modifiedDate": moment(presence.start)},
        "activeQueueIds": list(one.desk.agent.queue_ids) if one.desk.present else [],
        "dateActiveQueuesChanged": moment(presence.start),
    }


def _turn(spells: list[Spell], value: str, now: int) -> bool:
    """End the state that lasts where another has begun."""
    if spells[-1].value == value:
        return False
    spells[-1].end = now
    spells.append(Spell(value, now))
    return True
