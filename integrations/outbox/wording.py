"""What a message says in words, for people who read it in a chat or a mail.

All of it is plain text, in one line each: whoever writes it down for a chat tool must see to it
that nothing in it is taken for markup there.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from chrono import instants
from conversations.domain.events import Name
from integrations.outbox.messages import Message

LONGEST: Final = 120  # characters of a name
LONGEST_TEXT: Final = 1_000  # of a message in somebody's own words
TEST: Final = "Test from DCM: "
_MS: Final = re.compile(r"[0-9]{1,13}", re.ASCII)
_MEDIA: Final = {"voice": "call", "callback": "callback", "chat": "chat", "email": "e-mail"}
_SAYS: Final[Mapping[str, str]] = {
    Name.CONVERSATION_CREATED: "A {medium} began",
    Name.PARTICIPANT_ADDED: "{participant} joined the {medium}",
    Name.AGENT_CONNECTED: "{agent} took the {medium}",
    Name.HOLD_STARTED: "{agent} put the {medium} on hold",
    Name.HOLD_ENDED: "{agent} ended the hold{held}",
    Name.AGENT_TRANSFERRED: "{agent} transferred the {medium}",
    Name.AGENT_DISCONNECTED: "{agent} left the {medium}",
    Name.HANDOVER_ENDED: "No agent has the {medium} any more",
    Name.CONVERSATION_ENDED: "The {medium} ended{lasted}",
    Name.CONVERSATION_REOPENED: "The {medium} was opened again",
    Name.SLA_WARNED: "An SLA clock of the {medium} is running out",
    Name.SLA_BREACHED: "An SLA clock of the {medium} has run out",
    Name.SLA_ESCALATED: "The {medium} waits and needs somebody",
    Name.SLA_WITHDRAWN: "Taken back: what was told of an SLA clock of the {medium}",
    Name.CONVERSATION_FORCED: "{agent} was taken off the {medium}: untouched for too long",
}
# Where we would write what has no wording of its own: Genesys adds what it likes.
_OTHERWISE: Final = "{name}"
_NOT_SHOWN: Final = frozenset({"Cf", "Cs", "Co", "Cn"})  # direction marks, halves of characters
_BLANK: Final = frozenset({"Cc", "Zl", "Zp"})


class Words(NamedTuple):
    """A message in words. link is the conversation's page, or "" where it has no address."""

    headline: str
    facts: tuple[tuple[str, str], ...]
    link: str

    @property
    def line(self) -> str:
        """All facts in one line."""
        return " · ".join(f"{name}: {value}" for name, value in self.facts)


def words_of(message: Message, zone: tzinfo) -> Words:
    """Return a message in words, instants in a zone."""
    says = _SAYS.get(message.name, _OTHERWISE)
    headline = one_line(message.text, LONGEST_TEXT) or says.format(
        name=one_line(message.name).replace(".", " ").capitalize(),
        medium=_MEDIA.get(message.media_type, "conversation"),
        agent=one_line(message.user_name) or "An agent",
        participant=_participant(message),
        held=_after(held_since(message), message.at),
        lasted=_after(message.started_at, message.at),
    )
    if message.is_test:
        headline = f"{TEST}{headline}"
    facts = tuple((name, value) for name, value in _facts(message, says, zone) if value)
    return Words(headline, facts, message.link)


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return a text of somebody else's in one line, cut, without what is not seen."""
    kinds = ((letter, unicodedata.category(letter)) for letter in text)
    kept = (" " if kind in _BLANK else letter for letter, kind in kinds if kind not in _NOT_SHOWN)
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def lasting(length: timedelta) -> str:
    """Return how long something was, in its two largest units."""
    minutes, seconds = divmod(max(round(length.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def moment(at: datetime, zone: tzinfo) -> str:
    """Return an instant as people in a zone write it."""
    return f"{at.astimezone(zone):%d %b %Y, %H:%M:%S %Z}"


def held_since(message: Message) -> datetime | None:
    """Return when the hold began that a message is about: its subject says so."""
    session_id, _, began = message.subject.rpartition("@")
    return instants.from_ms(int(began)) if session_id and _MS.fullmatch(began) else None


def _participant(message: Message) -> str:
    if message.user_name:
        return one_line(message.user_name)
    purpose = one_line(message.purpose) or "participant"
    return f"{'An' if purpose[0] in 'aeio' else 'A'} {purpose}"


def _facts(message: Message, says: str, zone: tzinfo) -> Iterator[tuple[str, str]]:
    if "{agent}" not in says and "{participant}" not in says:
        yield "Agent", one_line(message.user_name)
    yield "Queue", one_line(message.queue_name)
    yield "Medium", one_line(message.media_type)
    yield "Ended by", one_line(message.disconnect_type)
    yield from _of_wait(message, zone)
    yield "At", moment(message.at, zone)
    if message.started_at and message.started_at != message.at:
        yield "Conversation since", moment(message.started_at, zone)
    if not message.link and not message.is_test:
        yield "Conversation", one_line(message.conversation_id)


def _of_wait(message: Message, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """Yield what is told of an SLA clock and of whom it is told to."""
    more = message.more
    yield "For", one_line(", ".join(one.name for one in message.recipients), LONGEST_TEXT)
    if message.name == Name.SLA_ESCALATED and more.get("dueAt"):
        yield "Due", moment(datetime.fromisoformat(more["dueAt"]), zone)
    if more.get("verified") == "false":
        yield "Checked", "not verified: Genesys could not be asked just now"
    if more.get("fellBack"):
        yield "Told to the administrators too, since", one_line(more["fellBack"])
    if message.name == Name.SLA_WITHDRAWN:
        yield "Reason", one_line(more.get("reason", ""))


def _after(start: datetime | None, end: datetime) -> str:
    return f" after {lasting(end - start)}" if start else ""
