"""Rings as rows: written down, claimed by agent, asked again at growing delays, let go of."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection

from conversations import live
from conversations.domain.live import News, State
from integrations import sql
from integrations.models import Ringing

# Longer than the longest request and a token before it.
LEASE: Final = timedelta(seconds=60)
# When to ask after the ring, after the first answer, the second, ...
DELAYS: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 1, 2, 3, 5, 8))
# Of a queue that does not tell how long it rings.
USUAL: Final = timedelta(seconds=60)
# Beyond the longest ring: an answer in the last second takes its time to be told.
MARGIN: Final = timedelta(seconds=10)

_TABLE: Final = Ringing._meta.db_table
_COLUMNS: Final = (
    *("id", "conversation_id", "session_id", "participant_id", "user_id", "media_type"),
    *("queue_id", "give_up_at", "tries", "fence"),
)


class Ring(NamedTuple):
    """A session that rings, and for how long it may (None: not known)."""

    news: News
    lasts: timedelta | None


class Claimed(NamedTuple):
    """A ring that is ours until its lease ends."""

    pk: int
    conversation_id: str
    session_id: str
    participant_id: str
    user_id: str
    media_type: str
    queue_id: str
    give_up_at: datetime
    tries: int
    fence: int

    @property
    def key(self) -> tuple[str, str]:
        return self.conversation_id, self.session_id

    def answered(self, state: State, since: datetime) -> News:
        """Return the news that the session is in a state since an instant."""
        return News(
            conversation_id=self.conversation_id,
            session_id=self.session_id,
            state=state.value,
            since=since,
            participant_id=self.participant_id,
            user_id=self.user_id,
            media_type=self.media_type,
            queue_id=self.queue_id,
        )


def order(*, rings: Iterable[Ring], now: datetime) -> None:
    """Have it asked whether rings are answered; those that must be over by now are left alone."""
    rows = []
    for news, lasts in rings:
        give_up_at = news.since + (lasts or USUAL) + MARGIN
        if now < give_up_at:
            rows.append(
                Ringing(
                    conversation_id=news.conversation_id,
                    session_id=news.session_id,
                    participant_id=news.participant_id,
                    user_id=news.user_id,
                    media_type=news.media_type,
                    queue_id=news.queue_id,
                    rang_at=news.since,
                    give_up_at=give_up_at,
                    due_at=max(now, news.since + DELAYS[0]),
                )
            )
    Ringing.objects.bulk_create(rows, ignore_conflicts=True)


def claim(*, now: datetime, agents: int) -> list[Claimed]:
    """Take all rings of some agents of whom one is due, the longest due first: one statement."""
    at = sql.instant(now)
    free = "(leased_until IS NULL OR leased_until <= %s)"
    taking = (
        f"UPDATE {_TABLE} SET leased_until = %s, fence = fence + 1 WHERE id IN ("  # noqa: S608 - names of our own
        f"SELECT id FROM {_TABLE} WHERE {free} AND user_id IN ("
        f"SELECT user_id FROM {_TABLE} WHERE due_at <= %s AND {free} "
        f"GROUP BY user_id ORDER BY MIN(due_at), user_id LIMIT %s){sql.skip_locked()}) "
        "RETURNING id"
    )
    with connection.cursor() as cursor:
        cursor.execute(taking, [sql.instant(now + LEASE), at, at, at, agents])
        pks = [pk for (pk,) in cursor.fetchall()]
    rows = Ringing.objects.filter(pk__in=pks).order_by("pk").values_list(*_COLUMNS)
    return [Claimed._make(row) for row in rows]


def open_ones(claimed: Sequence[Claimed], *, now: datetime) -> list[Claimed]:
    """Return the rings of which nobody knows how they ended; let go of all others.

    Events or readings tell it mostly; what rang long ago, while nobody could ask, is over too.
    """
    known = live.beyond_ringing({one.key for one in claimed})
    waiting = [one for one in claimed if one.key not in known and now < one.give_up_at + MARGIN]
    settle([one for one in claimed if one not in waiting])
    return waiting


def settle(claimed: Collection[Claimed]) -> None:
    """Let go of rings: they were answered, or nobody will."""
    Ringing.objects.filter(pk__in=[one.pk for one in claimed]).delete()


def release(claimed: Collection[Claimed]) -> None:
    """Give rings back as they were: nobody was asked."""
    for one in claimed:
        Ringing.objects.filter(pk=one.pk, fence=one.fence).update(leased_until=None)


def put_off(one: Claimed, *, now: datetime) -> None:
    """Ask again after the next delay, once more as the ring must be over, then never."""
    if now >= one.give_up_at:
        settle([one])
        return
    tries = one.tries + 1
    due_at = min(now + DELAYS[min(tries, len(DELAYS) - 1)], one.give_up_at)
    mine = Ringing.objects.filter(pk=one.pk, fence=one.fence)
    mine.update(tries=tries, due_at=due_at, leased_until=None)
