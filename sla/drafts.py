"""Drafts: a policy, opening hours or a ladder as they would be, without being saved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple

from django.core import serializers
from django.db.models import Model

from sla import timers
from sla.domain.backtest import Escalation
from sla.models import Calendar, HoursRule, Ladder, Policy, Rung
from sla.timelines import needs_rule

# Of a policy that is not saved yet; in_force has it so.
NEW = 0


class Draft(NamedTuple):
    """What is tried. The rungs are the ladder's, all of them; without a ladder there are none."""

    policy: Policy | None = None
    calendar: Calendar | None = None
    ladder: Ladder | None = None
    rungs: tuple[Rung, ...] = ()

    def __str__(self) -> str:
        rows = [("policy", self.policy), ("hours", self.calendar), ("ladder", self.ladder)]
        return ", ".join(f"{what} {row}" for what, row in rows if row)


class Ladders(NamedTuple):
    """Ladders by their primary keys, and by which way each rung goes by the rung's."""

    escalations: dict[int, Escalation]
    ways: dict[int, str]


class InForce(NamedTuple):
    """What a draft is beside: active policies, the one that is asked first in front, and rungs.

    Policies have their calendars with them, and rungs their ladders. calendars are all there are,
    by primary key.
    """

    policies: tuple[Policy, ...]
    rungs: tuple[Rung, ...]
    calendars: dict[int, Calendar]


def in_force() -> InForce:
    """Return what is in force now."""
    calendars = Calendar.objects.in_bulk()
    active = Policy.objects.filter(active=True).order_by("position", "pk")
    rungs = Rung.objects.select_related("ladder").order_by("position", "pk")
    return InForce(tuple(_keeping(calendars, active)), tuple(rungs), calendars)


def as_json(draft: Draft) -> str:
    """Write a draft down, as JSON that of_json reads."""
    return _written([*draft[:3], *draft.rungs])


def of_json(written: str) -> Draft:
    """Read a draft that was written down; its rows are not saved."""
    rows = _read(written)
    return Draft(
        policy=next((row for row in rows if isinstance(row, Policy)), None),
        calendar=next((row for row in rows if isinstance(row, Calendar)), None),
        ladder=next((row for row in rows if isinstance(row, Ladder)), None),
        rungs=tuple(row for row in rows if isinstance(row, Rung)),
    )


def in_force_as_json(found: InForce) -> str:
    """Write down what is in force, as JSON that in_force_of_json reads."""
    known = {rung.ladder_id: rung.ladder for rung in found.rungs}
    return _written([*found.policies, *found.rungs, *found.calendars.values(), *known.values()])


def in_force_of_json(written: str) -> InForce:
    """Read what was in force once."""
    rows = _read(written)
    calendars = {row.pk: row for row in rows if isinstance(row, Calendar)}
    known = {row.pk: row for row in rows if isinstance(row, Ladder)}
    policies = tuple(_keeping(calendars, (row for row in rows if isinstance(row, Policy))))
    rungs = tuple(row for row in rows if isinstance(row, Rung))
    for rung in rungs:
        rung.ladder = known[rung.ladder_id]
    return InForce(policies, rungs, calendars)


def _keeping(calendars: Mapping[int, Calendar], policies: Iterable[Policy]) -> Iterator[Policy]:
    """Yield policies with the calendars that they keep, as these are given."""
    for policy in policies:
        kept = policy.calendar_id
        if kept is not None and kept in calendars:
            policy.calendar = calendars[kept]
        yield policy


def _written(rows: Iterable[Model | None]) -> str:
    return str(serializers.serialize("json", filter(None, rows)))


def _read(written: str) -> list[Any]:
    return [read.object for read in serializers.deserialize("json", written)]


def policies_with(draft: Draft, beside: InForce) -> list[Policy]:
    """Return the policies that would be in force, those that a draft changes as it wants them."""
    kept = [copy(policy) for policy in beside.policies if not _is(policy, draft.policy)]
    tried = [copy(draft.policy)] if draft.policy and draft.policy.active else []
    found = sorted((*kept, *tried), key=lambda one: (one.position, one.pk is None, one.pk or NEW))
    return list(_keeping(calendars_with(draft, beside), found))


def calendars_with(draft: Draft, beside: InForce) -> dict[int, Calendar]:
    """Return the calendars there would be, by primary key; less one that is not saved yet."""
    mine = draft.calendar
    return beside.calendars | ({mine.pk: mine} if mine and mine.pk else {})


def touched(draft: Draft, policies: Iterable[Policy]) -> frozenset[int]:
    """Return the primary keys of the policies for which a draft changes something."""
    found = {draft.policy.pk or NEW} if draft.policy else set()
    mine = draft.calendar.pk if draft.calendar else None
    ruled = mine is not None and HoursRule.objects.filter(calendar=mine).exists()
    for policy in policies:
        hours = mine is not None and policy.calendar_id == mine
        ladder = draft.ladder is not None and policy.ladder_id == draft.ladder.pk
        if hours or ladder or (ruled and needs_rule(policy)):
            found.add(policy.pk or NEW)
    return frozenset(found)


def ladders(draft: Draft, rows: Sequence[Rung]) -> tuple[Ladders, Ladders]:
    """Return ladders as they are, given their rungs, and as they would be with a draft.

    Rungs that are not saved get primary keys below zero.
    """
    mine = draft.ladder
    if mine is None:
        now = _ladders(rows)
        return now, now
    for row in draft.rungs:
        row.ladder = mine
    others = [row for row in rows if row.ladder_id != mine.pk]
    return _ladders(rows), _ladders([*others, *sorted(draft.rungs, key=lambda r: r.position)])


def _ladders(rows: Iterable[Rung]) -> Ladders:
    found = Ladders({}, {})
    for number, row in enumerate(rows, start=1):
        pk = row.pk or -number
        known = found.escalations.get(row.ladder_id, Escalation(quiet=row.ladder.quiet_hours))
        more = known._replace(rungs=(*known.rungs, timers.rung_of(row)._replace(pk=pk)))
        found.escalations[row.ladder_id] = more
        found.ways[pk] = way_of(row)
    return found


def way_of(row: Rung) -> str:
    """Return by which way a rung tells whom: audience, destination and rota, with colons."""
    return f"{row.audience}:{row.destination_id or ''}:{row.rota_id or ''}"


def _is(one: Model, other: Model | None) -> bool:
    return other is not None and one.pk == other.pk
