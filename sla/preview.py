"""The whole plan of a conversation's waits: what is told when, whom and by which way, and why."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth import get_user_model

from conversations.models import Conversation
from sla import holding, ways
from sla.audience import Audience, People
from sla.domain.plan import BREACH, WARNING, repetition
from sla.domain.words import said
from sla.models import Clock, Timer
from sla.ways import Way


class Line(NamedTuple):
    """One instant of a plan. told is whom, and by which way; state says how it stands and why."""

    at: datetime
    clock: str
    what: str
    told: str
    state: str
    reason: str
    flagged: str
    told_at: datetime | None = None


def is_known(conversation_id: str) -> bool:
    """Tell whether the mirror has a conversation, by its Genesys id."""
    return Conversation.objects.filter(genesys_id=conversation_id).exists()


def plan_of(conversation_id: str, *, now: datetime) -> list[Line]:
    """Return the plan of a conversation, by its Genesys id, as its timers stand at an instant.

    Whom a rung tells is found when it is told: shown is whom it would tell now.
    """
    rows = Timer.objects.filter(conversation__genesys_id=conversation_id)
    related = rows.select_related("conversation", "of_rung__ladder").order_by("due_at", "pk")
    people, known, names = People(now), ways.every(), _names()
    found = []
    for row in related:
        audience = _audience(row, people)
        told = _told(audience, known, names)
        line = Line(
            row.due_at,
            Clock.Kind(row.kind).label,
            _what(row),
            told,
            row.get_state_display(),
            row.reason or _quiet(row),
            audience.wrong,
            row.fired_at if row.state == Timer.State.FIRED else None,
        )
        found.append(line)
    return found


def _audience(row: Timer, people: People) -> Audience:
    if row.of_rung is None:
        return Audience()
    of = row.conversation
    return people.of(row.of_rung, queue_id=of.queue_id, user_id=of.user_id)


def _what(row: Timer) -> str:
    if row.rung == BREACH:
        return "Breach"
    if row.rung.startswith(WARNING):
        used = timedelta(seconds=int(row.rung.removeprefix(WARNING)))
        return f"Warning, {said(used)} used up"
    number = repetition(row.rung)
    again = f", repetition {number}" if number else ""
    return f"{row.of_rung or 'A rung that is gone'}{again}"


def _told(audience: Audience, known: Mapping[int, Way], names: Mapping[int, str]) -> str:
    people = [names.get(pk, f"user {pk}") for pk in audience.users]
    agent = ["the agent who has it"] if audience.agent_id else []
    way = known.get(audience.destination_id or 0)
    by = f" by {way.name}" if way else ""
    return (", ".join([*people, *agent]) or "whoever is told of SLA events") + by


def _quiet(row: Timer) -> str:
    """Say until when quiet hours will hold a rung back that waits still."""
    if row.of_rung is None or row.state != Timer.State.WAITING:
        return ""
    ladder = row.of_rung.ladder
    if ladder.trouble:
        return f"its quiet hours count for nothing: {ladder.trouble}"
    hold = holding.quiet(ladder, row.due_at)
    return f"will be {hold.reason}" if hold else ""


def _names() -> dict[int, str]:
    rows = get_user_model().objects.order_by("pk")
    return {row.pk: row.get_full_name() or row.get_username() for row in rows}
