"""Which agents worked on a day, to choose one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, Sum

from conversations.models import Agent, Session
from dashboards import format as write
from dashboards import names
from dashboards.aht import Sums
from handling.models import DailyHandling

MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    user_id: str
    name: str
    handled: str
    raw: str
    adjusted: str
    removed: str
    interrupted: str
    open_now: str


def rows(day: date, *, text: str = "") -> list[Row]:
    """Read who completed work on a day or has some open, and who a name search finds: 3 queries."""
    sums = _sums(day)
    open_now = _open()
    found = Agent.objects.filter(name__icontains=text) if text else Agent.objects.all()
    known = dict(found.order_by("name", "pk").values_list("genesys_id", "name")[:MOST])
    ids = set(known) if text else {*sums, *open_now, *known}
    listed = (_row(i, known, sums.get(i, Sums()), open_now.get(i, 0)) for i in ids if i)
    return sorted(listed, key=lambda row: (row.handled == "0", row.name.casefold(), row.user_id))


def _sums(day: date) -> dict[str, Sums]:
    found = (
        DailyHandling.objects.filter(date=day)
        .values_list("user_id")
        .annotate(*(Sum(name) for name in Sums._fields))
    )
    return {row[0]: Sums(*row[1:]) for row in found}


def _open() -> dict[str, int]:
    found = (
        Session.objects.filter(purpose="agent", conversation__ended_at=None, ended_at=None)
        .exclude(user_id="")
        .values_list("user_id")
        .annotate(Count("conversation", distinct=True))
    )
    return dict(found)


def _row(user_id: str, known: dict[str, str], sums: Sums, open_now: int) -> Row:
    return Row(
        user_id=user_id,
        name=names.named(user_id, known),
        handled=write.count(sums.handled),
        raw=write.handle_time(sums.raw_s),
        adjusted=write.handle_time(sums.adjusted_s),
        removed=write.total_hours(sums.interrupted_ms),
        interrupted=write.count(sums.interrupted),
        open_now=str(open_now) if open_now else write.NOTHING,
    )


def choices(listed: Iterable[Row]) -> tuple[tuple[str, str], ...]:
    """Return agents as name and id."""
    return tuple((row.name, row.user_id) for row in listed)
