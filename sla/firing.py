"""Timers that fall due: found, asked about, and fired once whoever may know has been asked.

Each step is a compare-and-set in one transaction and reaches nobody outside, so any number of
processes may take it, and may die in it: the outbox sends what was written.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from conversations import bulk
from conversations import telling as mirror
from conversations.bulk import Among
from conversations.models import Change, Conversation
from sla import holding, raising, services
from sla.audience import Audience, People
from sla.domain.plan import RUNG, repetition
from sla.holding import Hold
from sla.models import Alert, Notice, Recomputation, Rung, Timer
from sla.telling import (
    Due,
    Running,
    Telling,
    Wait,
    dues,
    event_of,
    known_of,
    level_of,
    name_of,
    rungs,
    running,
    subject_of,
)

State = Timer.State
UNASKED: Final = (State.WAITING.value, State.HELD.value)
_NOT_CHECKING: Final = tuple(state.value for state in State if state is not State.CHECKING)
GONE: Final = "nobody is to be told of it any more"
ALONG: Final = "told along with a later repetition"
ALONG_BREACH: Final = "told along with the breach"
_NOTICE: Final = (
    *("timer_id", "alert_id", "at", "subject", "destination_id", "audience", "text"),
    *("fell_back", "verified"),
)


class Asked(NamedTuple):
    """A timer about whose conversation Genesys has been asked since an instant."""

    pk: int
    conversation_id: int
    asked_at: datetime


def is_any_due(*, now: datetime) -> bool:
    """Tell whether any timer has fallen due that nobody has asked about."""
    return _due(now).exists()


@transaction.atomic
def ask(*, now: datetime, limit: int, read: Callable[[Sequence[Due]], None]) -> int:
    """Have the conversations of due timers read before they fire; return of how many timers.

    read orders the readings, in this transaction: before timers are written, so that whoever holds
    orders and waits for a conversation never waits for us. Timers that somebody or the quiet holds
    back are not asked about.
    """
    bulk.by_indexes()
    timers = dues(_due(now), limit)
    held = holding.holds(timers, rungs(timers), now=now)
    free = [timer for timer in timers if timer.pk not in held]
    read(free)
    _hold(held)
    mine = _due(now).filter(Among("pk", [timer.pk for timer in free]))
    return mine.update(state=State.CHECKING, asked_at=now, reason="")


def overdue(*, now: datetime) -> QuerySet[Timer]:
    """Return the timers that have fallen due and have not fired; what is held back is not late."""
    return Timer.objects.filter(state__in=(State.WAITING, State.CHECKING), due_at__lt=now)


def checking() -> list[Asked]:
    """Return the timers that are being checked, those asked about first in front."""
    rows = Timer.objects.filter(state=State.CHECKING, asked_at__isnull=False)
    ordered = rows.order_by("asked_at", "pk").values_list(*Asked._fields)
    return [Asked._make(row) for row in ordered]


@transaction.atomic
def fire(*, verified: Mapping[int, bool], now: datetime) -> int:
    """Fire the timers that are still due, by primary key with whether Genesys confirmed them.

    Those that fell due since `now`, and that another process has asked about, are left to the next.
    What their conversations' latest facts have answered is answered; what is held back meanwhile
    waits. Return how many have told something.
    """
    bulk.by_indexes()
    _hold_conversations(verified, now)
    timers = dues(_checked(verified).filter(due_at__lt=now))
    clocks, of_rungs = running({timer.conversation_id for timer in timers}), rungs(timers)
    gone = {t.pk for t in timers if t.wait not in clocks or _has_lost_its_rung(t)}
    _checked(gone).update(state=State.WITHDRAWN, reason=GONE)
    left = _in_time([t for t in timers if t.pk not in gone], clocks, of_rungs, now)
    held = holding.holds(left, of_rungs, now=now)
    _hold(held)
    people = People(now)
    tellings = [
        Telling(
            due=due,
            clock=clocks[due.wait],
            rung=(rung := of_rungs.get(due.of_rung_id)),
            audience=_audience(people, rung, due),
            verified=verified[due.pk],
        )
        for due in _last_repetitions([t for t in left if t.pk not in held], now)
    ]
    _tell(tellings, now)
    return len(tellings)


def _due(now: datetime) -> QuerySet[Timer]:
    return Timer.objects.filter(state__in=UNASKED, due_at__lt=now)


def _checked(pks: Iterable[int]) -> QuerySet[Timer]:
    # Not state=CHECKING: then PostgreSQL may look for them among all that are being checked.
    return Timer.objects.filter(Among("pk", pks)).exclude(state__in=_NOT_CHECKING)


def _hold_conversations(pks: Iterable[int], now: datetime) -> None:
    """Lock the conversations of timers, as whoever records them does, and refresh their clocks.

    Only of those that have changed since: the clocks of the others stand as they do.
    """
    of = _checked(pks).values_list("conversation_id", flat=True)
    rows = Conversation.objects.select_for_update(no_key=True).filter(pk__in=of).order_by("pk")
    held = set(rows.values_list("pk", flat=True))
    if not Recomputation.objects.filter(finished_at=None).exists():
        changed = Change.objects.filter(Among("conversation_id", held))
        held = set(changed.values_list("conversation_id", flat=True))
    if held:
        services.refresh(conversation_ids=held, now=now)


def _has_lost_its_rung(due: Due) -> bool:
    return due.rung.startswith(RUNG) and due.of_rung_id is None


def _hold(held: Mapping[int, Hold]) -> None:
    """Hold timers back, each until the instant and for the reason that are told for it."""
    by_hold: dict[Hold, list[int]] = {}
    for pk, hold in held.items():
        by_hold.setdefault(hold, []).append(pk)
    for hold, pks in by_hold.items():
        mine = Timer.objects.filter(Among("pk", pks), state__in=(*UNASKED, State.CHECKING))
        mine.update(state=State.HELD, due_at=hold.until, reason=hold.reason[:300], asked_at=None)


def _in_time(
    timers: Sequence[Due],
    clocks: Mapping[Wait, Running],
    of_rungs: Mapping[int | None, Rung],
    now: datetime,
) -> list[Due]:
    """Return timers, less those that only warn of a breach that has come: they come with it."""
    late = {
        timer.pk
        for timer in timers
        if level_of(timer.rung, timer.kind, of_rungs.get(timer.of_rung_id)) == Alert.Level.WARNED
        and (at := clocks[timer.wait].breaches_at)
        and at < now
    }
    if late:
        _checked(late).update(state=State.FIRED, fired_at=now, reason=ALONG_BREACH)
    return [timer for timer in timers if timer.pk not in late]


def _last_repetitions(timers: Sequence[Due], now: datetime) -> list[Due]:
    """Return timers, of several repetitions of one rung that are due at once only the last.

    The others are told along with it.
    """
    ordered = sorted(timers, key=lambda timer: repetition(timer.rung))
    last = {(timer.wait, timer.of_rung_id or timer.rung): timer.pk for timer in ordered}
    kept = set(last.values())
    if len(kept) < len(timers):
        along = (timer.pk for timer in timers if timer.pk not in kept)
        _checked(along).update(state=State.FIRED, fired_at=now, reason=ALONG)
    return [timer for timer in timers if timer.pk in kept]


def _audience(people: People, rung: Rung | None, due: Due) -> Audience:
    if rung is None:
        return Audience()
    return people.of(rung, queue_id=due.queue_id, user_id=due.user_id)


def _tell(tellings: Sequence[Telling], now: datetime) -> None:
    """Write all that timers set off, and that they have fired."""
    known = known_of({one.due.conversation_id for one in tellings})
    told = [
        (one, subject_of(one.due.wait, one.due.rung, name_of(one.due.rung), known))
        for one in tellings
    ]
    mirror.write(
        row
        for one, subject in told
        for row in mirror.rows_of(one.due.conversation_id, [event_of(one, subject)], now)
    )
    alerts = raising.raised(tellings, now=now)
    _forget_notices(one.due.pk for one, subject in told if "~" in subject)
    notices = (_notice(one, subject, alerts[one.due.wait], now) for one, subject in told)
    bulk.insert(Notice, _NOTICE, notices)
    for verified in (True, False):
        pks = [one.due.pk for one in tellings if one.verified is verified]
        fired = {"state": State.FIRED, "fired_at": now, "verified": verified, "reason": ""}
        _checked(pks).update(**fired)


def _forget_notices(pks: Iterable[int]) -> None:
    """Let a notice that was taken back make room for the one that is given after all."""
    again = list(pks)
    if again:
        Notice.objects.filter(timer__in=again).delete()


def _notice(one: Telling, subject: str, alert_id: int, now: datetime) -> tuple[object, ...]:
    """Return the values of _NOTICE."""
    to = one.audience
    named = msgspec.json.encode(to.recipients).decode()
    text = one.rung.template if one.rung else ""
    wrong = bool(to.wrong)
    told = (one.due.pk, alert_id, now, subject, to.destination_id, named, text, wrong)
    return (*told, one.verified)
