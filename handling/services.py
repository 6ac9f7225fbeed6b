"""Writes of handle time: rows follow from the mirror and the utilization, and from nothing else."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q, QuerySet

from chrono.instants import from_ms, to_ms
from conversations.models import Change, Session
from handling import mirror, rollup
from handling.domain.days import local_date
from handling.domain.results import Handling
from handling.domain.sweep import sweep
from handling.models import AgentHandling, AgentLock, Interruption, Utilization

logger = logging.getLogger(__name__)

BATCH = 500
# What a row says; computed_at is when it was said.
_FIGURES = tuple(
    column.attname
    for column in AgentHandling._meta.concrete_fields
    if column.attname not in {"id", "user_id", "conversation_id", "computed_at"}
)


class Recomputed(NamedTuple):
    """How many rows a recomputation wrote."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    interruptions: int = 0
    days: int = 0

    @property
    def writes(self) -> int:
        return sum(self)


class _Wanted(NamedTuple):
    """A row as it should be, and its interruptions by start."""

    row: AgentHandling
    interruptions: dict[datetime, Interruption]


@transaction.atomic
def recompute(
    *, user_id: str, start: datetime | None, end: datetime | None, now: datetime, zone: str = ""
) -> Recomputed:
    """Compute one agent's handle time anew where a window touches it.

    Every conversation of the agent that touches start to end is computed over its whole length,
    beside all that the agent had at the time; only rows that differ are written. start None: from
    the first; end None: up to now. now cuts what is open. zone is that of the days, by default
    TIME_ZONE. A second call with the same mirror and now writes nothing.
    """
    _lock(user_id)
    touched = _touched(user_id, start, end or now)
    affected = mirror.touching(user_id, start, end or now, touched)
    stored = {row.conversation_id: row for row in _stored(touched, affected, user_id)}
    around = mirror.surroundings(affected, user_id, now)
    wanted = _wanted(around, user_id, now, ZoneInfo(zone or settings.TIME_ZONE))
    days = {row.completed_on for row in stored.values()}
    done = _write(stored, wanted)
    if not done.writes:
        return done
    days |= {want.row.completed_on for want in wanted.values()}
    return done._replace(days=rollup.roll(user_id, days))


@transaction.atomic
def rebuild(*, user_id: str, now: datetime, zone: str = "") -> Recomputed:
    """Compute all of one agent's rows and days anew; on right data nothing is written."""
    done = recompute(user_id=user_id, start=None, end=None, now=now, zone=zone)
    return done._replace(days=done.days + rollup.roll(user_id, rollup.days_of(user_id)))


def refresh_open(*, now: datetime, zone: str = "") -> int:
    """Compute anew what was open when it was last computed; return how many rows were written."""
    open_rows = AgentHandling.objects.filter(ended_at__isnull=True)
    since = open_rows.values_list("user_id").annotate(Min("computed_at")).order_by("user_id")
    return sum(
        recompute(user_id=user_id, start=start, end=None, now=now, zone=zone).writes
        for user_id, start in since
    )


@transaction.atomic
def set_utilization(*, organization: dict[str, Any], now: datetime) -> bool:
    """Keep the organisation's routing utilization; return whether it differs from what was kept.

    Where it differs every row may, so each agent is ordered to be computed anew.
    """
    kept = Utilization.objects.select_for_update().first()
    if kept is not None and kept.organization == organization:
        return False
    Utilization.objects.update_or_create(
        pk=kept.pk if kept else 1, defaults={"organization": organization}
    )
    order_recomputing(user_ids=None, now=now)
    logger.info("handling.utilization_changed", extra={"media": sorted(organization)})
    return True


def order_recomputing(*, user_ids: Collection[str] | None, now: datetime) -> int:
    """Have all of some agents' rows (None: everybody's) computed anew; return how many agents.

    Recorded as one change an agent, so that workers do it piece by piece and a crash loses none.
    """
    rows = AgentHandling.objects.all()
    if user_ids is not None:
        rows = rows.filter(user_id__in=user_ids)
    agents = rows.values_list("user_id").annotate(Min("started_at"), Min("conversation_id"))
    changes = [
        Change(
            conversation_id=conversation_id, user_ids=[user_id], window_start=start, recorded_at=now
        )
        for user_id, start, conversation_id in agents.order_by("user_id")
    ]
    Change.objects.bulk_create(changes)
    return len(changes)


def _lock(user_id: str) -> None:
    """Let recomputations of one agent come one after the other. SQLite has one writer anyway."""
    AgentLock.objects.select_for_update().get_or_create(user_id=user_id)


def _wanted(
    around: mirror.Surroundings, user_id: str, now: datetime, zone: ZoneInfo
) -> dict[int, _Wanted]:
    found = {}
    for handling in sweep(around.sessions, as_of=to_ms(now), rules=mirror.rules(user_id)):
        extent = around.extents.get(handling.conversation_id)
        if extent is not None:
            row = _row(handling, extent, now, zone)
            found[extent.conversation_id] = _Wanted(row, _interruptions(row, handling, around.ids))
    return found


def _row(handling: Handling, extent: mirror.Extent, now: datetime, zone: ZoneInfo) -> AgentHandling:
    ended_at = None if handling.provisional else extent.ended_at
    return AgentHandling(
        conversation_id=extent.conversation_id,
        user_id=handling.agent_id,
        media_type=handling.media_type,
        queue_id=extent.queue_id,
        started_at=extent.started_at,
        ended_at=ended_at,
        completed_on=local_date(ended_at, zone) if ended_at else None,
        gross_ms=handling.gross,
        adjusted_ms=handling.adjusted,
        interrupted_ms=handling.interrupted,
        live_ms=handling.live,
        acw_ms=handling.acw,
        other_hold_ms=handling.other_hold,
        switched_ms=handling.switched,
        shared_ms=handling.shared,
        parked_ms=handling.parked,
        resumption_lag_ms=handling.resume_lag,
        flags=handling.dropped,
        genesys_handle_ms=extent.genesys_handle_ms,
        computed_at=now,
    )


def _interruptions(
    row: AgentHandling, handling: Handling, ids: dict[str, int]
) -> dict[datetime, Interruption]:
    return {
        from_ms(leg.start): Interruption(
            handling=row,
            interrupter_id=ids[leg.interrupter_id],
            started_at=from_ms(leg.start),
            ended_at=from_ms(leg.end),
            provisional=leg.provisional,
        )
        for leg in handling.legs
    }


def _touched(user_id: str, start: datetime | None, end: datetime) -> QuerySet[AgentHandling]:
    rows = AgentHandling.objects.filter(user_id=user_id, started_at__lte=end)
    if start is None:
        return rows
    return rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=start))


def _stored(
    touched: QuerySet[AgentHandling], affected: QuerySet[Session], user_id: str
) -> QuerySet[AgentHandling]:
    """Return the rows of all that is computed anew, and of what the mirror no longer has."""
    known = AgentHandling.objects.filter(
        user_id=user_id, conversation_id__in=affected.values("conversation_id")
    )
    return touched | known


def _write(stored: dict[int, AgentHandling], wanted: dict[int, _Wanted]) -> Recomputed:
    created = [want.row for pk, want in wanted.items() if pk not in stored]
    updated = [
        _take_over(want.row, stored[pk])
        for pk, want in wanted.items()
        if pk in stored and _differ(want.row, stored[pk])
    ]
    gone = [row.pk for pk, row in stored.items() if pk not in wanted]
    AgentHandling.objects.bulk_create(created, batch_size=BATCH)
    AgentHandling.objects.bulk_update(updated, [*_FIGURES, "computed_at"], batch_size=BATCH)
    _delete(AgentHandling, gone)
    kept = {stored[pk].pk: want for pk, want in wanted.items() if pk in stored}
    new = [leg for row in created for leg in wanted[row.conversation_id].interruptions.values()]
    changed = _write_interruptions(kept, new)
    return Recomputed(len(created), len(updated), len(gone), changed)


def _differ(want: AgentHandling, stored: AgentHandling) -> bool:
    """Tell whether a row must be written. Only an open one minds when it was computed."""
    if want.ended_at is None and want.computed_at != stored.computed_at:
        return True
    return any(getattr(want, name) != getattr(stored, name) for name in _FIGURES)


def _take_over(want: AgentHandling, stored: AgentHandling) -> AgentHandling:
    want.pk = stored.pk
    return want


def _write_interruptions(kept: dict[int, _Wanted], new: list[Interruption]) -> int:
    """Write the interruptions of rows that were there before, and all of rows that were not."""
    stored: dict[tuple[int, datetime], Interruption] = {}
    pks = list(kept)
    for at in range(0, len(pks), BATCH):
        for leg in Interruption.objects.filter(handling_id__in=pks[at : at + BATCH]):
            stored[leg.handling_id, leg.started_at] = leg
    changed: list[Interruption] = []
    for pk, want in kept.items():
        for started_at, leg in want.interruptions.items():
            leg.handling_id = pk
            old = stored.pop((pk, started_at), None)
            if old is None:
                new.append(leg)
            elif _says(leg) != _says(old):
                leg.pk = old.pk
                changed.append(leg)
    _delete(Interruption, [leg.pk for leg in stored.values()])
    Interruption.objects.bulk_update(
        changed, ["interrupter", "ended_at", "provisional"], batch_size=BATCH
    )
    Interruption.objects.bulk_create(new, batch_size=BATCH)
    return len(stored) + len(changed) + len(new)


def _says(leg: Interruption) -> tuple[int, datetime, bool]:
    return leg.interrupter_id, leg.ended_at, leg.provisional


def _delete(model: type[AgentHandling] | type[Interruption], pks: list[int]) -> None:
    for at in range(0, len(pks), BATCH):
        model.objects.filter(pk__in=pks[at : at + BATCH]).delete()
