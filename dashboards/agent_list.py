"""Which agents worked on a day, to choose one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum

from conversations.domain.presence import PRESENCE, ROUTING
from conversations.models import Agent, Session
from conversations.presence import presence_at
from dashboards import format as write
from dashboards import names, presence
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
    present: str


def rows(day: date, *, text: str = "", now: datetime, zone: ZoneInfo) -> list[Row]:
    """Read who completed work on a day or has some open, and who a name search finds: 4 queries."""
    sums = _sums(day)
    open_now = _open()
    found = Agent.objects.filter(name__icontains=text) if text else Agent.objects.all()
    known = dict(found.order_by("name", "pk").values_list("genesys_id", "name")[:MOST])
    ids = set(known) if text else {*sums, *open_now, *known}
    present = _present(ids, now, zone)
    listed = (_row(i, known, sums.get(i, Sums()), open_now.get(i, 0), present[i]) for i in ids if i)
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


def _present(ids: Iterable[str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    states = presence_at(list(ids), now)
    return {
        i: presence.at_present(
            states.get((i, PRESENCE)), states.get((i, ROUTING)), now=now, zone=zone
        )
        for i in ids
    }


def _row(user_id: str, known: dict[str, str], sums: Sums, open_now: int, present: str) -> Row:
    return Row(
        user_id=user_id,
        name=names.named(user_id, known),
        handled=write.count(sums.handled),
        raw=write.handle_time(sums.raw_s),
        adjusted=write.handle_time(sums.adjusted_s),
        removed=write.total_hours(sums.interrupted_ms),
        interrupted=write.count(sums.interrupted),
        open_now=str(open_now) if open_now else write.NOTHING,
        present=present,
    )


def choices(listed: Iterable[Row]) -> tuple[tuple[str, str], ...]:
    """Return agents as name and id."""
    return tuple((row.name, row.user_id) for row in listed)
