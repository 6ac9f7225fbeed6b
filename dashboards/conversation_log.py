"""What happened in a conversation, as one log of several kinds. Pure, on values read before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from conversations.models import CommonEvent, Message
from dashboards import format as write
from dashboards.conversation_chart import (
    Names,
    anchor,
    name_of,
    purpose_name,
    segment_name,
    took,
    who,
)
from dashboards.conversation_rows import Extra, Stored
from dashboards.conversation_sources import Sources
from dashboards.names import named
from dashboards.timeline import Kind, media_name
from dashboards.work import Stretch
from sla.domain.words import filled
from sla.models import Clock, ForcedEnd

KINDS: Final[Mapping[str, str]] = {
    "event": "Events",
    "segment": "Segments",
    "message": "Messages",
    "clock": "SLA clock",
    "forced": "Force disconnect",
    "quality": "Quality",
}
PAGE_SIZE: Final = 300
CLOCK_NAMES: Final[Mapping[str, str]] = {
    "first_response": "First response",
    "next_response": "Next response",
    "resolution": "Resolution",
    "forgotten": "Forgotten work",
}
EVENT_NAMES: Final[Mapping[str, str]] = {
    "agent.transferred": "Agent transfers",
    "agent.disconnected": "Agent disconnects",
    "sla.warned": "SLA warned",
    "sla.breached": "SLA breached",
    "sla.escalated": "SLA escalated",
    "sla.withdrawn": "SLA notice withdrawn",
    "conversation.forced": "Force disconnect",
}
EVENTS_OF_TIMERS: Final = frozenset({"sla.warned", "sla.breached", "sla.escalated"})
# What is told within a minute is told in time, as far as a reader cares.
LATE: Final = timedelta(minutes=1)
WROTE: Final[Mapping[str, str]] = {
    Message.Sender.CUSTOMER: "Customer wrote",
    Message.Sender.AUTOMATIC: "Automatic message",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log. link is the Genesys id of another conversation, or empty.

    source names what a clock's step came of, and href is where the log tells of that.
    """

    anchor: str
    kind: str
    at: datetime
    time: str = ""
    day: str = ""
    title: str
    detail: str = ""
    link: str = ""
    link_text: str = ""
    source: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How the log is written: whose names, and for a reader when and where."""

    queue_of: Mapping[int, str]
    names: Names
    now: datetime
    zone: ZoneInfo

    def said(self, reason: str) -> str:
        """Write a clock's reason with the reader's times, and names."""
        return filled(
            reason,
            at=lambda at: write.wall(at, now=self.now, zone=self.zone),
            user=lambda user_id: named(user_id, self.names.agents),
        )


def entries(stored: Stored, found: Sequence[Stretch], setting: Setting) -> list[Entry]:
    """Return the whole log, the earliest first."""
    queue_of, names = setting.queue_of, setting.names
    log = [
        *(_event(event, setting) for event in stored.events),
        *(_segment(s, stored.extras[s.segment.pk], queue_of, names) for s in found),
        *(_message(message, names) for message in stored.messages),
        *(step for clock in stored.clocks for step in _steps(clock, setting)),
        *(_forced(row, names) for row in stored.forced),
        *_quality(stored, names),
    ]
    order = list(KINDS)
    return sorted(log, key=lambda entry: (entry.at, order.index(entry.kind), entry.anchor))


def shown(log: Iterable[Entry], *, zone: ZoneInfo, sources: Sources) -> Iterator[Entry]:
    """Write the times of entries, the day where it is a new one, and where their sources are."""
    before = None
    for entry in log:
        local = entry.at.astimezone(zone).date()
        day = write.day(local) if local != before else ""
        before = local
        link = sources.link(entry.source, entry.at)
        yield replace(
            entry,
            time=write.to_the_second(entry.at, zone),
            day=day,
            href=link.href if link else "",
            link_text=link.text if link else entry.link_text,
        )


def _event(event: CommonEvent, setting: Setting) -> Entry:
    words = event.name.replace(".", " ").replace("_", " ")
    return Entry(
        anchor=f"event-{event.pk}",
        kind="event",
        at=event.at,
        title=EVENT_NAMES.get(event.name) or words[:1].upper() + words[1:],
        detail=", ".join([*_about(event.payload, setting.names), *_told_late(event, setting)]),
    )


def _told_late(event: CommonEvent, setting: Setting) -> Iterator[str]:
    """Say when people were told, where that was later than what was told fell due."""
    if event.name in EVENTS_OF_TIMERS and event.recorded_at - event.at >= LATE:
        told = write.wall_to_the_second(event.recorded_at, now=setting.now, zone=setting.zone)
        yield f"due then, told {told}"


def _about(payload: Mapping[str, Any], names: Names) -> Iterator[str]:
    """Tell what an event is about: names instead of ids."""
    told = {key: value for key, value in payload.items() if isinstance(value, str) and value}
    if told.get("userId"):
        yield named(told["userId"], names.agents)
    elif told.get("purpose"):
        yield purpose_name(told["purpose"])
    if told.get("mediaType"):
        yield media_name(told["mediaType"])
    if told.get("queueId"):
        yield named(told["queueId"], names.queues)
    if told.get("clock"):
        yield f"{CLOCK_NAMES.get(told['clock'], told['clock'])}, policy “{told.get('policy', '')}”"
    if told.get("disconnectType"):
        yield f"disconnected by {told['disconnectType']}"


def _segment(stretch: Stretch, extra: Extra, queue_of: Mapping[int, str], names: Names) -> Entry:
    cause = stretch.cause
    said = [took(stretch) + (" so far" if stretch.lasts else "")]
    if extra.disconnect_type:
        said.append(f"disconnected by {extra.disconnect_type}")
    if extra.wrap_up_code:
        said.append(f"wrap-up “{named(extra.wrap_up_code, names.wrap_up_codes)}”")
    if stretch.kind is Kind.INTERRUPTED:
        said.append("not in adjusted handle time; caused by")
    return Entry(
        anchor=anchor(stretch),
        kind="segment",
        at=stretch.started_at,
        title=f"{name_of(who(stretch, queue_of), names)}: {segment_name(stretch)}",
        detail=", ".join(said),
        link=cause.cause_id if cause else "",
        link_text=f"{media_name(cause.cause_media)} {cause.cause_id[:8]}" if cause else "",
    )


def _message(message: Message, names: Names) -> Entry:
    title = WROTE.get(message.sender) or f"{named(message.user_id, names.agents)} wrote"
    return Entry(anchor=f"message-{message.pk}", kind="message", at=message.sent_at, title=title)


def _steps(clock: Clock, setting: Setting) -> Iterator[Entry]:
    target = used(timedelta(seconds=clock.target_s))
    for number, step in enumerate(clock.steps_by(setting.now)):
        spent = f"{used(step.elapsed)} used of {target}"
        yield Entry(
            anchor=f"step-{clock.pk}-{number}",
            kind="clock",
            at=step.at,
            title=f"{CLOCK_NAMES[clock.kind]} clock {step.action}",
            detail=f"{setting.said(step.reason)}; {spent}",
            source=step.source,
        )


def _forced(row: ForcedEnd, names: Names) -> Entry:
    told = [named(row.user_id, names.agents), f"policy “{row.policy}”", row.reason]
    return Entry(
        anchor=f"forced-{row.pk}",
        kind="forced",
        at=row.settled_at or row.acted_at or row.planned_at,
        title=f"Force disconnect: {row.get_state_display()}",
        detail=", ".join(part for part in told if part),
    )


def used(elapsed: timedelta) -> str:
    """Write business time as 2:12 h."""
    return f"{write.hours_minutes(elapsed)} h"


def _quality(stored: Stored, names: Names) -> Iterator[Entry]:
    for survey in stored.surveys:
        if survey.event_time:
            yield Entry(
                anchor=f"survey-{survey.pk}",
                kind="quality",
                at=survey.event_time.astimezone(UTC),
                title=f"Survey {survey.status.lower()}".strip(),
                detail=survey.form_name,
            )
    for evaluation in stored.evaluations:
        if evaluation.event_time:
            yield Entry(
                anchor=f"evaluation-{evaluation.pk}",
                kind="quality",
                at=evaluation.event_time.astimezone(UTC),
                title=f"Evaluation {evaluation.status.lower()}".strip(),
                detail=f"{named(evaluation.user_id, names.agents)}, {evaluation.form_name}",
            )
