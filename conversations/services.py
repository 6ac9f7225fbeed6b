"""Writing the mirror: snapshots in; the difference and its Common Events down, all or nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import zstandard
from django.conf import settings
from django.db import IntegrityError, transaction

from conversations import bulk, live, merge, older, tables, telling
from conversations.domain import attributes, facts
from conversations.domain.events import diff
from conversations.domain.seen import AGENT_PURPOSES, Seen, look
from conversations.domain.stretches import settled
from conversations.models import Change, Conversation, RawSnapshot
from conversations.models import CommonEvent as EventRow

_encode = msgspec.json.Encoder(order="deterministic").encode

_COLUMNS = (
    *("started_at", "ended_at", "originating_direction", "media_type", "queue_id", "user_id"),
    *("external_tag", "division_ids", "message_type", "skill_ids", "language_id"),
    *("observed_at", "content_hash", "settled", "other_hash"),
)
_CHANGE_COLUMNS = (
    *("conversation_id", "user_ids", "window_start", "window_end", "recorded_at"),
    *("failures", "error"),
)


class Recorded(NamedTuple):
    """How many conversations a batch of snapshots was news of."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    stale: int = 0

    def __add__(self, other: object) -> "Recorded":
        if not isinstance(other, Recorded):
            return NotImplemented
        return Recorded(*(a + b for a, b in zip(self, other, strict=True)))


class _News(NamedTuple):
    """One conversation to write: its pk, what the mirror held, and what was read.

    other_hash is that of the document before, where it tells nothing else: see _also_told_by.
    """

    pk: int
    before: Seen | None
    after: Seen
    snapshot: facts.Snapshot
    other_hash: bytes | None = None


def record(
    *, snapshots: Sequence[facts.Snapshot], now: datetime, historic: bool = False
) -> Recorded:
    """Make the mirror show these snapshots; writing the same twice writes nothing.

    An older snapshot never overwrites a newer one, whatever order they come in; of two with the
    same observation time the one with the greater hash stands, so that here too order is nothing.
    What a snapshot does not tell of participants' attributes stays as it is known. historic marks
    the events that come of it as nobody's news. Costs a fixed number of statements a call.
    """
    latest = _latest_of_each(snapshots)
    known = -1
    while True:
        try:
            done = _record(latest, now, historic=historic)
        except IntegrityError:
            # Another process wrote one of the new conversations first: now it is a known one. That
            # may happen again as long as any is new.
            before, known = known, Conversation.objects.filter(genesys_id__in=latest).count()
            if known <= before:
                raise
        else:
            return done + Recorded(stale=len(snapshots) - len(latest))


def _latest_of_each(snapshots: Sequence[facts.Snapshot]) -> dict[str, facts.Snapshot]:
    latest: dict[str, facts.Snapshot] = {}
    for snapshot in snapshots:
        genesys_id = snapshot.conversation.genesys_id
        if genesys_id not in latest or _rank(snapshot) > _rank(latest[genesys_id]):
            latest[genesys_id] = snapshot
    return latest


def _rank(snapshot: facts.Snapshot) -> tuple[datetime, bytes]:
    return snapshot.observed_at, snapshot.content_hash


@transaction.atomic
def _record(
    latest: dict[str, facts.Snapshot], now: datetime, *, historic: bool = False
) -> Recorded:
    known = {
        row.genesys_id: row
        # no_key: rows of others that name one of these must not wait, nor make a ring of waiting.
        for row in Conversation.objects.select_for_update(no_key=True)
        .filter(genesys_id__in=latest)
        .order_by("pk")
    }
    # In order of their ids, so that two writers who meet the same ones do not wait in a ring.
    new = [latest[genesys_id] for genesys_id in sorted(latest.keys() - known.keys())]
    fresh: list[tuple[Conversation, facts.Snapshot]] = []
    stale: list[tuple[Conversation, facts.Snapshot]] = []
    for genesys_id, row in known.items():
        snapshot = latest[genesys_id]
        if _rank(snapshot) < (row.observed_at, bytes(row.content_hash)):
            stale.append((row, snapshot))
        elif not _shows(row, snapshot):
            fresh.append((row, snapshot))
    _insert(new, now, historic=historic)
    _update(fresh, now, historic=historic)
    older.adopt_attributes(stale)
    unchanged = len(known) - len(fresh) - len(stale)
    return Recorded(len(new), len(fresh), unchanged, len(stale))


def _shows(row: Conversation, snapshot: facts.Snapshot) -> bool:
    """Tell whether the mirror holds a snapshot already, and time has added nothing to it."""
    same = snapshot.content_hash in _hashes(row)
    return same and (row.settled or snapshot.observed_at == row.observed_at)


def _hashes(row: Conversation) -> tuple[bytes, ...]:
    """Return the hashes of the documents that tell what the mirror shows."""
    first = bytes(row.content_hash)
    return (first, bytes(row.other_hash)) if row.other_hash else (first,)


def _insert(snapshots: list[facts.Snapshot], now: datetime, *, historic: bool) -> None:
    if not snapshots:
        return
    pks = bulk.new_ids(Conversation, len(snapshots))
    news = [_News(next(pks), None, _look(snapshot), snapshot) for snapshot in snapshots]
    bulk.insert(
        Conversation,
        ("id", "genesys_id", *_COLUMNS),
        [(one.pk, one.snapshot.conversation.genesys_id, *_row(one)) for one in news],
    )
    merge.write([(one.pk, one.snapshot.conversation) for one in news], None)
    telling.write(_events(news, now), historic=historic)
    live.settle([(one.pk, one.after) for one in news], now, historic=historic)
    _tell_of_changes(news, now)


def _update(
    fresh: list[tuple[Conversation, facts.Snapshot]], now: datetime, *, historic: bool
) -> None:
    if not fresh:
        return
    rows = [row for row, _ in fresh]
    stored = tables.stored([row.pk for row in rows])
    news = [
        _news_of(row, before, snapshot)
        for (row, snapshot), before in zip(fresh, stored.conversations(rows), strict=True)
    ]
    bulk.update(Conversation, _COLUMNS, [(*_row(one), one.pk) for one in news])
    merge.write([(one.pk, one.snapshot.conversation) for one in news], stored)
    _tell(news, now, historic=historic)
    _tell_of_changes([one for one in news if _differs(one)], now)


def _news_of(row: Conversation, before: facts.Conversation, snapshot: facts.Snapshot) -> _News:
    after = attributes.kept(before, snapshot.conversation)
    snapshot = snapshot._replace(conversation=after)
    other_hash = _also_told_by(row, before, snapshot)
    return _News(row.pk, look(before, row.observed_at), _look(snapshot), snapshot, other_hash)


def _also_told_by(
    row: Conversation, before: facts.Conversation, snapshot: facts.Snapshot
) -> bytes | None:
    """Return the hash of a document known before that, read now, would change nothing either.

    A job tells attributes, a query leaves them out: without this the two would overwrite each other
    by turns, and each cost a comparison of all rows.
    """
    others = [known for known in _hashes(row) if known != snapshot.content_hash]
    tells_none = attributes.bare(before) == before
    shown = snapshot.conversation
    if others and (before == shown or (tells_none and before == attributes.bare(shown))):
        return others[0]
    return None


def _tell(news: list[_News], now: datetime, *, historic: bool) -> None:
    """Write the events that are not told yet: whoever holds the conversations' rows is alone."""
    told = EventRow.objects.filter(conversation_id__in=[one.pk for one in news])
    known = list(told.values_list(*telling.COLUMNS[:3]))
    telling.write(telling.untold(_events(news, now), known), historic=historic)
    live.settle([(one.pk, one.after) for one in news], now, historic=historic)


def _differs(news: _News) -> bool:
    """Tell whether what a clock or handle time is made of has changed, or time itself matters."""
    assert news.before is not None
    before, after = news.before.conversation, news.snapshot.conversation
    return before != after and attributes.bare(before) != attributes.bare(after)


def _tell_of_changes(news: list[_News], now: datetime) -> None:
    if settings.RAW_SNAPSHOT_DAYS:
        kept = [one for one in news if one.snapshot.document]
        compress = zstandard.ZstdCompressor(level=1).compress
        bulk.delete(RawSnapshot, [one.pk for one in kept if one.before])
        bulk.insert(
            RawSnapshot,
            ("conversation_id", "observed_at", "body"),
            [
                (one.pk, one.snapshot.observed_at, bulk.binary(compress(one.snapshot.document)))
                for one in kept
            ],
        )
    bulk.insert(Change, _CHANGE_COLUMNS, [_change_row(one, now) for one in news])


def _look(snapshot: facts.Snapshot) -> Seen:
    return look(snapshot.conversation, snapshot.observed_at)


def _row(news: _News) -> tables.Row:
    """Return the values of _COLUMNS."""
    conversation = news.snapshot.conversation
    return (
        conversation.started_at,
        conversation.ended_at,
        conversation.originating_direction,
        *_summary(conversation),
        conversation.external_tag,
        _json(conversation.division_ids),
        conversation.message_type,
        _json(conversation.skill_ids),
        conversation.language_id,
        news.snapshot.observed_at,
        bulk.binary(news.snapshot.content_hash),
        settled(news.after),
        bulk.binary(news.other_hash) if news.other_hash else None,
    )


def _summary(conversation: facts.Conversation) -> tuple[str, str, str]:
    """Return medium, latest queue, and the agent who has it, or had it last."""
    media_type = queue_id = user_id = ""
    queued_at = held_at = None
    for participant in conversation.participants:
        for session in participant.sessions:
            if not media_type or participant.purpose in {"customer", "external"}:
                media_type = session.media_type
            for segment in session.segments:
                if segment.queue_id and (queued_at is None or segment.started_at >= queued_at):
                    queue_id, queued_at = segment.queue_id, segment.started_at
                if participant.purpose == "agent" and segment.segment_type != "alert":
                    rank = (segment.ended_at is None, segment.started_at)
                    if held_at is None or rank > held_at:
                        user_id, held_at = participant.user_id, rank
    return media_type, queue_id, user_id


def _events(news: list[_News], now: datetime) -> Iterator[tables.Row]:
    """Yield the values of telling.COLUMNS for what each conversation's news implies."""
    for one in news:
        yield from telling.rows_of(one.pk, diff(one.before, one.after), now)


def _change_row(news: _News, now: datetime) -> tables.Row:
    worked = [
        spoken
        for seen in (news.before, news.after)
        for spoken in (seen.begun if seen else ())
        if spoken.participant.user_id and spoken.participant.purpose in AGENT_PURPOSES
    ]
    ends = [spoken.ended_at for spoken in worked]
    return (
        news.pk,
        _json(sorted({spoken.participant.user_id for spoken in worked})),
        min((spoken.started_at for spoken in worked), default=None),
        None if None in ends else max((end for end in ends if end), default=None),
        now,
        0,
        "",
    )


def _json(value: object) -> str:
    return _encode(value).decode()
