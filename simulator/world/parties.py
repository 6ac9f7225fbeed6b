"""A conversation and who takes part in it: participants, their sessions, what they write."""

from random import Random
from typing import Any, Final

from simulator.world import ledger, requests
from simulator.world.customers import Customer
from simulator.world.engine import SECOND, Action
from simulator.world.floor import Floor
from simulator.world.organization import Queue
from simulator.world.records import Conversation, Message, Participant, Sender, Session

_PROVIDERS: Final = {
    "voice": "Edge",
    "callback": "PureCloud Callback",
    "chat": "PureCloud Webchat v2",
    "email": "PureCloud Email",
    "message": "PureCloud Messaging",
}
_SUBJECTS: Final = (
    "Question about my contract",
    "Invoice of last month",
    "Damage report",
    "Change of address",
    "Where is my refund?",
    "Cancellation",
    "Appointment",
    "Missing document",
)


class Parties:
    """One conversation, and the chances of its way."""

    media: str
    direction = "inbound"
    customer_purpose = "customer"

    def __init__(self, floor: Floor, queue: Queue, customer: Customer) -> None:
        self.floor = floor
        self.timeline = floor.timeline
        self.queue = queue
        self.customer = customer
        self.draw = Random(floor.new_id())
        self.conversation = self._open_conversation()
        self.customer_session: Session | None = None

    @property
    def now(self) -> int:
        return self.timeline.now

    def chance(self, share: float) -> bool:
        return self.draw.random() < share

    def choose(self, *ways: tuple[float, Action]) -> None:
        """Take one of several ways, each as likely as its weight says."""
        weights = [weight for weight, _ in ways]
        (way,) = self.draw.choices([action for _, action in ways], weights)
        way()

    def seconds(self, low: float, high: float) -> int:
        """Draw a length from low and below high seconds, in ms."""
        return self.draw.randrange(round(low * SECOND), round(high * SECOND))

    def around(self, seconds: float, *, spread: float = 0.6) -> int:
        """Draw a length that is mostly near so many seconds and sometimes far above, in ms."""
        return round(seconds * SECOND * self.draw.lognormvariate(0, spread)) + 1

    # -- participants ------------------------------------------------------------------------
    def join(self, purpose: str, segment_type: str = "interact", **fields: Any) -> Session:
        """Add a participant with one session, that begins now."""
        participant = Participant(self.floor.new_id(), purpose)
        if purpose in {"customer", "external"}:
            participant.name = self.customer.name
            participant.external_contact_id = self.customer.id
            participant.attributes = self._attributes()
        elif purpose in {"acd", "ivr", "workflow", "botflow"}:
            participant.name = fields.get("flow_name") or self._queue_name(fields)
        self.conversation.participants.append(participant)
        return self.add_session(participant, segment_type, **fields)

    def _attributes(self) -> dict[str, str]:
        """Return what a flow wrote down about the customer: about most of them it did."""
        number = int(self.customer.id[:4], 16)
        if number % 5 == 0:
            return {}
        tier = ("bronze", "silver", "gold")[number % 3]
        return {"customer.tier": tier, "entry.queue": self.queue.name}

    def add_session(
        self, participant: Participant, segment_type: str = "interact", **fields: Any
    ) -> Session:
        """Add a session to a participant, that begins now."""
        session = Session(self.floor.new_session_id(), participant.purpose, **self._common(fields))
        participant.sessions.append(session)
        session.touched = self.floor.witness.watch(self.conversation, participant, session)
        ledger.enter(session, segment_type, self.now)
        return session

    def flow(self, name: str, flow_type: str) -> dict[str, str]:
        """Return the fields of a session that runs a flow."""
        (id_,) = (flow.id for flow in self.floor.organization.flows if flow.name == name)
        return {
            "flow_id": id_,
            "flow_name": name,
            "flow_type": flow_type,
            "flow_exit": "TRANSFER",
        }

    def end_flow(self, session: Session, how: str, metric: str) -> None:
        """End a flow's session with the metrics of the time it took."""
        ledger.disconnect(session, self.now, how)
        length = self.now - session.segments[0].start
        ledger.emit(session, "tFlow", length, self.now)
        ledger.emit(session, metric, length, self.now)

    def customer_joins(self) -> None:
        """Begin the customer's own session."""
        session = self.join(self.customer_purpose)
        ledger.emit(session, "nConnected", 1, self.now)
        self.customer_session = session

    def customer_leaves(self, how: str) -> None:
        """End the customer's own session, if it lasts."""
        if self.customer_session:
            ledger.disconnect(self.customer_session, self.now, how)
        self.customer_session = None

    # -- messages ----------------------------------------------------------------------------
    def write(self, sender: Sender, session: Session, user_id: str = "") -> None:
        self.conversation.messages.append(
            Message(self.floor.new_id(), self.now, sender, session.id, user_id)
        )
        session.touched()

    def customer_writes(self) -> None:
        """Let the customer write, while there is a session of the customer's to write in."""
        if self.customer_session:
            self.write(Sender.CUSTOMER, self.customer_session)

    def _queue_name(self, fields: dict[str, Any]) -> str:
        queue = self.floor.organization.queue_by_id.get(fields.get("queue_id", ""))
        return queue.name if queue else ""

    def _common(self, fields: dict[str, Any]) -> dict[str, Any]:
        conversation = self.conversation
        inbound = self.direction == "inbound"
        ours, theirs = conversation.our_address, conversation.customer_address
        common: dict[str, Any] = {
            "media": self.media,
            "direction": self.direction,
            "provider": _PROVIDERS[self.media],
            "subject": conversation.subject,
        }
        if self.media in {"voice", "callback"}:
            common |= {"ani": theirs if inbound else ours, "dnis": ours if inbound else theirs}
        else:
            common |= {
                "address_from": theirs if inbound else ours,
                "address_to": ours if inbound else theirs,
            }
        if self.media == "message":
            common["message_type"] = self.queue.message_type
        if self.customer_session:
            common["peer_id"] = self.customer_session.id
        return common | fields

    def _open_conversation(self) -> Conversation:
        id_ = self.floor.new_id()
        conversation = Conversation(
            id=id_,
            media=self.media,
            start=self.timeline.now,
            direction=self.direction,
            division_ids=[self.queue.division_id],
            customer_name=self.customer.name,
            customer_address=self.customer.address(self.media, self.queue.message_type),
            our_address=self.queue.address,
            external_tag=f"case-{self.draw.randrange(10**6):06d}" if self.chance(0.15) else "",
            subject=self.draw.choice(_SUBJECTS) if self.media == "email" else "",
            **requests.made(id_, self.floor.organization)._asdict(),
        )
        self.floor.conversations[conversation.id] = conversation
        return conversation
