"""Letting go of what was told, and of how each try went, once its time is over."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q

from conversations import bulk
from integrations.models import Attempt, Delivery

BATCH: Final = 1000


def drop_old(*, now: datetime) -> int:
    """Delete deliveries that wait for nothing after OUTBOX_DAYS; return how many.

    The key of one that is gone is not known any more: no event is announced so late.
    """
    before = now - timedelta(days=settings.OUTBOX_DAYS)
    old = Delivery.objects.filter(ordered_at__lt=before).exclude(state=Delivery.State.WAITING)
    dropped = 0
    while pks := list(old.order_by("ordered_at", "pk").values_list("pk", flat=True)[:BATCH]):
        Attempt.objects.filter(delivery__in=pks).delete()
        dropped += Delivery.objects.filter(pk__in=pks).delete()[0]
        bulk.breathe()
    return dropped


def forget_said(genesys_ids: Collection[str], user_ids: Collection[str] = ()) -> int:
    """Empty what was rendered or answered about conversations or users; return how many tries.

    Deliveries themselves hold no names.
    """
    concerned = Q(delivery__conversation_id__in=genesys_ids)
    concerned |= Q(delivery__payload__about__userId__in=user_ids)
    pks = list(Attempt.objects.filter(concerned).exclude(said="").values_list("pk", flat=True))
    return Attempt.objects.filter(pk__in=pks).update(said="")


def forget_said_before(cutoff: datetime) -> int:
    """Empty what was rendered or answered before an instant; return how many tries."""
    return Attempt.objects.filter(at__lt=cutoff).exclude(said="").update(said="")
