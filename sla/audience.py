"""Whom a rung tells, found when it is told: people by id, and nobody's address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import Prefetch, QuerySet

from conversations.models import Agent, Queue
from sla import ways
from sla.domain.local import Daily
from sla.models import Rota, Rung, Shift, StandIn, Supervision
from sla.ways import Way


class Audience(NamedTuple):
    """Who is told, and by which destination; empty: whoever reads it.

    wrong says what is wrong with whom the rung names: then the administrators are told.
    """

    destination_id: int | None = None
    users: tuple[int, ...] = ()
    agent_id: str = ""
    wrong: str = ""

    @property
    def recipients(self) -> list[str]:
        """Those who are told as texts: user:7, agent:<Genesys user id>."""
        agent = [f"agent:{self.agent_id}"] if self.agent_id else []
        return [*(f"user:{pk}" for pk in self.users), *agent]


@dataclass(frozen=True)
class People:
    """All who may be told, read once for many notices. now is the instant of the telling."""

    now: datetime

    def of(self, rung: Rung, *, queue_id: str, user_id: str) -> Audience:
        """Return whom a rung tells of a conversation of this queue, which this agent has."""
        wrong, users, agent_id = self._named(rung, queue_id, user_id)
        if trouble := self._trouble(rung.destination_id):
            wrong = "; ".join(filter(None, (wrong, trouble)))
        if wrong:
            users = tuple(sorted({*users, *self._administrators}))
        return Audience(rung.destination_id, users, agent_id, wrong)

    def _named(self, rung: Rung, queue_id: str, user_id: str) -> tuple[str, tuple[int, ...], str]:
        """Return what is wrong with the audience, or "", the users, and the agent's Genesys id."""
        match rung.audience:
            case Rung.Audience.SUPERVISORS:
                users = self._supervisors(queue_id)
                return ("" if users else "nobody supervises its queue", users, "")
            case Rung.Audience.AGENT:
                reached = user_id in self._reachable
                wrong = "" if reached else "no agent with an address has it"
                return (wrong, (), user_id if reached else "")
            case Rung.Audience.ROTA:
                return (*self._on_call(rung.rota_id), "")
            case Rung.Audience.ADMINISTRATORS:
                wrong = "" if self._administrators else "there is no administrator"
                return (wrong, self._administrators, "")
        return ("", (), "")

    def _trouble(self, destination_id: int | None) -> str:
        if destination_id is None:
            return ""
        way = self._ways.get(destination_id)
        if way is None:
            return f"destination {destination_id} is {ways.GONE}"
        return f"{way.name}: {way.trouble}" if way.trouble else ""

    def _supervisors(self, queue_id: str) -> tuple[int, ...]:
        division_id = self._divisions.get(queue_id, "")
        found = set()
        for row in self._supervisions:
            everywhere = not row.queue_ids and not row.division_ids
            if everywhere or queue_id in row.queue_ids or division_id in row.division_ids:
                found |= {person.pk for person in row.people.all()}
        return tuple(sorted(found))

    def _on_call(self, rota_id: int | None) -> tuple[str, tuple[int, ...]]:
        """Return what is wrong with a rota, or "", and who of it is on call."""
        rota = self._rotas.get(rota_id) if rota_id else None
        users = on_call(rota, self.now) if rota else ()
        if rota and rota.trouble:
            return (f"the time zone of {rota} is none", users)
        return ("" if users else "nobody is on call", users)

    @cached_property
    def _reachable(self) -> set[str]:
        rows = Agent.objects.exclude(email="")
        return set(rows.values_list("genesys_id", flat=True))

    @cached_property
    def _administrators(self) -> tuple[int, ...]:
        rows = get_user_model().objects.filter(is_superuser=True, is_active=True)
        return tuple(rows.order_by("pk").values_list("pk", flat=True))

    @cached_property
    def _supervisions(self) -> list[Supervision]:
        return list(Supervision.objects.prefetch_related(Prefetch("people", active())))

    @cached_property
    def _divisions(self) -> Mapping[str, str]:
        return dict(Queue.objects.values_list("genesys_id", "division_id"))

    @cached_property
    def _rotas(self) -> Mapping[int, Rota]:
        return {rota.pk: rota for rota in rotas(self.now)}

    @cached_property
    def _ways(self) -> Mapping[int, Way]:
        return ways.every()


def active() -> QuerySet[Any]:
    """Return the users who can still log in: nobody else is told anything."""
    return get_user_model().objects.filter(is_active=True).order_by("pk")


def rotas(now: datetime) -> Iterable[Rota]:
    """Return rotas with their shifts, and with who stands in at an instant."""
    standing_in = StandIn.objects.filter(starts_at__lte=now, ends_at__gt=now)
    return Rota.objects.prefetch_related(
        Prefetch("shifts__people", active()),
        Prefetch("stand_ins", standing_in.prefetch_related(Prefetch("people", active()))),
    )


def on_call(rota: Rota, now: datetime) -> tuple[int, ...]:
    """Return who of a rota, as rotas() reads it, is on call: those who stand in come first.

    Where several shifts overlap all their people are. Where its time zone is none no shift counts.
    """
    instead = _people(rota.stand_ins.all())
    if instead:
        return instead
    shifts = () if rota.trouble else rota.shifts.all()
    return _people(
        shift
        for shift in shifts
        if Daily(shift.starts, shift.ends, rota.timezone, shift.weekdays).around(now)
    )


def _people(rows: Iterable[Shift | StandIn]) -> tuple[int, ...]:
    return tuple(sorted({person.pk for row in rows for person in row.people.all()}))
