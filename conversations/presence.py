"""Writing and reading what agents were: presence and routing status."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from chrono.spans import Span
from conversations.domain import presence as domain
from conversations.domain.presence import Away, Known, PresenceTold, State
from conversations.models import Agent, Change, PresenceSpan, Session

Owner = tuple[str, str]  # user and kind


class SpanTold(NamedTuple):
    """What analytics tells of one state of a user. ended_at is None while it lasts."""

    user_id: str
    kind: str
    value: str
    organization_presence_id: str
    started_at: datetime
    ended_at: datetime | None


def record_live(*, told: Iterable[PresenceTold], now: datetime) -> int:
    """Write down that states began, as events told it; return how many rows differ.

    The order of the tellings does not matter, nor how often one comes. Where analytics has told
    the time already, an event changes nothing.
    """
    by_owner: dict[Owner, list[Known]] = defaultdict(list)
    for one in _news([one._replace(value=domain.spelled(one.value)) for one in told]):
        state = Known(one.value, one.organization_presence_id, one.since)
        by_owner[one.user_id, one.kind].append(state)
    return _record(by_owner, now)


def record_spans(*, told: Iterable[SpanTold], within: Span, now: datetime) -> int:
    """Write down states as analytics told them of a time; return how many rows differ.

    What is over is settled and replaces whatever events told of that time. What ends with the time
    asked for may have been cut there: it counts as lasting, as that which has no end does.
    """
    by_owner: dict[Owner, list[Known]] = defaultdict(list)
    for one in told:
        settled = one.ended_at is not None and one.ended_at < within.end
        state = Known(
            domain.spelled(one.value),
            one.organization_presence_id,
            one.started_at,
            one.ended_at if settled else None,
            settled,
        )
        by_owner[one.user_id, one.kind].append(state)
    return _record(by_owner, now)


def presence_of(user_ids: Collection[str], window: Span) -> list[State]:
    """Read the states of some users that lie in a window, whole; by user and kind, in order."""
    found = PresenceSpan.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=window.start),
        user_id__in=user_ids,
        started_at__lt=window.end,
    )
    return domain.coalesced(_states(found))


def presence_at(user_ids: Collection[str], at: datetime) -> Mapping[Owner, State]:
    """Read the states that some users are in at an instant, by user and kind."""
    found = PresenceSpan.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=at), user_id__in=user_ids, started_at__lte=at
    )
    return {(state.user_id, state.kind): state for state in _states(found)}


def away(user_ids: Collection[str], at: datetime) -> Mapping[str, Away]:
    """Return which of some users are away at an instant, and since when: one query."""
    states = presence_at(user_ids, at)
    found = {
        user_id: domain.away(
            states.get((user_id, domain.PRESENCE)), states.get((user_id, domain.ROUTING))
        )
        for user_id in user_ids
    }
    return {user_id: one for user_id, one in found.items() if one}


def _news(told: Sequence[PresenceTold]) -> list[PresenceTold]:
    """Leave out what stands there already: each event tells the other kind's old state too."""
    at = {one.since for one in told}
    found = PresenceSpan.objects.filter(
        user_id__in={one.user_id for one in told}, started_at__in=at
    ).values_list("user_id", "kind", "value", "organization_presence_id", "started_at")
    known = set(map(PresenceTold._make, found))
    return [one for one in told if one not in known]


def _states(rows: QuerySet[PresenceSpan]) -> list[State]:
    ordered = rows.order_by("user_id", "kind", "started_at", "pk")
    return [State._make(row) for row in ordered.values_list(*State._fields)]


@transaction.atomic
def _record(told: Mapping[Owner, Sequence[Known]], now: datetime) -> int:
    if not told:
        return 0
    users = {user_id for user_id, _ in told}
    _lock(users)
    before = away(users, now)
    since = min(one.started_at for states in told.values() for one in states)
    rows = _rows(users, since)
    gone: list[int] = []
    written: list[PresenceSpan] = []
    for owner, states in told.items():
        known = rows.get(owner, {})
        wanted = {one.started_at: one for one in domain.merged(map(_known, known.values()), states)}
        gone += [row.pk for at, row in known.items() if at not in wanted]
        different = (w for at, w in wanted.items() if at not in known or _known(known[at]) != w)
        written += [_row(owner, one, now) for one in different]
    PresenceSpan.objects.filter(pk__in=gone).delete()
    PresenceSpan.objects.bulk_create(
        written,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["user_id", "kind", "started_at"],
        update_fields=[*Known._fields[:2], "ended_at", "settled", "heard_at"],
    )
    if gone or written:
        after = away(users, now)
        _tell_of_changes({user for user in users if before.get(user) != after.get(user)}, now)
    return len(gone) + len(written)


def _tell_of_changes(user_ids: Collection[str], now: datetime) -> None:
    """Have the clocks computed anew of what agents have open who went away, or came back."""
    if not user_ids:
        return
    held = Session.objects.filter(
        user_id__in=user_ids, purpose="agent", ended_at=None, conversation__ended_at=None
    )
    pks = held.order_by("conversation_id").values_list("conversation_id", flat=True).distinct()
    Change.objects.bulk_create(Change(conversation_id=pk, recorded_at=now) for pk in pks)


def _lock(user_ids: Collection[str]) -> None:
    """Let two who write of one user come one after the other. SQLite has one writer anyway."""
    agents = Agent.objects.select_for_update(no_key=True).filter(genesys_id__in=user_ids)
    list(agents.order_by("pk").values_list("pk", flat=True))


def _rows(user_ids: Collection[str], since: datetime) -> dict[Owner, dict[datetime, PresenceSpan]]:
    """Read the rows that what began since may touch, by owner and start."""
    found: dict[Owner, dict[datetime, PresenceSpan]] = defaultdict(dict)
    touched = Q(ended_at__isnull=True) | Q(ended_at__gte=since)
    for row in PresenceSpan.objects.filter(touched, user_id__in=user_ids):
        found[row.user_id, row.kind][row.started_at] = row
    return found


def _known(row: PresenceSpan) -> Known:
    return Known(row.value, row.organization_presence_id, row.started_at, row.ended_at, row.settled)


def _row(owner: Owner, one: Known, now: datetime) -> PresenceSpan:
    user_id, kind = owner
    return PresenceSpan(user_id=user_id, kind=kind, heard_at=now, **one._asdict())
