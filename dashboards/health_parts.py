"""What the tables of the health page are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.urls import NoReverseMatch, reverse

from dashboards import format as write
from integrations.health import State

CSS: Final[Mapping[State, str]] = {
    State.OK: "on-track",
    State.NEVER: "paused",
    State.LATE: "due-soon",
    State.FAILING: "breached",
}
WORDS: Final[Mapping[State, str]] = {
    State.OK: "OK",
    State.NEVER: "Not run yet",
    State.LATE: "Behind",
    State.FAILING: "Failing",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant with its age; an absent one is a dash. The repr leaves out what only ages."""

    at: datetime | None
    text: str
    age: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: its state named, its cells written; what to do, where something is."""

    name: str
    purpose: str = ""
    css: str
    word: str
    moments: tuple[Moment, ...] = ()
    counts: tuple[str, ...] = ()
    detail: str = ""
    advice: str = ""
    link: str = ""
    link_text: str = ""
    name_link: str = ""
    waiting_link: str = ""
    detail_link: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, and when: links into the admin are for the staff."""

    now: datetime
    zone: ZoneInfo
    staff: bool

    def moment(self, at: datetime | None) -> Moment:
        if at is None:
            return Moment(None, write.NOTHING)
        return Moment(
            at, write.wall_to_the_second(at, now=self.now, zone=self.zone), write.ago(self.now - at)
        )


def link_to(view: str, query: str = "", *args: object) -> str:
    """Return where a page of the admin is; "" where there is none."""
    try:
        return f"{reverse(view, args=args)}?{query}".rstrip("?")
    except NoReverseMatch:
        return ""
