"""Sending what waits: claimed here, sent by threads, noted here.

A destination that is slow fills only its own places, and holds nobody: what is still under way when
all else is done is left to a thread that notes it when it comes back.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from django.db import OperationalError

from integrations import seal
from integrations.domain.delivery import MOST_ATTEMPTS, Outcome, Parcel, Result
from integrations.models import Destination
from integrations.outbox import (
    afterwards,
    announce,
    calls,
    claims,
    healing,
    registry,
    secrets,
    turns,
)
from integrations.outbox.kinds import Kind, Letter
from integrations.outbox.messages import Message
from integrations.outbox.outcomes import Tried

logger = logging.getLogger(__name__)

LONGEST_RUN: Final = timedelta(seconds=20)
# How long a run waits at a time for threads, or for a destination's pace.
TICK_S: Final = 0.05
# For how long a run in its turn waits for a call when nothing else is to be done.
PATIENCE: Final = timedelta(seconds=1)
# For how long a run lets be a destination that had no place, or nothing that was first in its lane.
REST: Final = timedelta(seconds=1)
DIED: Final = (
    f"the worker died {MOST_ATTEMPTS} times while it sent this, or what became of it was lost each"
    " time: look at the worker's log, then send it again"
)


class Done(NamedTuple):
    """What a run has done."""

    announced: int = 0
    tried: int = 0
    through: int = 0


@dataclass(slots=True)
class _Run:
    """One run; its clock goes on while it lasts, so that leases are true."""

    calls: calls.Calls
    ends_at: datetime
    announced: int = 0
    resting: dict[int, datetime] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.calls.now()

    def rest(self, destination_id: int) -> None:
        self.resting[destination_id] = self.now() + REST

    def at_rest(self) -> list[int]:
        now = self.now()
        return [pk for pk, until in self.resting.items() if until > now]


def relay(*, now: datetime, patience: timedelta | None = None) -> Done:
    """Announce events and send what waits, until nothing is due or LONGEST_RUN is over.

    Any number of processes may do so at once. What is under way then is waited for; with patience,
    for no longer than that since it began: the rest is left to a thread of this process.
    """
    clock = calls.forward(now)
    run = _Run(calls.Calls(clock), clock() + LONGEST_RUN)
    try:
        healing.heal(now=run.now())
        _go_on(run, patience)
    except OperationalError as error:
        logger.warning("outbox.put_off", extra={"error": type(error).__name__})
    finally:
        if patience is None:
            while run.calls:
                run.calls.finish(TICK_S)
        else:
            afterwards.HANDS.take(run.calls)
    return Done(run.announced, run.calls.tried, run.calls.through)


def take_turn(*, now: datetime) -> Done | None:
    """Relay, unless another process of this machine does so: None.

    A worker has few processes, and two runs would fill two of them where one sends as much.
    """
    with turns.alone("deliver") as is_alone:
        return relay(now=now, patience=PATIENCE) if is_alone else None


def _go_on(run: _Run, patience: timedelta | None) -> None:
    while run.now() < run.ends_at:
        announced = announce.announce(now=run.now())
        if announced:
            run.announced += announced
            run.resting.clear()
            claims.hurry(now=run.now())
        work = claims.with_work(now=run.now(), without=run.at_rest())
        is_patient = patience is None or not run.calls.began_before(run.now() - patience)
        if not (work or announced or (run.calls and is_patient)):
            break
        more = [_begin(run, one) for one in work if one.next_at <= run.now()]
        _collect(run, 0.0 if any(more) or announced else TICK_S)


def _collect(run: _Run, timeout_s: float) -> None:
    """Note what has come back; where nothing has, wait until something does."""
    if not run.calls:
        calls.pause(timeout_s)
    run.calls.collect(0.0 if run.calls.back else timeout_s)
    for destination_id in run.calls.note():
        run.resting.pop(destination_id, None)


def _begin(run: _Run, work: claims.Work) -> bool:
    """Claim what a destination may be sent now, and hand it to threads; tell whether there is more.

    Whatever is wrong with a destination or its kind, the others are sent to.
    """
    try:
        kind = registry.kind(work.kind)
        room = run.calls.room * kind.pace.batch
        taken = claims.take(
            destination_id=work.destination_id, pace=kind.pace, now=run.now(), most=room
        )
        if taken.is_all:  # nor is it asked again before something has come back
            run.rest(work.destination_id)
        if taken.destination and taken.parcels:
            _send(run, kind, taken.destination, taken.parcels)
    except OperationalError:
        raise
    except Exception:
        logger.exception("outbox.not_begun", extra={"destination": work.destination_id})
        run.rest(work.destination_id)
        return False
    return not taken.is_all


def _send(run: _Run, kind: Kind[Any], destination: Destination, parcels: Sequence[Parcel]) -> None:
    pk = destination.pk
    worn = [one for one in parcels if one.attempts > MOST_ATTEMPTS]
    run.calls.keep(pk, kind, _tried(run, worn, Outcome(Result.REFUSED, DIED)))
    left = [one for one in parcels if one.attempts <= MOST_ATTEMPTS]
    if not left:
        return
    try:
        settings = kind.settings_of(destination, secrets.of(destination))
    except (seal.SealBrokenError, msgspec.ValidationError) as error:
        outcome = Outcome(Result.REFUSED, f"its settings cannot be read: {error}", disables=True)
        run.calls.keep(pk, kind, _tried(run, left, outcome))
        return
    run.calls.begin(pk, kind, settings, _written(run, kind, settings, destination, left))


def _tried(run: _Run, parcels: Sequence[Parcel], outcome: Outcome) -> list[Tried]:
    return [Tried(one, outcome, run.now()) for one in parcels]


def _written(
    run: _Run, kind: Kind[Any], settings: Any, destination: Destination, parcels: Sequence[Parcel]
) -> list[Letter]:
    """Return the letters to send; what became at once of the others is kept."""
    messages = _messages(run, kind, destination, parcels)
    letters = []
    for parcel in parcels:
        if parcel.pk not in messages:
            continue
        message = messages[parcel.pk]
        try:
            rendered = kind.render(settings, message)
        except Exception as error:  # noqa: BLE001 - it is logged, and the others are sent
            _cannot(run, kind, parcel, error)
            continue
        if destination.mode == Destination.Mode.SHADOW:
            shown = Outcome(Result.SHOWN, said=rendered.body)
            run.calls.keep(destination.pk, kind, _tried(run, [parcel], shown))
        else:
            letters.append(Letter(parcel, message, rendered))
    return letters


def _messages(
    run: _Run, kind: Kind[Any], destination: Destination, parcels: Sequence[Parcel]
) -> dict[int, Message]:
    """Return what parcels say; where one of them cannot be looked up, each is by itself."""
    try:
        return dict(kind.messages(destination, parcels))
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - it is logged, and the others are sent
        if len(parcels) == 1:
            _cannot(run, kind, parcels[0], error)
            return {}
    found: dict[int, Message] = {}
    for parcel in parcels:
        found |= _messages(run, kind, destination, [parcel])
    return found


def _cannot(run: _Run, kind: Kind[Any], parcel: Parcel, error: Exception) -> None:
    logger.error("outbox.not_written", extra={"delivery": parcel.pk}, exc_info=error)
    reason = f"it could not be written ({type(error).__name__}): see the worker's log"
    run.calls.keep(
        parcel.destination_id, kind, _tried(run, [parcel], Outcome(Result.REFUSED, reason))
    )
