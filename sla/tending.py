"""What time does with alerts: snoozes end, acknowledgements run out, waits come to an end.

A scan finds what is due; each step is one entry of the alert's history.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from sla import alerts
from sla.alerts import STANDING, Action, Deed, State
from sla.models import Alert, Clock, Wait

ANSWERED: Final = "the agent answered"
WROTE_LAST: Final = "the agent wrote last"
ACTED: Final = "its agent acted"
ENDED: Final = "the conversation ended"
GONE: Final = "the wait is no more: its policy changed, or what is known of the conversation"
Round = tuple[int, str, datetime]  # conversation, clock, start of the wait


class Tended(NamedTuple):
    """How many alerts were closed, woke, and are open again since nobody was heard of."""

    closed: int
    woke: int
    expired: int


def tend(*, now: datetime) -> Tended:
    """Do what is due. Safe to run twice, and by several workers at once."""
    return Tended(close_ended(now=now), wake(now=now), expire(now=now))


def wake(*, now: datetime) -> int:
    """Bring back the alerts whose snooze has ended."""
    due = Q(state=State.SNOOZED, snoozed_until__lte=now)
    return _reopen(due, Action.WOKE, Deed("", now))


def expire(*, now: datetime) -> int:
    """Open again what was acknowledged too long ago while the breach still lasts."""
    due = Q(state=State.ACKNOWLEDGED, acknowledged_until__lte=now)
    late = Alert.objects.filter(due).filter(_breached(now)).values_list("pk", flat=True)
    deed = Deed("", now, "it is still breached")
    return _reopen(due & Q(pk__in=list(late)), Action.EXPIRED, deed)


def _reopen(which: Q, action: Action, deed: Deed) -> int:
    if not Alert.objects.filter(which).exists():  # asked first: a transaction takes SQLite's lock
        return 0
    with transaction.atomic():
        return alerts.put_down(_held(which), action, deed, alerts.reopened())


def close_ended(*, now: datetime) -> int:
    """Close the alerts whose wait is over, with the reason."""
    if not ends(_doubtful()):  # asked first, as above
        return 0
    with transaction.atomic():
        by_reason: dict[str, list[int]] = {}
        for pk, reason in ends(_doubtful()).items():
            by_reason.setdefault(reason, []).append(pk)
        return sum(
            alerts.close(alerts=pks, deed=Deed("", now, reason))
            for reason, pks in by_reason.items()
        )


def _doubtful() -> list[Alert]:
    """Return the alerts that stand, without those whose clock runs on: most do."""
    of = {"conversation": OuterRef("conversation"), "kind": OuterRef("kind")}
    at = {"started_at": OuterRef("round_at")}
    runs = Clock.objects.filter(**of, **at, state=Clock.State.RUNNING)
    is_over = Wait.objects.filter(**of, **at)
    standing = Alert.objects.filter(state__in=STANDING)
    return list(standing.filter(~Exists(runs) | Exists(is_over)).order_by("pk"))


def ends(rows: Sequence[Alert]) -> dict[int, str]:
    """Return why the waits of alerts are over, by primary key; those that last are left out."""
    of = {row.conversation_id for row in rows}
    clocks = {(c.conversation_id, c.kind): c for c in _clocks(of)}
    waits = {
        (wait.conversation_id, wait.kind, wait.started_at): wait
        for wait in Wait.objects.filter(conversation__in=of).select_related("conversation")
    }
    found = {row.pk: _end(row, clocks, waits) for row in rows}
    return {pk: reason for pk, reason in found.items() if reason}


def _end(row: Alert, clocks: Mapping[tuple[int, str], Clock], waits: Mapping[Round, Wait]) -> str:
    """Return why a wait is over, or "" while it lasts."""
    wait = waits.get((row.conversation_id, row.kind, row.round_at))
    clock = clocks.get((row.conversation_id, row.kind))
    if wait:
        return _said(wait)
    of_work = row.kind == Clock.Kind.FORGOTTEN
    if clock is None or clock.started_at < row.round_at:
        return ACTED if of_work else GONE
    if clock.started_at > row.round_at:
        return ACTED if of_work else ANSWERED
    return _reason(clock) if _is_over(clock) else ""


def _said(wait: Wait) -> str:
    ended_at = wait.conversation.ended_at
    if ended_at and wait.ended_at >= ended_at:
        return ENDED
    return ACTED if wait.kind == Clock.Kind.FORGOTTEN else ANSWERED


def _reason(clock: Clock) -> str:
    return {WROTE_LAST: ANSWERED, "the conversation was closed": ENDED}.get(
        clock.reason, clock.reason
    )


def _is_over(clock: Clock) -> bool:
    """Tell whether a clock stands still because the customer was answered."""
    answered = clock.kind == Clock.Kind.NEXT_RESPONSE and clock.reason == WROTE_LAST
    return clock.state == Clock.State.STOPPED or (clock.state == Clock.State.PAUSED and answered)


def _clocks(of: Iterable[int]) -> Iterable[Clock]:
    return Clock.objects.filter(conversation__in=of).defer("packed_steps")


def _held(which: Q) -> list[Alert]:
    """Return alerts, held until the transaction ends: what another has moved is not among them."""
    return list(Alert.objects.select_for_update().filter(which).order_by("pk"))


def _breached(now: datetime) -> Q:
    """Say that the clock of an alert runs beyond its target, in the alert's own round."""
    clock = "conversation__clocks__"
    late = Q(**{f"{clock}breached": True}) | Q(**{f"{clock}breaches_at__lt": now})
    return late & Q(
        **{
            f"{clock}kind": F("kind"),
            f"{clock}started_at": F("round_at"),
            f"{clock}state": Clock.State.RUNNING,
        }
    )
