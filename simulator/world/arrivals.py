"""When contacts come: a Poisson stream a queue, whose rate follows the hour and the day."""

from random import Random
from typing import Final

from simulator.world.calendar import SATURDAY
from simulator.world.contact import Contact
from simulator.world.customers import meet
from simulator.world.email import EmailContact
from simulator.world.engine import HOUR
from simulator.world.floor import Floor
from simulator.world.messaging import MessageContact
from simulator.world.organization import Queue
from simulator.world.talking import CallbackContact, ChatContact, OutboundContact, VoiceContact

# Shares of a weekday's contacts by local hour; nights are quiet, never silent.
_SHAPE: Final = (
    0.030, 0.028, 0.027, 0.027, 0.028, 0.030, 0.034, 0.040, 0.050, 0.056, 0.058, 0.056,
    0.050, 0.050, 0.054, 0.054, 0.052, 0.048, 0.044, 0.040, 0.038, 0.036, 0.034, 0.032,
)  # fmt: skip
_PEAK: Final = max(_SHAPE)
_WEEKEND: Final = 0.75
_CLOSED: Final = {"email": 0.4, "voice": 0.03, "message": 0.5}  # of the usual, out of hours
_FOR_QUEUE: Final = 0.7  # of outbound calls; the rest agents make on their own account
_CONTACTS: Final[dict[str, type[Contact]]] = {
    "email": EmailContact,
    "message": MessageContact,
    "chat": ChatContact,
    "voice": VoiceContact,
    "callback": CallbackContact,
}


class Arrivals:
    """The stream of one queue."""

    def __init__(self, floor: Floor, queue: Queue, draw: Random) -> None:
        self.floor = floor
        self.queue = queue
        self._draw = draw

    def begin(self) -> None:
        """Plan the next candidate; each is kept with the share of the hour (thinning)."""
        gap = self._draw.expovariate(self.queue.rate * _PEAK / HOUR)
        self.floor.timeline.after(round(gap) + 1, self._next)

    def _next(self) -> None:
        if self._draw.random() < self._share():
            self._arrive()
        self.begin()

    def _share(self) -> float:
        hour, weekday = self.floor.calendar.hour_and_weekday(self.floor.timeline.now)
        share = _SHAPE[hour] / _PEAK * (_WEEKEND if weekday >= SATURDAY else 1)
        if not self.floor.is_open(self.queue):
            share *= 0 if self.queue.outbound else _CLOSED.get(self.queue.media, 0)
        return share

    def _arrive(self) -> None:
        customer = meet(self._draw)
        if not self.queue.outbound:
            _CONTACTS[self.queue.media](self.floor, self.queue, customer).begin()
            return
        desk = self.floor.routing.idle(self.queue)
        if desk:
            call = OutboundContact(self.floor, self.queue, customer)
            call.call(desk, for_queue=self._draw.random() < _FOR_QUEUE)
