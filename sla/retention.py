"""Letting go of timers that told nothing, and later of closed alerts with all of theirs."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from conversations import bulk
from sla.models import Alert, Clock, Timer

KEPT_FOR: Final = timedelta(days=30)
BATCH: Final = 1_000
OVER: Final = (Timer.State.ANSWERED, Timer.State.WITHDRAWN)
_WAIT: Final = ("conversation", "kind", "round_at")


def drop_old(*, now: datetime) -> int:
    """Delete timers that were answered or withdrawn long ago; return how many.

    Of those that told something notices and alerts are the record: they go with their alerts.
    """
    old = Timer.objects.filter(state__in=OVER, due_at__lt=now - KEPT_FOR, notice__isnull=True)
    dropped = 0
    while pks := list(old.values_list("pk", flat=True)[:BATCH]):
        dropped += Timer.objects.filter(pk__in=pks, state__in=OVER).delete()[0]
        bulk.breathe()
    return dropped


def drop_old_alerts(*, now: datetime) -> int:
    """Delete the alerts that were closed more than ALERT_DAYS ago; return how many.

    What was done with them and what was told of them goes along, and so do the timers of their
    waits. An alert whose wait goes on stays, whoever has closed it: it holds back what else would
    be told. Each batch is a transaction, so a run that ends early has done what it has done.
    """
    before = now - timedelta(days=settings.ALERT_DAYS)
    dropped = 0
    while some := _drop(before):
        dropped += some
        bulk.breathe()
    return dropped


@transaction.atomic
def _drop(before: datetime) -> int:
    rows = _over().filter(closed_at__lt=before).order_by("closed_at", "pk")[:BATCH]
    alerts = dict(rows.values_list("pk", "conversation_id"))
    theirs = Alert.objects.filter(pk__in=alerts, **{name: OuterRef(name) for name in _WAIT})
    Timer.objects.filter(Exists(theirs), conversation__in=set(alerts.values())).delete()
    Alert.objects.filter(pk__in=alerts).delete()
    return len(alerts)


def _over() -> QuerySet[Alert]:
    """Return the closed alerts whose clock has stopped or gone on to another wait, held."""
    wait = {"conversation": OuterRef("conversation"), "kind": OuterRef("kind")}
    same = Clock.objects.filter(**wait, started_at=OuterRef("round_at"))
    goes_on = Exists(same.exclude(state=Clock.State.STOPPED))
    return Alert.objects.select_for_update().filter(~goes_on, state=Alert.State.CLOSED)
