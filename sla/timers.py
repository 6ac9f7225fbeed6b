"""Timers as rows: planned anew with the clocks that they belong to, in the same transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import F, Q

from conversations import bulk
from conversations.bulk import Among
from sla import withdrawing
from sla.domain.fold import Standing
from sla.domain.plan import Planned, Rung, plan
from sla.domain.terms import Kind
from sla.domain.timers import LIVE, Phase, Timer, settled, wait_of
from sla.models import Rung as RungRow
from sla.models import Timer as Row
from sla.models import TimeUnit

_WRITTEN: Final = ("due_at", "state", "of_rung_id", "reason", "asked_at", "verified", "fired_at")
_NOTHING: Final = (None, None, None)  # not asked, not verified, not fired
LONGEST_REASON: Final = 300


class Key(NamedTuple):
    """What tells a timer from all others: its wait, and which of the wait's rungs it is."""

    conversation_id: int
    kind: str
    round_at: datetime
    rung: str


class Known(NamedTuple):
    """A timer's row; as a model it would take longer to read than its clock to fold."""

    pk: int
    conversation_id: int
    kind: str
    round_at: datetime
    rung: str
    of_rung_id: int | None
    due_at: datetime
    state: str
    asked_at: datetime | None
    verified: bool | None
    fired_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Measured:
    """How a conversation's clocks stand, and the policy that they are measured by."""

    policy_id: int
    standing: Standing


def replan(
    measured: Mapping[int, Measured], *, conversation_ids: Collection[int], now: datetime
) -> None:
    """Make timers follow clocks, by primary key of the conversations, which the caller holds.

    Those that are in conversation_ids and not in measured have no clocks. What has been told and
    turns out not to have been so is taken back. A fixed number of statements.
    """
    planned = dict(_planned(measured))
    known = {_key(row): row for row in _known(planned, conversation_ids)}
    new, changed, back = list[tuple[object, ...]](), list[tuple[object, ...]](), []
    for key in dict.fromkeys((*planned, *known)):  # in order: at one instant the breach comes first
        row, wanted = known.get(key), planned.get(key)
        if row and wanted and _stands(row, wanted):
            continue
        before = _timer(row) if row else None
        after = _settled(key, before, wanted, measured.get(key.conversation_id), now)
        if before == after:
            continue
        if row and before and before.phase is Phase.FIRED:
            why = after.reason or "it is not due yet"
            back.append(withdrawing.TakenBack(Row(**row._asdict()), why))
        if row:
            changed.append((*_written(after, row), row.pk))
        else:
            new.append((*key, *_written(after)))
    bulk.insert(Row, (*Key._fields, *_WRITTEN), new)
    bulk.update(Row, _WRITTEN, changed)
    withdrawing.take_back(back, now=now)


def _planned(measured: Mapping[int, Measured]) -> Iterable[tuple[Key, Planned]]:
    rungs = _rungs({one.policy_id for one in measured.values() if one.standing.clocks})
    for pk, one in measured.items():
        for clock in one.standing.clocks:
            for step in plan(clock, rungs.get(one.policy_id, ())):
                yield Key(pk, clock.kind, clock.started_at, step.rung), step


def _known(planned: Iterable[Key], conversation_ids: Collection[int]) -> Iterable[Known]:
    """Return the timers that may change: those of waits of old that told nothing stay as they are.

    A wait that goes on has all of its timers looked at.
    """
    open_or_told = Q(state__in=[*LIVE, Phase.FIRED])
    goes_on = Among("round_at", {key.round_at for key in planned})
    rows = Row.objects.filter(open_or_told | Q(goes_on), Among("conversation_id", conversation_ids))
    return map(Known._make, rows.values_list(*Known._fields))


def _stands(row: Known, planned: Planned) -> bool:
    """Tell whether a timer waits just as it is planned: that of most does."""
    return (
        row.due_at == planned.due_at
        and row.state == Phase.WAITING
        and row.of_rung_id == planned.of_rung
        and row.reason == planned.reason
    )


def _settled(
    key: Key, timer: Timer | None, planned: Planned | None, of: Measured | None, now: datetime
) -> Timer:
    standing = of.standing if of else Standing(None)
    wait = wait_of(standing, Kind(key.kind), key.round_at)
    if of is None:  # it has lost its policy: what was told was right by the one it had
        wait = wait._replace(known=True, reason="no policy covers the conversation any more")
    return settled(timer, planned, wait, now)


def _rungs(policy_ids: Collection[int]) -> dict[int, list[Rung]]:
    """Return the rungs of policies' ladders, by the policies' primary keys."""
    found: dict[int, list[Rung]] = defaultdict(list)
    if policy_ids:
        rows = RungRow.objects.filter(ladder__policies__in=policy_ids)
        for row in rows.annotate(policy_id=F("ladder__policies")).order_by("position", "pk"):
            found[row.policy_id].append(rung_of(row))
    return found


def rung_of(row: RungRow) -> Rung:
    """Return a rung as a value."""
    return Rung(
        pk=row.pk,
        offset=timedelta(seconds=row.offset_s),
        wall=row.offset_unit == TimeUnit.WALL,
        kinds=frozenset(row.kinds),
        every=timedelta(seconds=row.repeat_every_s) if row.repeat_every_s else None,
        times=row.repeat_times,
        while_open=row.during_opening_hours,
    )


def _key(row: Known) -> Key:
    return Key(row.conversation_id, row.kind, row.round_at, row.rung)


def _timer(row: Known) -> Timer:
    return Timer(Phase(row.state), row.due_at, row.of_rung_id, row.reason)


def _written(timer: Timer, before: Known | None = None) -> tuple[object, ...]:
    """Return what _WRITTEN hold; a timer that waits anew has not been asked or fired."""
    keeps = before and timer.phase is not Phase.WAITING
    done = (before.asked_at, before.verified, before.fired_at) if before and keeps else _NOTHING
    reason = timer.reason[:LONGEST_REASON]
    return (timer.due_at, str(timer.phase), timer.of_rung, reason, *done)
