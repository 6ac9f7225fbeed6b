"""Noting what became of tries: in the delivery, on the ledger, and of the destination."""

import logging
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import OperationalError, transaction

from conversations import bulk
from integrations.domain.delivery import (
    BREAKS_AFTER,
    MOST_ATTEMPTS,
    PAUSES,
    PROBE,
    Outcome,
    Parcel,
    Result,
    breaks_for,
    pause_after,
    tries_by,
)
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import claims
from integrations.outbox.kinds import Kind

logger = logging.getLogger(__name__)

LONGEST_REASON: Final = 500
LONGEST_SAID: Final = 2_000
LONGEST_ID: Final = 200
LONGEST_SHOWN: Final = 20_000  # what shadow mode rendered: it is there to be read whole
_CHANCE: Final = random.Random()  # noqa: S311 - it spreads retries
_STATE: Final = Delivery.State
_NOTED: Final = (
    *("state", "due_at", "attempts", "in_doubt", "leased_until"),
    *("sent_version", "delivered_at", "remote_id", "reason"),
)
_HEALTH: Final = (
    *("failures", "failed_reason", "open_until", "delivered_at", "disabled_at"),
    "disabled_reason",
)
# When something got through last is written so often at most, unless there is more to write.
_OFTEN_ENOUGH: Final = timedelta(seconds=1)


class Tried(NamedTuple):
    """A parcel, what became of it, and when it was begun."""

    parcel: Parcel
    outcome: Outcome
    begun_at: datetime


@transaction.atomic
def note(*, destination_id: int, kind: Kind[Any], tried: Sequence[Tried], now: datetime) -> int:
    """Write down how tries of one destination went; return how many got through.

    A try whose lease was lost to another is on the ledger, and changes nothing else. Of what was
    deleted meanwhile nothing is written.
    """
    row = claims.hold(Destination.objects.all(), destination_id)
    if row is None:
        return 0
    held = Delivery.objects.select_for_update().filter(pk__in=[one.parcel.pk for one in tried])
    rows = {delivery.pk: delivery for delivery in held.order_by("pk")}
    Attempt.objects.bulk_create(_attempt(one) for one in tried if one.parcel.pk in rows)
    ours = [one for one in sorted(tried, key=lambda one: one.parcel.pk) if _is_ours(one, rows)]
    for one in ours:
        _apply(row, rows[one.parcel.pk], one, now)
    _write(rows[one.parcel.pk] for one in ours)
    for one in ours:
        _settle(kind, row, one, now)
    _judge(row, [one.outcome for one in tried], now)
    return sum(one.outcome.got_through for one in ours)


def _is_ours(tried: Tried, rows: dict[int, Delivery]) -> bool:
    row = rows.get(tried.parcel.pk)
    waits = row is not None and row.state == _STATE.WAITING and row.leased_until is not None
    return waits and row is not None and row.fence == tried.parcel.fence


def _write(rows: Iterable[Delivery]) -> None:
    bulk.update(Delivery, _NOTED, [(*(getattr(r, c) for c in _NOTED), r.pk) for r in rows])


def _attempt(tried: Tried) -> Attempt:
    outcome = tried.outcome
    return Attempt(
        delivery_id=tried.parcel.pk,
        at=tried.begun_at,
        duration_ms=outcome.duration_ms,
        result=outcome.result.value,
        status=outcome.status,
        reason=_cut(outcome.reason, LONGEST_REASON),
        said=_cut(outcome.said, LONGEST_SHOWN if outcome.result is Result.SHOWN else LONGEST_SAID),
    )


def _cut(text: str, most: int) -> str:
    """Return what a column takes of a text of anybody's."""
    return text[:most].replace("\0", "␀").encode(errors="replace").decode()


def _apply(destination: Destination, row: Delivery, tried: Tried, now: datetime) -> None:
    """Bring a delivery to what its outcome says.

    Where a newer version was ordered meanwhile, that waits to be sent, whatever became of this.
    """
    outcome, is_last = tried.outcome, row.version == tried.parcel.version
    row.leased_until = None
    if outcome.got_through or outcome.result is Result.SHOWN:
        _done(row, tried, now, is_last=is_last)
        return
    # Once in doubt it stays so until it has got through.
    row.in_doubt = row.in_doubt or outcome.result is Result.LOST
    if outcome.disables:  # it waits until somebody has mended the destination
        row.attempts, row.due_at = max(0, row.attempts - 1), now
    elif outcome.result is Result.REFUSED:
        _give_up(row, outcome.reason, is_last=is_last)
    else:
        probes = _probes(destination, row, outcome, now)
        _put_off(row, tried, now, is_last=is_last, probes=probes)


def _done(row: Delivery, tried: Tried, now: datetime, *, is_last: bool) -> None:
    row.in_doubt = False
    row.remote_id = _cut(tried.outcome.remote_id, LONGEST_ID) or row.remote_id
    if tried.outcome.got_through:
        row.sent_version, row.delivered_at = tried.parcel.version, now
    if is_last:
        row.state = _STATE.DELIVERED if tried.outcome.got_through else _STATE.SHOWN
        row.reason = ""


def _probes(destination: Destination, row: Delivery, outcome: Outcome, now: datetime) -> bool:
    """Tell whether something urgent waits for somebody who is away.

    Where anything else got through since the try before, it is the message that is at fault.
    """
    through, age = destination.delivered_at, now - row.ordered_at
    is_away = through is None or through < row.due_at - PROBE
    is_wanted = row.urgent and tries_by(age) < MOST_ATTEMPTS
    return is_wanted and is_away and _is_their_fault(outcome)


def _put_off(row: Delivery, tried: Tried, now: datetime, *, is_last: bool, probes: bool) -> None:
    outcome, attempts = tried.outcome, tried.parcel.attempts
    if probes:
        attempts = row.attempts = min(attempts, tries_by(now - row.ordered_at))
    pause = pause_after(attempts, outcome.retry_after, _CHANCE.random(), probes=probes)
    if not outcome.counts:
        row.attempts = max(0, row.attempts - 1)
        pause = timedelta(seconds=outcome.retry_after or PAUSES[0].total_seconds())
    if pause is None:
        _give_up(row, f"given up after {attempts} tries: {outcome.reason}", is_last=is_last)
    else:
        row.due_at, row.reason = now + pause, _cut(outcome.reason, LONGEST_REASON)


def _give_up(row: Delivery, reason: str, *, is_last: bool) -> None:
    logger.warning("outbox.given_up", extra={"delivery": row.pk, "reason": reason})
    if is_last:
        row.state, row.reason = _STATE.DEAD, _cut(reason, LONGEST_REASON)


def _settle(kind: Kind[Any], destination: Destination, tried: Tried, now: datetime) -> None:
    """Have a kind note an outcome in its tables; where it cannot, the try counts as lost."""
    if type(kind).settle is Kind.settle:
        return
    try:
        with transaction.atomic():
            kind.settle(destination, tried.parcel, tried.outcome, now=now)
    except OperationalError:
        raise
    except Exception as error:
        logger.exception("outbox.not_settled", extra={"delivery": tried.parcel.pk})
        reason = f"what became of it could not be kept ({type(error).__name__}): see the log"
        row = Delivery.objects.get(pk=tried.parcel.pk)
        row.state = _STATE.WAITING
        lost = tried._replace(outcome=Outcome(Result.LOST, reason))
        _apply(destination, row, lost, now)
        _write([row])


def _judge(row: Destination, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Note how a destination does: what it refuses for good stops it, failures open its breaker."""
    if _is_as_it_was(row, outcomes, now):
        return
    refused = next((one for one in outcomes if one.disables), None)
    if refused:
        _disable(row, refused.reason, now)
    if any(one.got_through for one in outcomes):
        _recovered(row, now)
    elif blamed := [one for one in outcomes if _is_their_fault(one)]:
        _failed(row, blamed, now)
    row.save(update_fields=_HEALTH)


def _is_as_it_was(row: Destination, outcomes: Sequence[Outcome], now: datetime) -> bool:
    """Tell whether a destination did well a moment ago, and does."""
    lately = row.delivered_at is not None and now - row.delivered_at < _OFTEN_ENOUGH
    well = row.failures == 0 and row.open_until is None
    return lately and well and all(one.got_through for one in outcomes)


def _is_their_fault(outcome: Outcome) -> bool:
    return outcome.blames_them and outcome.result in {Result.FAILED, Result.LOST}


def _failed(row: Destination, blamed: Sequence[Outcome], now: datetime) -> None:
    """Count failures; beyond the threshold the breaker opens."""
    # From there on only one is under way at a time: what failed together is one failure.
    row.failures = min(row.failures + len(blamed), max(BREAKS_AFTER, row.failures + 1))
    if any(one.breaks for one in blamed):
        row.failures = max(row.failures, BREAKS_AFTER)
    row.failed_reason = _cut(blamed[-1].reason, LONGEST_REASON)
    pause = breaks_for(row.failures, urgent=claims.presses(row.pk))
    row.open_until = now + pause if pause else None


def _disable(row: Destination, reason: str, now: datetime) -> None:
    row.disabled_at, row.disabled_reason = now, _cut(reason, LONGEST_REASON)
    logger.error("outbox.destination_disabled", extra={"destination": row.name, "reason": reason})


def _recovered(row: Destination, now: datetime) -> None:
    """Close the breaker; what was put off while it was open need not wait any longer.

    Otherwise it does: one message that fails among others that get through is not due each time.
    """
    if row.failures >= BREAKS_AFTER:
        waiting = Delivery.objects.filter(destination=row, state=_STATE.WAITING)
        waiting.filter(due_at__gt=now, attempts__gt=0).update(due_at=now)
    row.failures, row.failed_reason = 0, ""
    row.open_until, row.delivered_at = None, now


@transaction.atomic
def enable(*, destination_id: int, now: datetime) -> None:
    """Let a destination be sent to again, as after somebody has mended it."""
    Destination.objects.filter(pk=destination_id).update(
        disabled_at=None,
        disabled_reason="",
        failures=0,
        failed_reason="",
        open_until=None,
        next_at=None,
    )
    waiting = Delivery.objects.filter(destination=destination_id, state=_STATE.WAITING)
    waiting.filter(due_at__gt=now).update(due_at=now)
