"""Bringing parts together: the inbox with its readers, the mirror with what is derived of it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import OperationalError, transaction
from django.db.models import F, Max

import handling.services
import sla.services
from conversations.models import Change
from integrations.domain.events import Carried
from integrations.errors import MalformedPayloadError
from integrations.eventbridge import envelope
from integrations.genesys import announcements, hooks, meaning
from integrations.genesys.notifications import frames
from integrations.inbox import process
from integrations.models import Source
from integrations.salesforce import holds

logger = logging.getLogger(__name__)

BATCH: Final = 200
# After so many failures a change waits for an administrator; nothing else waits for it.
MOST_FAILURES: Final = 5


# Who reads the bodies of each kind of source.
READERS: Final[Mapping[str, Callable[[bytes], Sequence[Carried]]]] = {
    Source.Kind.GENESYS: hooks.read,
    Source.Kind.NOTIFICATIONS: frames.read,
    Source.Kind.EVENTBRIDGE: envelope.read,
    Source.Kind.SQS: envelope.read,
}


def process_inbox(*, now: datetime) -> process.Done:
    """Work through what was sent to us; safe to run twice, and by several workers at once."""
    return process.process(now=now, read=_read, understand=announcements.read, take=meaning.take)


def _read(kind: str, body: bytes) -> Sequence[Carried]:
    reader = READERS.get(kind)
    if reader is None:
        raise MalformedPayloadError(f"nothing here reads what sources of kind {kind} send")
    return reader(body)


class _Window(NamedTuple):
    """The time in which an agent's work changed; end is None where it goes on."""

    start: datetime
    end: datetime | None


def derive(*, now: datetime) -> int:
    """Compute anew all that depends on recorded changes; return how many changes were done.

    A batch and its derived rows are one transaction, so a crash leaves the changes to be found
    again. A change that fails is tried alone, counted, and set aside after MOST_FAILURES. Each
    change is looked at once: one that another worker holds is that worker's, and one that comes
    meanwhile is the next run's.
    """
    done, last = 0, 0
    newest = Change.objects.aggregate(newest=Max("pk"))["newest"] or 0
    while pks := _waiting(last, newest):
        last = pks[-1]
        try:
            done += _derive(pks, now)
        except Exception:  # noqa: BLE001 - one bad row must not keep the others from being done
            done += _derive_singly(pks, now)
    return done


def _waiting(last: int, newest: int) -> list[int]:
    waiting = Change.objects.filter(failures__lt=MOST_FAILURES, pk__gt=last, pk__lte=newest)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _derive_singly(pks: Sequence[int], now: datetime) -> int:
    done = 0
    for pk in pks:
        try:
            done += _derive([pk], now)
        except OperationalError:
            # A lock not had, a server gone: nothing is wrong with the change.
            logger.warning("derive.put_off", extra={"change": pk})
        except Exception as error:
            logger.exception("derive.failed", extra={"change": pk})
            Change.objects.filter(pk=pk).update(
                failures=F("failures") + 1, error=type(error).__name__
            )
    return done


@transaction.atomic
def _derive(pks: Sequence[int], now: datetime) -> int:
    """Do some changes and delete them; those that another worker holds are left to it."""
    changes = list(
        Change.objects.select_for_update(skip_locked=True).filter(pk__in=pks).order_by("pk")
    )
    for user_id, window in sorted(_windows(changes).items()):
        handling.services.recompute(user_id=user_id, start=window.start, end=window.end, now=now)
        holds.touch(user_id=user_id, start=window.start, end=window.end, now=now)
    sla.services.refresh(conversation_ids={change.conversation_id for change in changes}, now=now)
    Change.objects.filter(pk__in=[change.pk for change in changes]).delete()
    return len(changes)


def _windows(changes: Sequence[Change]) -> dict[str, _Window]:
    """Return, for each agent, one window around all changes: agents in order, so none deadlock."""
    windows: dict[str, _Window] = {}
    for change in changes:
        if change.window_start is None:
            continue
        for user_id in change.user_ids:
            known = windows.get(user_id, _Window(change.window_start, change.window_end))
            ends = (known.end, change.window_end)
            windows[user_id] = _Window(
                min(known.start, change.window_start),
                None if None in ends else max(end for end in ends if end),
            )
    return windows
