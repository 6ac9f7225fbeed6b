"""The timeline of one conversation: a lane for each who took part, silence folded. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dashboards import format as write
from dashboards import timeline
from dashboards.axis import fitted
from dashboards.names import named
from dashboards.timeline import NAMES, Chart, Kind, media_name
from dashboards.work import Stretch

WIDTH: Final = 740
FOLD_ABOVE: Final = timedelta(hours=2)
PURPOSES: Final[Mapping[str, str]] = {
    "acd": "ACD",
    "ivr": "IVR",
    "workflow": "Flow",
    "botflow": "Bot",
    "agent": "Agent",
    "user": "User",
}

RANKS: Final[Mapping[str, int]] = {"customer": 0, "external": 0, "ivr": 1, "botflow": 2, "acd": 3}


class Who(NamedTuple):
    """Who a lane belongs to: participants of one purpose and one agent or queue share it."""

    purpose: str
    genesys_id: str


class Names(NamedTuple):
    """Names by Genesys id."""

    agents: Mapping[str, str]
    queues: Mapping[str, str]
    wrap_up_codes: Mapping[str, str]


def who(stretch: Stretch, queue_of: Mapping[int, str]) -> Who:
    """Return the lane of a stretch; queue_of tells the queue of an ACD participant's session."""
    segment = stretch.segment
    if segment.purpose == "acd":
        return Who("acd", queue_of.get(segment.session_pk, ""))
    return Who(segment.purpose, segment.user_id)


def name_of(someone: Who, names: Names) -> str:
    """Return what a lane is called: ACD Support EU, Agent A. Rossi, Customer."""
    purpose = purpose_name(someone.purpose)
    if not someone.genesys_id:
        return purpose
    known = names.queues if someone.purpose == "acd" else names.agents
    return f"{purpose} {named(someone.genesys_id, known)}"


def purpose_name(purpose: str) -> str:
    """Return what people call the purpose of a participant."""
    return PURPOSES.get(purpose, media_name(purpose))


def draw(
    found: Sequence[Stretch],
    *,
    queue_of: Mapping[int, str],
    names: Names,
    zone: ZoneInfo,
    now: datetime,
) -> Chart:
    """Draw stretches; a lane is doubled where one participant's sessions overlap."""
    lane_of = _lanes(found, queue_of)
    order = _ordered(found, lane_of)
    marks = [at for s in found for at in (s.started_at, s.ended_at)]
    return timeline.chart(
        [part(s, order.index(lane_of[s.segment.session_pk]), zone) for s in found],
        axis=fitted(marks, width=WIDTH, fold_above=FOLD_ABOVE),
        lanes=[name_of(someone, names) if slot == 0 else "" for someone, slot in order],
        zone=zone,
        now=now,
    )


def part(stretch: Stretch, lane: int, zone: ZoneInfo) -> timeline.Part:
    """Return a stretch as a part of the chart."""
    end = "now" if stretch.lasts else write.to_the_second(stretch.ended_at, zone)
    cause = stretch.cause
    by = f", caused by {media_name(cause.cause_media)} {cause.cause_id[:8]}" if cause else ""
    return timeline.Part(
        lane=lane,
        kind=stretch.kind,
        media_type=stretch.segment.media_type,
        started_at=stretch.started_at,
        ended_at=None if stretch.lasts else stretch.ended_at,
        label=f"{segment_name(stretch)}, {write.to_the_second(stretch.started_at, zone)} to {end}, "
        f"{took(stretch)}{by}",
        href=f"#{anchor(stretch)}",
    )


def segment_name(stretch: Stretch) -> str:
    """Return what a stretch is called: Email, Hold, After-call work, Dialing."""
    segment = stretch.segment
    if stretch.kind is Kind.OTHER or segment.segment_type in {"dialing", "contacting"}:
        return media_name(segment.segment_type)
    return media_name(segment.media_type) if stretch.kind is Kind.LIVE else NAMES[stretch.kind]


def anchor(stretch: Stretch) -> str:
    """Return the id under which a page tells of a stretch."""
    return f"segment-{stretch.segment.pk}-{int(stretch.started_at.timestamp() * 1000)}"


def took(stretch: Stretch) -> str:
    """Return how long a stretch is, as a handle time."""
    length = (stretch.ended_at - stretch.started_at) / timedelta(milliseconds=1)
    return write.handle_time(write.seconds_of(length))


def _ordered(
    found: Sequence[Stretch], lane_of: Mapping[int, tuple[Who, int]]
) -> list[tuple[Who, int]]:
    """Return the lanes by who came first; of those at once, the customer before the others."""
    came: dict[Who, tuple[datetime, int]] = {}
    for stretch in found:
        someone = lane_of[stretch.segment.session_pk][0]
        at = (stretch.started_at, RANKS.get(someone.purpose, len(RANKS)))
        came[someone] = min(came.get(someone, at), at)
    return sorted(set(lane_of.values()), key=lambda lane: (came[lane[0]], lane))


def _lanes(found: Sequence[Stretch], queue_of: Mapping[int, str]) -> dict[int, tuple[Who, int]]:
    """Give each session its lane: who, and a slot among the sessions of the same."""
    extents: dict[Who, dict[int, tuple[datetime, datetime]]] = {}
    for stretch in found:
        sessions = extents.setdefault(who(stretch, queue_of), {})
        pk = stretch.segment.session_pk
        start, end = sessions.get(pk, (stretch.started_at, stretch.ended_at))
        sessions[pk] = (min(start, stretch.started_at), max(end, stretch.ended_at))
    return {
        pk: (someone, slot)
        for someone, sessions in extents.items()
        for pk, slot in timeline.slots((pk, *extent) for pk, extent in sessions.items()).items()
    }
