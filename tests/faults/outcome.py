"""What the mirror of a simulated day must show in the end."""

import json
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

import pytest

from chrono.instants import to_ms
from conversations.domain import facts
from conversations.domain.events import implied
from conversations.domain.seen import look
from conversations.models import CommonEvent
from tests.faults.centre_day import Day
from tests.truth import ATTRIBUTES, assert_same, mirrored, said, written

# Conversation, name, subject; or conversation, participant, attributes.
Told = tuple[str, str, str]


def assert_the_mirror_is_the_truth(day: Day, *, jobs_up_to: datetime) -> None:
    """Compare row for row: conversations and all below them, who wrote, and Common Events.

    Who took part before jobs_up_to was read by jobs: there the participants' attributes count too.
    Whoever came later, also into a conversation of before, waits for the next night's.
    """
    world = day.served.centre.world
    truth = world.truth(day.clock.now())["conversations"]
    mirror = mirrored(truth)
    for genesys_id, known in truth.items():
        assert_same(mirror[genesys_id], known, besides=ATTRIBUTES)
    attributes = _attributes(truth, before=to_ms(jobs_up_to))
    _same("attributes", _shown(mirror, {told[:2] for told in attributes}), attributes)
    _same("who wrote", written(), said(world.conversations.values(), truth))
    _same("Common Events", told(truth), _implied(mirror.values(), day.clock.now()))


def assert_corrections_are_adopted(
    day: Day, *, before: Collection[Told], ended_by: datetime
) -> Counter[str]:
    """Compare what had ended by an instant, and was rewritten since, row for row.

    before are the Common Events that were told until then: a correction is nobody's news, and what
    it takes back was told all the same. Return how often which correction was made.
    """
    world = day.served.centre.world
    truth = {
        genesys_id: known
        for genesys_id, known in world.truth(day.clock.now())["conversations"].items()
        if known["ended_at"] and known["ended_at"] < to_ms(ended_by)
    }
    mirror = mirrored(truth)
    for genesys_id, known in truth.items():
        assert_same(mirror[genesys_id], known, besides=())
    _same("Common Events", told(truth), {event for event in before if event[0] in truth})
    return Counter(way for genesys_id, way in world.corrections.done if genesys_id in truth)


def told(of: Collection[str]) -> set[Told]:
    """Return the Common Events of some conversations; none may have been told twice."""
    events = CommonEvent.objects.filter(conversation__genesys_id__in=of)
    rows = list(events.values_list("conversation__genesys_id", "name", "subject"))
    assert len(rows) == len(set(rows))
    return set(rows)


def _attributes(truth: dict[str, Any], *, before: int) -> set[Told]:
    """Return the attributes, as JSON, of each participant who came before an instant, in ms."""
    return {
        (genesys_id, one["genesys_id"], json.dumps(one["attributes"], sort_keys=True))
        for genesys_id, known in truth.items()
        for one in known["participants"]
        if _came_at(one) < before
    }


def _shown(mirror: dict[str, facts.Conversation], of: set[tuple[str, str]]) -> set[Told]:
    """Return the attributes of these participants as the mirror has them."""
    return {
        (genesys_id, one.genesys_id, json.dumps(json.loads(one.attributes), sort_keys=True))
        for genesys_id, known in mirror.items()
        for one in known.participants
        if (genesys_id, one.genesys_id) in of
    }


def _came_at(participant: dict[str, Any]) -> int:
    """Return when somebody's first segment began, in ms."""
    starts: list[int] = [
        segment["started_at"]
        for session in participant["sessions"]
        for segment in session["segments"]
    ]
    return min(starts)


def _implied(mirror: Collection[facts.Conversation], now: datetime) -> set[Told]:
    return {
        (one.genesys_id, event.name.value, event.subject)
        for one in mirror
        for event in implied(look(one, now))
    }


def _same(what: str, found: set[Any], expected: set[Any]) -> None:
    more, less = sorted(found - expected), sorted(expected - found)
    if more or less:
        pytest.fail(f"{what}: {len(more)} too many {more[:5]}, {len(less)} lack {less[:5]}")
