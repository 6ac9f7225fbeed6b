"""Working the inbox through: bytes become events, each told once to whoever gives it a meaning."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import OperationalError, transaction
from django.db.models import Q

from integrations.domain.events import Carried, Event, Heard
from integrations.errors import MalformedPayloadError
from integrations.inbox import claims, ledger
from integrations.inbox.claims import Claimed
from integrations.models import Source

logger = logging.getLogger(__name__)

Read = Callable[[str, bytes], Sequence[Carried]]
Understand = Callable[[Carried], Event]
Take = Callable[..., None]  # (heard: Sequence[Heard], *, now: datetime)

BATCH: Final = 100
LIMIT: Final = 20_000
LONGEST_RUN: Final = timedelta(seconds=20)


class Done(NamedTuple):
    """What became of the items that a run has claimed, and how many events were new."""

    done: int = 0
    events: int = 0
    quarantined: int = 0
    put_off: int = 0


@dataclass(slots=True)
class _Run:
    """One run through the inbox; now() goes on while it lasts, so that leases are true."""

    started_at: datetime
    read: Read
    understand: Understand
    take: Take
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    events: int = 0
    quarantined: int = 0
    put_off: int = 0
    sources: set[int] = field(default_factory=set)

    def now(self) -> datetime:
        passed = round((time.monotonic() - self.began) * 1000)
        return self.started_at + timedelta(milliseconds=passed)


class _Parsed(NamedTuple):
    item: Claimed
    heard: tuple[Heard, ...]


def process(
    *, now: datetime, read: Read, understand: Understand, take: Take, limit: int = LIMIT
) -> Done:
    """Work items through until none is left, `limit` are done or LONGEST_RUN is over.

    Any number of workers may do so at once. take is called with the events that were not known, in
    the transaction that marks their items as done, so an item that is done has had its effect.
    """
    run = _Run(now, read, understand, take)
    claims.make_due(now=now)
    claimed = 0
    while claimed < limit and run.now() < now + LONGEST_RUN:
        items = claims.claim(now=run.now(), limit=min(BATCH, limit - claimed))
        if not items:
            break
        claimed += len(items)
        if not _work(run, items):
            break
    _note_sources(run)
    return Done(run.done, run.events, run.quarantined, run.put_off)


def _work(run: _Run, items: Sequence[Claimed]) -> bool:
    """Work a batch through; return False where the database does not let us go on."""
    parsed = _parse(run, items)
    try:
        _commit(run, parsed)
    except OperationalError:
        return _give_back(run, items)
    except Exception:  # noqa: BLE001 - one bad item must not keep the others from being done
        return _work_singly(run, parsed)
    return True


def _work_singly(run: _Run, parsed: Iterable[_Parsed]) -> bool:
    for one in parsed:
        try:
            _commit(run, [one])
        except OperationalError:
            return _give_back(run, [other.item for other in parsed])
        except MalformedPayloadError as error:
            _quarantine(run, one.item, str(error))
        except Exception as error:
            logger.exception("inbox.failed", extra={"item": one.item.pk})
            _fail(run, one.item, error)
    return True


def _parse(run: _Run, items: Iterable[Claimed]) -> list[_Parsed]:
    """Read and understand items, outside of any transaction; what cannot be read is set aside."""
    parsed = []
    for item in items:
        if item.attempts > claims.MOST_ATTEMPTS:
            _quarantine(run, item, claims.DIED)
            continue
        try:
            carried = run.read(item.kind, item.body)
            heard = tuple(Heard(ledger.checked(run.understand(one)), one) for one in carried)
        except MalformedPayloadError as error:
            _quarantine(run, item, str(error))
        except Exception as error:
            logger.exception("inbox.failed", extra={"item": item.pk})
            _fail(run, item, error)
        else:
            parsed.append(_Parsed(item, heard))
    return parsed


@transaction.atomic
def _write(run: _Run, parsed: Sequence[_Parsed]) -> tuple[list[Claimed], int]:
    """Write down what is new of items, let it take effect, and mark them done."""
    now = run.now()
    held = claims.hold([one.item for one in parsed])
    ours = {item.pk for item in held}
    heard = [
        ledger.Told(one.item.source_id, told)
        for one in parsed
        if one.item.pk in ours
        for told in one.heard
    ]
    new = ledger.add(heard, now=now)
    if new:
        run.take(new, now=now)
    claims.done(held, now=now)
    return held, len(new)


def _commit(run: _Run, parsed: Sequence[_Parsed]) -> None:
    if not parsed:
        return
    held, events = _write(run, parsed)
    run.done += len(held)
    run.events += events
    run.sources |= {item.source_id for item in held}


def _give_back(run: _Run, items: Sequence[Claimed]) -> bool:
    """End the run: a lock was not had, or the server is gone. Nothing is wrong with the items."""
    try:
        given = claims.release(items, now=run.now())
    except OperationalError:
        logger.warning("inbox.lease_left", extra={"items": len(items)})  # it runs out by itself
    else:
        run.put_off += given
        logger.warning("inbox.put_off", extra={"items": given})
    return False


def _quarantine(run: _Run, item: Claimed, reason: str) -> None:
    if claims.quarantine(item, reason=reason, now=run.now()):
        run.quarantined += 1
        run.sources.add(item.source_id)
        logger.warning("inbox.quarantined", extra={"item": item.pk, "reason": reason})


def _fail(run: _Run, item: Claimed, error: Exception) -> None:
    reason = f"internal error ({type(error).__name__}): see the worker's log, then replay it"
    if claims.put_off(item, reason=reason, now=run.now()):
        run.put_off += 1
    else:
        run.quarantined += 1
        logger.error("inbox.quarantined", extra={"item": item.pk, "reason": reason})


def _note_sources(run: _Run) -> None:
    """Write down that these sources are heard of, once a second at most: workers meet here."""
    now = run.now()
    stale = Q(last_received_at=None) | Q(last_received_at__lt=now - timedelta(seconds=1))
    if run.sources:
        Source.objects.filter(stale, pk__in=run.sources).update(last_received_at=now)
