"""Which listener holds which topics: leases in the rows, so that several share the topics.

A topic is taken by one UPDATE … RETURNING. Who holds more than a fair share offers the rest: its
lease is ended, but it is listened to until another has subscribed, so that nothing is missed.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

from integrations import sql
from integrations.genesys.notifications import gaps
from integrations.models import NotificationChannel, NotificationListener, NotificationTopic

State = NotificationTopic.State

LONGEST_REASON: Final = 1000
# The columns of a topic that nobody holds.
NOBODYS: Final = {"listener": "", "leased_until": None, "channel": None}
_TABLE: Final = NotificationTopic._meta.db_table


class Taken(NamedTuple):
    """A topic that is ours now, and up to when somebody listened to it before."""

    pk: int
    name: str
    heard_at: datetime | None


class Verdict(NamedTuple):
    """What Genesys said to one subscription; reason is "" where it is permitted."""

    pk: int
    reason: str = ""


def check_in(*, name: str, now: datetime, lease: timedelta) -> None:
    """Tell that a listener lives."""
    NotificationListener.objects.update_or_create(
        name=name,
        defaults={"leased_until": now + lease},
        create_defaults={"leased_until": now + lease, "started_at": now},
    )


def share(*, now: datetime) -> int:
    """Return how many topics each living listener should hold."""
    due = Q(state__in=(State.FREE, State.SUBSCRIBED)) | Q(state=State.REJECTED, retry_at__lte=now)
    total = NotificationTopic.objects.filter(due).count()
    listeners = NotificationListener.objects.filter(leased_until__gt=now).count()
    return -(-total // max(1, listeners))


def take(*, name: str, most: int, now: datetime, lease: timedelta) -> list[Taken]:
    """Take free topics, those of dead listeners and those that may be tried again."""
    if most <= 0:
        return []
    taking = (
        f"UPDATE {_TABLE} SET listener = %s, leased_until = %s, state = 'free' "  # noqa: S608 - names of our own
        "WHERE id IN "
        + sql.free_ones(
            f"SELECT id FROM {_TABLE} "  # noqa: S608 - names of our own
            "WHERE (leased_until IS NULL OR leased_until <= %s) AND (state IN ('free', "
            "'subscribed') OR (state = 'rejected' AND retry_at <= %s)) ORDER BY id LIMIT %s"
        )
        + " RETURNING id"
    )
    at = sql.instant(now)
    with connection.cursor() as cursor:
        cursor.execute(taking, [name, sql.instant(now + lease), at, at, most])
        pks = [pk for (pk,) in cursor.fetchall()]
    heard = Coalesce(F("channel__heard_at"), F("heard_until"))
    rows = NotificationTopic.objects.filter(pk__in=pks).order_by("pk")
    return [Taken(*row) for row in rows.values_list("pk", "name", heard)]


def keep_channels(*, rows: Collection[int], until: datetime) -> set[int]:
    """Renew the leases of channels; return which of the rows are gone, taken for a dead one's."""
    channels = NotificationChannel.objects.filter(pk__in=rows)
    channels.update(leased_until=until)
    return set(rows) - set(channels.values_list("pk", flat=True))


def renew(*, name: str, pks: Collection[int], until: datetime) -> set[int]:
    """Renew a listener's leases of topics; return which of these it may let go.

    That is: those that are no longer wanted, and those that another has subscribed to by now.
    """
    mine = NotificationTopic.objects.filter(listener=name)
    mine.exclude(leased_until=None).update(leased_until=until)
    held = NotificationTopic.objects.filter(pk__in=pks)
    ours = Q(listener=name) | (Q(state=State.FREE) & ~Q(listener=""))
    return set(pks) - set(held.filter(ours).values_list("pk", flat=True))


@transaction.atomic
def settle(
    *,
    name: str,
    told: Iterable[Verdict],
    channel: int,
    retry_at: datetime,
    missed: gaps.Missed | None = None,
) -> None:
    """Write down what Genesys said to the subscriptions of a channel.

    What the topics missed before is ordered along with it. From then on the rows tell up to when
    this channel was listened to: a listener that dies between the two would leave nobody who knows.
    """
    if missed:
        gaps.order(since=missed.since, now=missed.now, reason=missed.reason)
    by_reason: dict[str, list[int]] = {}
    for pk, reason in told:
        by_reason.setdefault(reason, []).append(pk)
    mine = NotificationTopic.objects.filter(listener=name)
    for reason, pks in by_reason.items():
        rows = mine.filter(pk__in=pks)
        if reason:
            rows.update(
                state=State.REJECTED,
                reason=reason[:LONGEST_REASON],
                retry_at=retry_at,
                **NOBODYS,
            )
        else:
            rows.update(state=State.SUBSCRIBED, channel=channel, reason="", retry_at=None)


def offer(*, name: str, pks: Collection[int]) -> None:
    """Let others take these topics; they are listened to until somebody does."""
    NotificationTopic.objects.filter(listener=name, pk__in=pks).update(leased_until=None)


def leave(*, name: str, heard_at: datetime) -> None:
    """Give back whatever a listener holds: it ends."""
    rows = NotificationTopic.objects.filter(listener=name)
    rows.update(state=State.FREE, heard_until=heard_at, **NOBODYS)
    NotificationChannel.objects.filter(listener=name).delete()
    NotificationListener.objects.filter(name=name).delete()


def clear_the_dead(*, now: datetime, lease: timedelta) -> None:
    """Forget listeners that died, and their channels once no topic remembers them."""
    NotificationListener.objects.filter(leased_until__lt=now - lease).delete()
    dead = NotificationChannel.objects.filter(leased_until__lt=now)
    dead.annotate(held=Count("topics")).filter(held=0).delete()


def channels_in_use(*, now: datetime) -> int:
    """Return how many channels living listeners hold."""
    return NotificationChannel.objects.filter(leased_until__gt=now).count()
