"""One conversation as a page: state, timeline, what happened, and why each number stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from conversations.domain.disconnects import TRANSFERS
from dashboards import conversation_chart, names, timeline
from dashboards import format as write
from dashboards.conversation_cards import HandleCard, SlaCard, handle_cards, sla_cards
from dashboards.conversation_chart import PURPOSES, Names
from dashboards.conversation_log import KINDS, PAGE_SIZE, Entry, entries, shown
from dashboards.conversation_log import Setting as Writing
from dashboards.conversation_rows import Stored, agent_ids, queue_ids
from dashboards.conversation_sources import Sources, anchors
from dashboards.names import named
from dashboards.opening import OpeningHours
from dashboards.timeline import Chart, media_name
from dashboards.work import Stretch, stretches
from sla.selectors import HoursKey

AGENT_PURPOSES: Final = frozenset({"agent", "user"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One participant as shown; personal is empty for who may not see it."""

    purpose: str
    name: str
    personal: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    genesys_id: str
    short_id: str
    state: str
    word: str
    status: str
    chart: Chart | None
    cut: bool
    log: tuple[Entry, ...]
    log_size: int
    log_pages: int
    kinds: tuple[tuple[str, str, int], ...]  # kind, name, how many
    slas: tuple[SlaCard, ...]
    handles: tuple[HandleCard, ...]
    quality: tuple[tuple[str, str], ...]
    people: tuple[Person, ...]
    metrics: tuple[tuple[str, str, str, str, str], ...]
    observed: str

    @property
    def log_numbers(self) -> range:
        return range(1, self.log_pages + 1)

    @property
    def mark(self) -> str:
        return timeline.mark_of(
            self.word,
            self.status,
            self.log,
            self.slas,
            self.handles,
            self.quality,
            self.chart.now_text if self.chart else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a reader looks at a conversation."""

    now: datetime
    zone: ZoneInfo
    personal: bool
    kind: str = ""
    number: int = 1


def page(stored: Stored, hours: Mapping[HoursKey, OpeningHours], reading: Reading) -> Page:
    """Put what is stored on a page: three queries, for names."""
    known = Names(
        names.of_agents(agent_ids(stored)),
        names.of_queues(queue_ids(stored)),
        names.of_wrap_up_codes(extra.wrap_up_code for extra in stored.extras.values()),
    )
    found = stretches(stored.segments, stored.suffered, now=reading.now)
    queue_of = {s.session_pk: stored.extras[s.pk].queue_id for s in reversed(stored.segments)}
    writing = Writing(queue_of=queue_of, names=known, now=reading.now, zone=reading.zone)
    whole = entries(stored, found, writing)
    kept = [entry for entry in whole if reading.kind in {"", entry.kind}]
    pages = max(-(-len(kept) // PAGE_SIZE), 1)
    number = min(reading.number, pages)
    first = (number - 1) * PAGE_SIZE
    sources = Sources(
        anchors(stored, found),
        {entry.anchor: at // PAGE_SIZE + 1 for at, entry in enumerate(whole)},
        0 if reading.kind else number,
    )
    conversation = stored.conversation
    return Page(
        genesys_id=conversation.genesys_id,
        short_id=write.short_id(conversation.genesys_id),
        state="on-track" if conversation.ended_at else "open",
        word="Ended" if conversation.ended_at else "Open",
        status=" · ".join(_status(stored, known, reading)),
        chart=_chart(found, queue_of, known, reading),
        cut=stored.cut,
        log=tuple(shown(kept[first : first + PAGE_SIZE], zone=reading.zone, sources=sources)),
        log_size=len(kept),
        log_pages=pages,
        kinds=_kinds(whole),
        slas=tuple(sla_cards(stored, hours, writing, sources)),
        handles=tuple(handle_cards(stored, known, zone=reading.zone)),
        quality=tuple(_quality(stored, known)),
        people=tuple(_people(stored, known, personal=reading.personal)),
        metrics=tuple(_metrics(stored, known, reading.zone)),
        observed=write.dated(conversation.observed_at, reading.zone),
    )


def _chart(
    found: list[Stretch], queue_of: Mapping[int, str], known: Names, reading: Reading
) -> Chart | None:
    if not found:
        return None
    return conversation_chart.draw(
        found, queue_of=queue_of, names=known, zone=reading.zone, now=reading.now
    )


def _status(stored: Stored, known: Names, reading: Reading) -> Iterator[str]:
    """Tell medium, queue, agents, transfers, from when to when, and how long."""
    conversation = stored.conversation
    yield media_name(conversation.media_type) or "Unknown medium"
    if conversation.originating_direction:
        yield conversation.originating_direction
    if conversation.queue_id:
        yield named(conversation.queue_id, known.queues)
    agents = {p.user_id for p in stored.participants if p.purpose in AGENT_PURPOSES}
    yield write.plural(len(agents), "agent")
    transfers = sum(
        1
        for segment in stored.segments
        if segment.purpose in AGENT_PURPOSES
        and segment.segment_type != "wrapup"
        and stored.extras[segment.pk].disconnect_type in TRANSFERS
    )
    if transfers:
        yield write.plural(transfers, "transfer")
    end = conversation.ended_at
    length = write.span((end or reading.now) - conversation.started_at)
    started = write.dated(conversation.started_at, reading.zone)
    if end is None:
        yield f"since {started} ({length})"
        return
    ended = write.dated(end, reading.zone)
    if ended[:-5] == started[:-5]:  # the same day
        ended = ended[-5:]
    yield f"{started}\N{EN DASH}{ended} ({length})"


def _kinds(log: list[Entry]) -> tuple[tuple[str, str, int], ...]:
    counted = ((kind, name, sum(e.kind == kind for e in log)) for kind, name in KINDS.items())
    return tuple(found for found in counted if found[2])


def _quality(stored: Stored, known: Names) -> Iterator[tuple[str, str]]:
    """Tell surveys and evaluations with their scores."""
    for survey in stored.surveys:
        scores = _scores(("score", survey.total_score), ("promoter score", survey.promoter_score))
        yield f"Survey {survey.form_name}".strip(), f"{survey.status or 'unknown'}{scores}"
    for evaluation in stored.evaluations:
        scores = _scores(
            ("score", evaluation.total_score), ("critical", evaluation.total_critical_score)
        )
        agent = named(evaluation.user_id, known.agents)
        yield (
            f"Evaluation {evaluation.form_name}".strip(),
            f"{evaluation.status or 'unknown'} of {agent}{scores}",
        )


def _scores(*scores: tuple[str, int | None]) -> str:
    return "".join(f", {name} {score}" for name, score in scores if score is not None)


def _people(stored: Stored, known: Names, *, personal: bool) -> Iterator[Person]:
    sessions: dict[int, list[Any]] = {}
    for session in stored.sessions:
        sessions.setdefault(session.participant_id, []).append(session)
    for participant in stored.participants:
        name = named(participant.user_id, known.agents) if participant.user_id else ""
        details = _personal(stored, participant, sessions) if personal else ()
        yield Person(
            purpose=PURPOSES.get(participant.purpose) or media_name(participant.purpose),
            name=name,
            personal=tuple(details),
        )


def _personal(
    stored: Stored, participant: Any, sessions: Mapping[int, list[Any]]
) -> Iterator[tuple[str, str]]:
    """Yield what may identify a customer: shown by permission only."""
    of_segments = [e for e in stored.extras.values() if e.participant_id == participant.pk]
    outside = participant.purpose in {"customer", "external"}  # the others repeat its addresses
    own = sessions.get(participant.pk, []) if outside else []
    told = [
        ("Name", [participant.name]),
        ("External contact", [participant.external_contact_id]),
        ("From", [s.address_from or s.ani for s in own]),
        ("To", [s.address_to or s.dnis for s in own]),
        ("Subject", [e.subject for e in of_segments if outside]),
        ("Wrap-up note", [e.wrap_up_note for e in of_segments]),
        *((key, [str(value)]) for key, value in sorted(participant.attributes.items())),
    ]
    for label, values in told:
        text = ", ".join(dict.fromkeys(value for value in values if value))
        if text:
            yield label, text


def _metrics(
    stored: Stored, known: Names, zone: ZoneInfo
) -> Iterator[tuple[str, str, str, str, str]]:
    who = {
        p.pk: named(p.user_id, known.agents) if p.user_id else media_name(p.purpose)
        for p in stored.participants
    }
    for metric in stored.metrics:
        is_time = metric.name.startswith("t")
        value = write.handle_time(write.seconds_of(metric.value)) if is_time else str(metric.value)
        yield (
            who[metric.participant_id],
            media_name(metric.media_type),
            metric.name,
            value,
            write.to_the_second(metric.emitted_at, zone) if metric.emitted_at else write.NOTHING,
        )
