"""What a timer tells when it fires: its Common Event, by which name and subject, and of what."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import QuerySet

from chrono import instants
from conversations.bulk import Among
from conversations.domain.events import CommonEvent, Name
from conversations.models import CommonEvent as EventRow
from sla.audience import Audience
from sla.domain.plan import BREACH, WARNING, repetition
from sla.models import Alert, Clock, Rung, Timer, TimeUnit

OF_SLA: Final = (Name.SLA_WARNED, Name.SLA_BREACHED, Name.SLA_ESCALATED, Name.SLA_WITHDRAWN)
Wait = tuple[int, str, datetime]  # conversation, clock, start
Known = set[tuple[int, str, str]]  # conversation, name, subject


class Due(NamedTuple):
    """A timer with what is needed of its conversation; of_rung is the rung's pk, if it is one's."""

    pk: int
    conversation_id: int
    kind: str
    round_at: datetime
    rung: str
    of_rung_id: int | None
    due_at: datetime
    genesys_id: str
    queue_id: str
    user_id: str

    @property
    def wait(self) -> Wait:
        return self.conversation_id, self.kind, self.round_at


class Running(NamedTuple):
    """A clock that runs, as far as is told of it."""

    conversation_id: int
    kind: str
    started_at: datetime
    due_at: datetime | None
    breaches_at: datetime | None
    target_s: int
    policy_id: int
    policy: str

    @property
    def wait(self) -> Wait:
        return self.conversation_id, self.kind, self.started_at


class Telling(NamedTuple):
    """A timer that fires: by which clock and rung, whom it tells, and whether Genesys agrees."""

    due: Due
    clock: Running
    rung: Rung | None
    audience: Audience
    verified: bool


_CONVERSATION: Final = ("genesys_id", "queue_id", "user_id")


def dues(timers: QuerySet[Timer], limit: int | None = None) -> list[Due]:
    """Return timers in the order in which they fell due, so many at most."""
    columns = (*Due._fields[:-3], *(f"conversation__{name}" for name in _CONVERSATION))
    rows = timers.order_by("due_at", "pk").values_list(*columns)
    return [Due._make(row) for row in rows[:limit]]


def running(conversation_ids: Collection[int]) -> dict[Wait, Running]:
    """Return the clocks of conversations that run, by their waits."""
    rows = Clock.objects.filter(
        Among("conversation_id", conversation_ids), state=Clock.State.RUNNING
    )
    columns = (*Running._fields[:-1], "policy__name")
    return {clock.wait: clock for clock in map(Running._make, rows.values_list(*columns))}


def rungs(timers: Iterable[Due]) -> dict[int | None, Rung]:
    """Return the rungs that timers are of, with their ladders."""
    pks = {timer.of_rung_id for timer in timers} - {None}
    found = Rung.objects.select_related("ladder").in_bulk(pks) if pks else {}
    return dict(found.items())


def level_of(key: str, kind: str, rung: Rung | None) -> Alert.Level:
    """Return how bad it is that a timer fires: a rung before the target only warns."""
    if key.startswith(WARNING) or (rung is not None and rung.offset_s < 0):
        return Alert.Level.WARNED
    return Alert.Level.FORGOTTEN if kind == Clock.Kind.FORGOTTEN else Alert.Level.BREACHED


def name_of(key: str) -> Name:
    """Return the Common Event that a timer of a rung tells."""
    if key == BREACH:
        return Name.SLA_BREACHED
    return Name.SLA_WARNED if key.startswith(WARNING) else Name.SLA_ESCALATED


def known_of(conversation_ids: Collection[int]) -> Known:
    """Return what was told of conversations' clocks."""
    rows = EventRow.objects.filter(Among("conversation_id", conversation_ids), name__in=OF_SLA)
    return set(rows.values_list("conversation_id", "name", "subject"))


def subject_of(wait: Wait, key: str, name: Name, known: Known) -> str:
    """Return the subject of a timer's event: next_response@1764403200000:warning:12600.

    One that was told, taken back and is told once more has a number behind it: ~2. It is known now.
    """
    conversation_id, kind, round_at = wait
    begun = f"{kind}@{instants.to_ms(round_at)}"
    subject = first = begun if key == BREACH else f"{begun}:{key}"
    number = 1
    while (conversation_id, name.value, subject) in known:
        number += 1
        subject = f"{first}~{number}"
    known.add((conversation_id, name.value, subject))
    return subject


def event_of(one: Telling, subject: str) -> CommonEvent:
    """Return the Common Event of a timer that fires."""
    about = tuple((key, value) for key, value in _about(one) if value)
    return CommonEvent(name_of(one.due.rung), one.due.genesys_id, subject, one.due.due_at, about)


def _about(one: Telling) -> Iterator[tuple[str, str]]:
    yield from about_clock(one.clock)
    yield "elapsedS", _elapsed(one)
    yield "userId", one.due.user_id
    yield "rung", one.due.rung
    yield "verified", "true" if one.verified else "false"
    yield from about_rung(one.rung, one.audience)


def about_rung(rung: Rung | None, audience: Audience) -> Iterator[tuple[str, str]]:
    """Yield what is told of the rung that a timer is of, if it is one's, and of whom it tells."""
    if rung:
        yield "ladder", rung.ladder.name
        yield "audience", rung.audience
        yield "template", rung.template
    yield from addressed(audience.destination_id, audience.recipients)
    yield "fellBack", audience.wrong


def addressed(destination_id: int | None, recipients: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what says to whom an event goes beside those who ask for its name."""
    yield "destinations", "" if destination_id is None else str(destination_id)
    yield "recipients", " ".join(recipients)


def about_clock(clock: Running) -> Iterator[tuple[str, str]]:
    """Yield what every event of a clock tells."""
    yield "clock", clock.kind
    yield "startedAt", instants.isoformat(clock.started_at)
    yield "dueAt", instants.isoformat(clock.due_at) if clock.due_at else ""
    yield "targetS", str(clock.target_s)
    yield "policyId", str(clock.policy_id)
    yield "policy", clock.policy


def _elapsed(one: Telling) -> str:
    """Return the time used up when a timer fell due, as its policy measures it, where known."""
    key, rung = one.due.rung, one.rung
    if rung is None:
        return key.removeprefix(WARNING) if key.startswith(WARNING) else str(one.clock.target_s)
    known = rung.offset_unit == TimeUnit.BUSINESS and not repetition(key)
    return str(one.clock.target_s + rung.offset_s) if known else ""
