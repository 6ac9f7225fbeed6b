"""The world: reproducible, lived in any steps, and lively enough to look at."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world import World
from simulator.world.records import Conversation

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
HOUR = 3_600_000
Fact = dict[str, Any]


def told(world: World, at: datetime) -> str:
    return json.dumps(world.truth(at), sort_keys=True)


@cache
def at_once() -> str:
    return told(World(seed=7, epoch=EPOCH), EPOCH + timedelta(hours=8))


@dataclass
class Week:
    """A world after six days, and what a look every three hours showed on the way."""

    world: World
    open_digital: list[int] = field(default_factory=list)
    open_states: set[str] = field(default_factory=set)
    ends: list[dict[str, int]] = field(default_factory=list)

    def look(self) -> None:
        known = self.world.conversations.values()
        digital = [c for c in known if c.end is None and c.media in {"email", "message"}]
        self.open_digital.append(len(digital))
        self.open_states |= {
            f"{session.purpose} {session.open_segment.segment_type}"
            for c in digital
            for session in c.sessions
            if session.open_segment
        }
        self.ends.append({c.id: c.end for c in known if c.end is not None})


@cache
def week() -> Week:
    lived = Week(World(seed=7, epoch=EPOCH))
    for hour in range(3, 6 * 24 + 1, 3):
        lived.world.advance_to(EPOCH + timedelta(hours=hour))
        lived.look()
    return lived


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 8 * HOUR - 1), max_size=40))
def test_a_history_is_the_same_in_whatever_steps_it_is_lived(steps: list[int]) -> None:
    world = World(seed=7, epoch=EPOCH)
    for step in sorted(steps):
        world.advance_to(EPOCH + timedelta(milliseconds=step))
        world.truth(world.now)
    assert told(world, EPOCH + timedelta(hours=8)) == at_once()


def test_seed_epoch_and_zone_make_another_history() -> None:
    end = EPOCH + timedelta(hours=3)
    histories = {
        told(World(seed=7, epoch=EPOCH), end),
        told(World(seed=8, epoch=EPOCH), end),
        told(World(seed=7, epoch=EPOCH + timedelta(minutes=1)), end),
        told(World(seed=7, epoch=EPOCH, zone="America/New_York"), end),
    }
    assert len(histories) == 4


def test_another_epoch_never_uses_the_same_conversation_ids() -> None:
    one, other = World(seed=7, epoch=EPOCH), World(seed=7, epoch=EPOCH + timedelta(days=1))
    one.advance_to(EPOCH + timedelta(hours=6))
    other.advance_to(EPOCH + timedelta(days=1, hours=6))
    assert one.conversations
    assert other.conversations
    assert not one.conversations.keys() & other.conversations.keys()


def test_the_organization_depends_on_the_seed_alone() -> None:
    one = World(seed=7, epoch=EPOCH).organization
    assert one == World(seed=7, epoch=EPOCH + timedelta(days=9)).organization
    assert one.agents[0].id != World(seed=8, epoch=EPOCH).organization.agents[0].id


def test_the_past_is_not_told() -> None:
    world = World(seed=7, epoch=EPOCH)
    world.advance_to(EPOCH + timedelta(hours=1))
    with pytest.raises(ValueError, match="cannot tell of"):
        world.truth(EPOCH)


def test_truth_of_some_conversations_leaves_out_the_rest_and_the_unknown() -> None:
    world = World(seed=7, epoch=EPOCH)
    world.advance_to(EPOCH + timedelta(hours=6))
    wanted = next(iter(world.conversations))
    assert list(world.truth(world.now, ids=[wanted, "nobody"])["conversations"]) == [wanted]


def test_what_ended_long_ago_is_forgotten_and_what_is_open_is_not() -> None:
    world = World(seed=7, epoch=EPOCH, keep_days=1)
    world.advance_to(EPOCH + timedelta(hours=20))
    early = dict(world.conversations)
    world.advance_to(EPOCH + timedelta(days=3))
    left = early.keys() & world.conversations.keys()
    limit = (EPOCH + timedelta(days=2)).timestamp() * 1000
    assert len(left) < len(early) / 4
    for id_ in early.keys() - left:
        assert early[id_].end is not None
    ends = [c.end for c in world.conversations.values()]
    assert all(end is None or end >= limit for end in ends)
    assert None in ends


def test_a_day_brings_some_hundreds_of_conversations_of_every_medium() -> None:
    days: dict[str, int] = Counter()
    media: dict[str, int] = Counter()
    for conversation in week().world.conversations.values():
        days[datetime.fromtimestamp(conversation.start / 1000, UTC).strftime("%a")] += 1
        media[conversation.media] += 1
    assert all(200 <= count <= 500 for day, count in days.items() if day != "Wed")
    assert set(media) == {"voice", "callback", "chat", "message", "email"}
    assert min(media.values()) > 20


def test_the_board_always_shows_tens_of_open_digital_conversations_in_all_states() -> None:
    after_two_days = week().open_digital[16:]
    assert min(after_two_days) >= 30
    assert max(after_two_days) <= 140
    shown = {"acd interact", "agent interact", "agent hold", "agent parked", "agent alert"}
    assert shown <= week().open_states


def test_something_moves_every_few_seconds_by_day_and_within_a_minute_by_night() -> None:
    moves: dict[int, set[int]] = {}
    for c in week().world.conversations.values():
        instants = [at for s in c.sessions for x in s.segments for at in (x.start, x.end) if at]
        for at in (*instants, *(message.at for message in c.messages)):
            moves.setdefault(at // HOUR, set()).add(at // 1_000)
    first = int(EPOCH.timestamp() // 3_600) + 24
    gaps = [3_600 / len(moves[first + hour]) for hour in range(24)]
    assert mean(gaps[3:11]) < 20  # from 9 to 17 in the centre's zone
    assert max(gaps) < 90


@cache
def happenings() -> frozenset[str]:
    """Name what happened at all within a week."""
    known = week().world.conversations.values()
    return frozenset(name for c in known for name in (*told_of(c), *told_of_sessions(c)))


def told_of(c: Conversation) -> Iterator[str]:
    yield from (f"cause {hold.cause}" for hold in c.holds)
    yield from (f"writer {message.sender}" for message in c.messages)
    yield from (f"survey {survey.status}" for survey in c.surveys)
    yield from (f"evaluation {evaluation.status}" for evaluation in c.evaluations)
    yield from (f"purpose {participant.purpose}" for participant in c.participants)
    yield from (f"several sessions {c.media}" for p in c.participants if len(p.sessions) > 1)
    if sum(p.purpose == "customer" for p in c.participants) > 1 and c.messages:
        yield f"reopened {c.media}"


def told_of_sessions(c: Conversation) -> Iterator[str]:
    for session in c.sessions:
        types = [segment.segment_type for segment in session.segments]
        yield from (f"segment {session.media} {segment_type}" for segment_type in types)
        yield from (f"metric {metric.name}" for metric in session.metrics)
        yield from (f"disconnect {s.disconnect_type}" for s in session.segments)
        yield from ("stuck leg" for s in session.segments if s.source_conversation_id)
        if len(session.id) > 36:
            yield "long session id"
        if types == ["alert"] and session.open_segment is None:
            yield "alert only"


@pytest.mark.parametrize(
    "happening",
    [
        *(f"cause {c}" for c in ("interrupted", "switched", "break", "off_shift", "manual")),
        "cause consult",
        *(f"writer {w}" for w in ("customer", "agent", "bot", "auto_reply", "draft")),
        *(f"survey {s}" for s in ("Sent", "Finished", "Expired", "OptOut")),
        *(f"evaluation {e}" for e in ("Pending", "Finished")),
        *(f"purpose {p}" for p in ("acd", "agent", "botflow", "customer", "external", "ivr")),
        *(f"purpose {p}" for p in ("user", "workflow")),
        "reopened email",
        "reopened message",
        "several sessions email",
        "several sessions callback",
        *(f"segment email {s}" for s in ("alert", "interact", "hold", "parked", "wrapup")),
        *(f"segment message {s}" for s in ("alert", "interact", "hold", "parked", "wrapup")),
        *(f"segment voice {s}" for s in ("ivr", "contacting", "dialing", "hold", "wrapup")),
        *(f"metric {m}" for m in ("tAbandon", "nOverSla", "tNotResponding", "nAgentDeclined")),
        *(f"metric {m}" for m in ("nBlindTransferred", "nConsultTransferred", "nOutbound")),
        *(f"disconnect {d}" for d in ("peer", "client", "endpoint", "transfer")),
        *(f"disconnect {d}" for d in ("consultTransfer", "inactivity", "timeout", "system")),
        "long session id",
        "alert only",
        "stuck leg",
    ],
)
def test_within_a_week_everything_happens(happening: str) -> None:
    assert happening in happenings()


def test_a_sent_email_ends_its_session_a_moment_after_the_next_began() -> None:
    pairs = [
        (before, after)
        for c in week().world.conversations.values()
        if c.media == "email"
        for participant in c.participants
        for before, after in pairwise(participant.sessions)
        if before.segments[-1].end
    ]
    assert len(pairs) > 5
    for before, after in pairs:
        assert (before.segments[-1].end or 0) - after.segments[0].start == 175


def test_a_reopened_conversation_ends_later_than_it_had() -> None:
    moved = 0
    for before, after in pairwise(week().ends):
        for id_ in before.keys() & after.keys():
            assert before[id_] <= after[id_]
            moved += before[id_] < after[id_]
    assert moved > 3


def test_what_a_queue_offers_on_its_own_is_answered_at_once_and_by_whoever_it_rings_at() -> None:
    world = World(seed=7, epoch=EPOCH, auto_answer=["WhatsApp"])
    world.advance_to(EPOCH + timedelta(hours=6))

    (queue,) = [each for each in world.organization.queues if each.auto_answer]
    rung = [
        session.segments
        for conversation in world.conversations.values()
        for session in conversation.sessions
        if session.queue_id == queue.id and session.segments[0].segment_type == "alert"
    ]
    assert len(rung) > 10
    assert {(alert.end or 0) - alert.start for alert, *_ in rung} == {300}
    assert all(rest and rest[0].segment_type != "wrapup" for _, *rest in rung)


def test_in_a_quiet_centre_nobody_comes() -> None:
    world = World(seed=7, epoch=EPOCH, quiet=True)
    world.advance_to(EPOCH + timedelta(days=2))

    assert not world.conversations
