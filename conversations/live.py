"""Writing what events prove at once, without waiting for analytics to show it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Case, F, Q, When

from conversations import tables, telling
from conversations.domain.events import HOLDS, CommonEvent
from conversations.domain.live import PROVABLE, RINGING, News, Proven, proven, renamed
from conversations.domain.seen import CONNECTED, Seen, look
from conversations.models import CommonEvent as EventRow
from conversations.models import Conversation, Participant, Segment, SessionState

_NEWS: Final = News._fields
_DETAILS: Final = ("participant_id", "user_id", "purpose", "media_type", "queue_id")
_Told = dict[telling.Identity, EventRow]


@transaction.atomic
def record_news(*, news: Sequence[News], now: datetime) -> int:
    """Keep what events prove, and tell the Common Events in it; return how many were told.

    What is known already changes nothing. News of a conversation that is not in the mirror yet is
    told when that comes. News without a session is of its participant's only one, where the mirror
    knows it; else it is left to the reading.
    """
    kept = sorted({one for one in _with_sessions(news) if one.session_id})
    _hold({one.conversation_id for one in kept})
    SessionState.objects.bulk_create(
        [SessionState(**one._asdict(), heard_at=now) for one in kept], ignore_conflicts=True
    )
    _fill_in(kept)
    return tell(genesys_ids={one.conversation_id for one in kept}, now=now)


@transaction.atomic
def tell(*, genesys_ids: Collection[str], now: datetime) -> int:
    """Tell what news proves of these conversations and nobody has told yet; return how much."""
    untold = SessionState.objects.filter(conversation_id__in=genesys_ids, told=False)
    rows = _hold(untold.values_list("conversation_id", flat=True))
    if not rows:
        return 0
    known = tables.stored([row.pk for row in rows]).conversations(rows)
    return settle(
        [(row.pk, look(one, row.observed_at)) for row, one in zip(rows, known, strict=True)],
        now,
    )


def beyond_ringing(sessions: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which sessions, by conversation and session, are known to be answered, or over."""
    conversation_ids, session_ids = ({pair[n] for pair in sessions} for n in (0, 1))
    told = SessionState.objects.filter(
        conversation_id__in=conversation_ids, session_id__in=session_ids
    ).exclude(state__in=RINGING)
    shown = Segment.objects.filter(
        Q(segment_type__in=CONNECTED) | ~Q(disconnect_type=""),
        session__conversation__genesys_id__in=conversation_ids,
        session__genesys_id__in=session_ids,
    )
    return {
        *told.values_list("conversation_id", "session_id"),
        *shown.values_list("session__conversation__genesys_id", "session__genesys_id"),
    }


def _hold(genesys_ids: Iterable[str]) -> list[Conversation]:
    """Lock conversations to the end of the transaction, before any row of their news.

    Whoever records a reading takes them first too: so nobody waits in a ring.
    """
    # no_key: rows of others that name one of these must not wait, nor make a ring of waiting.
    rows = Conversation.objects.select_for_update(no_key=True)
    return list(rows.filter(genesys_id__in=genesys_ids).order_by("pk"))


def settle(shown: Sequence[tuple[int, Seen]], now: datetime, *, historic: bool = False) -> int:
    """Bring the Common Events of conversations (pk, reading) to what reading and news imply.

    An instant that news told roughly is put right by the reading; what is told keeps its name.
    Whoever calls holds the conversations' rows. historic: what is told is nobody's news. Returns
    how many events were told.
    """
    news = news_of([seen.conversation.genesys_id for _, seen in shown])
    concerned = [
        (pk, proven(seen, news[seen.conversation.genesys_id]))
        for pk, seen in shown
        if seen.conversation.genesys_id in news
    ]
    if not concerned:
        return 0
    told = _told([pk for pk, _ in concerned])
    fresh = [row for pk, found in concerned for row in _put_right(pk, found, told, now)]
    telling.write(fresh, historic=historic)
    _mark_told(shown, concerned)
    return len(fresh)


def _with_sessions(news: Iterable[News]) -> list[News]:
    """Fill in the session of a participant that has only one, as the mirror knows it."""
    given = list(news)
    lacking = {one.participant_id for one in given if not one.session_id and one.participant_id}
    if not lacking:
        return given
    conversations = {one.conversation_id for one in given if one.participant_id in lacking}
    rows = Participant.objects.filter(
        conversation__genesys_id__in=conversations, genesys_id__in=lacking
    ).values_list("conversation__genesys_id", "genesys_id", "sessions__genesys_id")
    found: dict[tuple[str, str], list[str]] = {}
    for conversation_id, participant_id, session_id in rows:
        found.setdefault((conversation_id, participant_id), []).append(session_id or "")
    only = {owner: ids[0] for owner, ids in found.items() if len(ids) == 1}
    return [
        one
        if one.session_id
        else one._replace(session_id=only.get((one.conversation_id, one.participant_id), ""))
        for one in given
    ]


def _fill_in(kept: Sequence[News]) -> None:
    """Add what another road tells of the same state: none tells everything."""
    known = SessionState.objects.filter(conversation_id__in={one.conversation_id for one in kept})
    rows = {_key(row): row for row in known}
    for one in kept:
        row = rows[_key(one)]
        lacking = [name for name in _DETAILS if getattr(one, name) and not getattr(row, name)]
        if lacking:
            for name in lacking:
                setattr(row, name, getattr(one, name))
            row.told = False
            row.save(update_fields=[*lacking, "told"])


def _key(one: News | SessionState) -> tuple[str, str, datetime, str]:
    return one.conversation_id, one.session_id, one.since, one.state


def news_of(genesys_ids: Sequence[str]) -> dict[str, list[News]]:
    """Return what events told of sessions, by conversation, in the order in which it came."""
    rows = SessionState.objects.filter(conversation_id__in=genesys_ids).values_list(*_NEWS)
    found: dict[str, list[News]] = {}
    for row in rows.order_by("pk"):
        found.setdefault(row[0], []).append(News._make(row))
    return found


def _told(pks: Sequence[int]) -> _Told:
    rows = EventRow.objects.filter(conversation_id__in=pks, name__in=PROVABLE)
    return {(row.conversation_id, row.name, row.subject): row for row in rows}


def _put_right(pk: int, found: Proven, told: _Told, now: datetime) -> list[tables.Row]:
    """Return the rows of events that are not told; correct those that are told otherwise."""
    held = {subject for owner, name, subject in told if owner == pk and name in HOLDS}
    fresh: list[CommonEvent] = []
    for event in (renamed(event, held) for event in found.events):
        known = told.get((pk, event.name.value, event.subject))
        if known is None:
            fresh.append(event)
        elif _differs(known, event):
            _correct(known, event, now)
    return list(telling.rows_of(pk, fresh, now))


def _correct(row: EventRow, event: CommonEvent, now: datetime) -> None:
    """Put an event right. One that nobody has been told of yet will be told so from the first."""
    EventRow.objects.filter(pk=row.pk).update(
        at=event.at,
        payload=dict(event.about),
        revision=F("revision") + Case(When(announced=True, then=1), default=0),
        announced=row.historic or not telling.is_heard(),
    )
    if not row.historic:
        telling.call_again(row, event, now)


def _differs(row: EventRow, event: CommonEvent) -> bool:
    return row.at != event.at or row.payload != dict(event.about)


def _mark_told(shown: Sequence[tuple[int, Seen]], concerned: Sequence[tuple[int, Proven]]) -> None:
    """Mark the news that is told, or has nothing to tell; that of unknown sessions waits."""
    genesys_ids = {pk: seen.conversation.genesys_id for pk, seen in shown}
    waiting = [session_id for _, found in concerned for session_id in found.open_sessions]
    SessionState.objects.filter(
        conversation_id__in=[genesys_ids[pk] for pk, _ in concerned], told=False
    ).exclude(session_id__in=waiting).update(told=True)
