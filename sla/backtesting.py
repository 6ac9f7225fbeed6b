"""Working off backtests that somebody asked for: in slices, each kept, never in anybody's way."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from chrono.errors import HoursError
from chrono.spans import Span
from conversations.bulk import breathe
from sla import drafts
from sla.backtest import Backtest as Comparison
from sla.backtest import backtest_of, conversations, count_up
from sla.domain.tally import Tally
from sla.drafts import Draft
from sla.models import Backtest

logger = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=7)
# A slice takes a second or two; a worker that has not come back after this was killed.
LEASE: Final = timedelta(minutes=1)
# So many conversations before other tasks have their turn.
TURN: Final = 10_000


@transaction.atomic
def ask(
    *, draft: Draft, span: Span, zone: ZoneInfo, asked_by: User | None, now: datetime
) -> Backtest:
    """Have a draft tried on a span of history. Nothing of it comes into force.

    One whose opening hours cannot be read has failed at once, and says why.
    """
    total, reason, beside = 0, "", drafts.in_force()
    try:
        total = conversations(backtest_of(draft, beside=beside, span=span, zone=zone)).count()
    except HoursError as error:
        reason = str(error)[:500]
    return Backtest.objects.create(
        about=str(draft)[:500],
        draft=drafts.as_json(draft),
        in_force=drafts.in_force_as_json(beside),
        since=span.start,
        until=span.end,
        timezone=zone.key,
        total=total,
        state=Backtest.State.FAILED if reason else Backtest.State.RUNNING,
        reason=reason,
        asked_by=asked_by,
        asked_at=now,
        expires_at=now + KEPT_FOR,
    )


def work_off(*, now: datetime) -> int:
    """Work on backtests that were asked for, for a while; return how many conversations those are.

    Safe to run by several workers: whoever gets the lease works on it.
    """
    Backtest.objects.filter(expires_at__lte=now).delete()
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    waiting = Backtest.objects.filter(free, state=Backtest.State.RUNNING).order_by("asked_at", "pk")
    done = 0
    for row in waiting:
        held = Backtest.objects.filter(free, pk=row.pk, state=Backtest.State.RUNNING)
        if done < TURN and held.update(leased_until=now + LEASE):
            done += _work_on(row.pk, now=now)
    return done


def _work_on(pk: int, *, now: datetime) -> int:
    """Work on a backtest that is leased, and let go of it."""
    row = Backtest.objects.get(pk=pk)
    before = row.done
    try:
        for _ in _slices(row):
            if row.done - before >= TURN:
                break
        else:
            row.state, row.finished_at = Backtest.State.DONE, now
    except HoursError as error:
        row.state, row.reason, row.finished_at = Backtest.State.FAILED, str(error)[:500], now
    row.leased_until = None
    row.save(update_fields=["state", "reason", "finished_at", "leased_until"])
    return row.done - before


def _slices(row: Backtest) -> Iterator[None]:
    """Add slice after slice to what a backtest came to, and keep each."""
    tally = Tally.of_json(row.result)
    for looked_at, last_pk in count_up(comparison(row), tally, after_pk=row.last_pk):
        row.done, row.last_pk, row.result = row.done + looked_at, last_pk, tally.as_json()
        row.save(update_fields=["done", "last_pk", "result"])
        breathe()
        yield


def comparison(row: Backtest) -> Comparison:
    """Return what a backtest compares."""
    return backtest_of(
        drafts.of_json(row.draft),
        beside=drafts.in_force_of_json(row.in_force),
        span=Span(row.since, row.until),
        zone=ZoneInfo(row.timezone),
    )
