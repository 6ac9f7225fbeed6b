"""Rows of channels: when each was last heard, and whether what comes is what was to be expected."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F

from integrations.models import (
    NotificationChannel,
    NotificationListener,
    NotificationTopic,
    Watermark,
)

State = NotificationTopic.State

ROAD: Final = "genesys.notifications"
LONGEST_DETAIL: Final = 1000
# Connecting anew is no failure.
GRACE: Final = timedelta(minutes=1)


def opened(
    *, genesys_id: str, listener: str, expires_at: datetime, now: datetime, lease: timedelta
) -> int:
    """Write down a channel that was opened; return its row's key."""
    row = NotificationChannel.objects.create(
        genesys_id=genesys_id,
        listener=listener,
        leased_until=now + lease,
        opened_at=now,
        expires_at=expires_at,
        heard_at=now,
        connected=False,
    )
    return row.pk


def connected(*, channel: int, detail: str, reconnects: int, now: datetime) -> None:
    """Write down that the socket of a channel is open, and why it had to be opened."""
    NotificationChannel.objects.filter(pk=channel).update(
        connected=True,
        heard_at=now,
        detail=detail[:LONGEST_DETAIL],
        reconnects=F("reconnects") + reconnects,
    )


def lost(*, channel: int, detail: str) -> None:
    """Write down that the socket of a channel is gone."""
    rows = NotificationChannel.objects.filter(pk=channel)
    rows.update(connected=False, detail=detail[:LONGEST_DETAIL])


def heard(
    *,
    channel: int,
    heard_at: datetime,
    event_at: datetime | None,
    events_a_minute: float,
    silent_since: datetime | None,
) -> None:
    """Write down when something last came over a channel, and how much does."""
    NotificationChannel.objects.filter(pk=channel).update(
        heard_at=heard_at,
        event_at=event_at,
        events_a_minute=events_a_minute,
        silent_since=silent_since,
    )


def closed(*, channel: int) -> None:
    """Forget a channel."""
    NotificationChannel.objects.filter(pk=channel).delete()


def tell_road(*, now: datetime) -> str:
    """Write in the road's row how the listening goes, all listeners together; return it."""
    rows = NotificationTopic.objects.values("state").annotate(many=Count("pk"))
    counts = dict(rows.values_list("state", "many"))
    living = NotificationChannel.objects.filter(leased_until__gt=now)
    listening = living.filter(connected=True).count()
    listeners = NotificationListener.objects.filter(leased_until__gt=now).count()
    told = (
        f"{counts.get(State.SUBSCRIBED, 0)} topics on {listening} channels of {listeners} "
        f"listeners; {counts.get(State.FREE, 0)} not subscribed yet, "
        f"{counts.get(State.REJECTED, 0)} rejected by Genesys, "
        f"{counts.get(State.NOT_OFFERED, 0)} not offered and polled instead"
    )
    row, _ = Watermark.objects.get_or_create(road=ROAD, defaults={"started_at": now})
    wanted = counts.get(State.SUBSCRIBED, 0) + counts.get(State.FREE, 0)
    if (listening and counts.get(State.SUBSCRIBED)) or not wanted:
        row.succeeded_at, row.failing_since = now, None
    elif (row.succeeded_at or row.started_at or now) < now - GRACE:
        row.failing_since = row.failing_since or now
    row.detail = told
    row.save(update_fields=["succeeded_at", "failing_since", "detail"])
    return told


def failing(*, reason: str, now: datetime) -> None:
    """Write in the road's row why nobody can listen."""
    row, _ = Watermark.objects.get_or_create(road=ROAD, defaults={"started_at": now})
    row.failing_since, row.detail = row.failing_since or now, reason[:LONGEST_DETAIL]
    row.save(update_fields=["failing_since", "detail"])
