"""What events prove is told at once, and what stands there in the end is what readings show."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from chrono import instants
from conversations import live, retention, services
from conversations.domain import facts
from conversations.domain.live import PROVABLE, News, State
from conversations.models import CommonEvent, Conversation, SessionState
from integrations.genesys import proofs
from simulator.world import World
from tests.documents import at, conversation, participant, segment, session
from tests.heard import Recorder, Story, snapshot

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)
Observation = facts.Snapshot | News
Told = set[tuple[str, str, datetime, str]]


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    """Return the richest conversations of a simulated morning."""
    world = World(seed=11, epoch=MONDAY)
    recorder = Recorder(world)
    world.advance_to(MONDAY + timedelta(hours=3, minutes=30))
    told = [one for one in recorder.stories.values() if len(one.events) > 8]
    return sorted(told, key=lambda one: -_holds(one.snapshots[-1]))[:4]


def _holds(one: facts.Snapshot) -> int:
    people = one.conversation.participants
    return sum(
        segment.segment_type == "hold"
        for participant in people
        for session in participant.sessions
        for segment in session.segments
    )


def _news(story: Story) -> list[News]:
    return [news for heard in story.events for news in proofs.of(heard).news]


def _observe(some: Iterable[Observation], now: datetime) -> None:
    for one in some:
        if isinstance(one, News):
            live.record_news(news=[one], now=now)
        else:
            services.record(snapshots=[one], now=now)


def _told() -> Told:
    rows = CommonEvent.objects.filter(name__in=PROVABLE)
    return {(row.name, row.subject, row.at, str(sorted(row.payload.items()))) for row in rows}


def _forget() -> None:
    Conversation.objects.all().delete()
    CommonEvent.objects.all().delete()
    SessionState.objects.all().delete()


def _mixed(story: Story, chance: Random) -> Iterator[Observation]:
    """Yield news and readings, some twice and some not at all, in any order; the last is read."""
    some: list[Observation] = [*_news(story), *story.snapshots[:-1]]
    kept = [one for one in some for _ in range(chance.choice((0, 0, 1, 2)))][:30]
    kept.insert(chance.randrange(len(kept) + 1), story.snapshots[-1])
    chance.shuffle(kept)
    yield from kept


def test_events_and_readings_in_any_order_end_as_the_last_reading_alone(
    stories: list[Story], now: datetime
) -> None:
    assert sum(_holds(one.snapshots[-1]) for one in stories) > 4
    chance = Random(5)
    for story in stories:
        _observe([story.snapshots[-1]], now)
        truth = _told()
        assert truth
        for _ in range(3):
            _forget()
            _observe(_mixed(story, chance), now)
            assert _told() == truth
        _forget()


def test_events_alone_tell_what_the_last_reading_implies_and_nothing_else(
    stories: list[Story], now: datetime
) -> None:
    for story in stories:
        _observe([story.snapshots[-1]], now)
        truth = _told()
        _forget()

        _observe([_bare(story.snapshots[0])], now)
        live.record_news(news=_news(story), now=now)

        assert _told() == truth
        _forget()


def test_lost_events_make_an_instant_late_at_worst_until_it_is_read(
    stories: list[Story], now: datetime
) -> None:
    chance = Random(6)
    for story in stories:
        _observe([story.snapshots[-1]], now)
        truth = {(name, subject): told_at for name, subject, told_at, _ in _told()}
        _forget()

        _observe([_bare(story.snapshots[0])], now)
        _observe([one for one in _news(story) if chance.random() < 0.7], now)

        for name, subject, told_at, _ in _told():
            assert told_at >= truth[name, subject]
        _forget()


def _bare(one: facts.Snapshot) -> facts.Snapshot:
    """Return a reading as analytics gives it at once: the conversation, and nobody in it."""
    return one._replace(conversation=one.conversation._replace(participants=()), document=b"")


C, S = "c1", "s-agent"


def _says(state: State, minutes: float, **more: str) -> News:
    known = {"conversation_id": C, "session_id": S, "queue_id": "q1"} | more
    return News(state=state.value, since=at(minutes), **known)


def _reads(minutes: float, *segments: dict[str, Any]) -> facts.Snapshot:
    agent = participant("p-agent", "agent", session(S, *segments), userId="u1")
    return snapshot(conversation(C, agent), at(minutes))


def _names() -> list[tuple[str, datetime]]:
    rows = CommonEvent.objects.filter(name__in=PROVABLE).order_by("at", "name")
    return list(rows.values_list("name", "at"))


def test_news_of_an_unknown_conversation_is_told_when_that_comes(now: datetime) -> None:
    assert live.record_news(news=[_says(State.CONNECTED, 6)], now=now) == 0

    services.record(snapshots=[_reads(5.5, segment("alert", 5))], now=now)

    assert _names() == [("agent.connected", at(6))]
    assert not SessionState.objects.filter(told=False).exists()


def test_news_that_came_while_its_conversation_was_written_is_told_afterwards(
    now: datetime,
) -> None:
    services.record(snapshots=[_reads(5.5, segment("alert", 5))], now=now)
    SessionState.objects.create(**_says(State.CONNECTED, 6)._asdict(), heard_at=now)

    assert live.tell(genesys_ids=[C], now=now) == 1
    assert live.tell(genesys_ids=[C], now=now) == 0


def test_news_from_beyond_the_end_of_a_session_is_no_news(now: datetime) -> None:
    over = segment("interact", 5, 9, disconnectType="peer")
    services.record(snapshots=[_reads(10, segment("alert", 4, 5), over)], now=now)
    known = _names()

    assert live.record_news(news=[_says(State.HELD, 12)], now=now) == 0
    assert _names() == known


def test_the_same_news_twice_changes_nothing(now: datetime) -> None:
    services.record(snapshots=[_reads(5.5, segment("alert", 5))], now=now)
    news = [_says(State.CONNECTED, 6), _says(State.HELD, 7)]

    assert live.record_news(news=news, now=now) == 2
    assert live.record_news(news=news, now=now) == 0
    assert SessionState.objects.count() == 2


def test_a_ring_and_an_end_are_neither_connection_nor_disconnection(now: datetime) -> None:
    services.record(snapshots=[_reads(5.5, segment("alert", 5))], now=now)

    live.record_news(news=[_says(State.ALERTING, 5), _says(State.ENDED, 6)], now=now)

    assert not CommonEvent.objects.filter(name__startswith="agent.").exists()


def test_whose_session_it_is_must_be_known_before_it_counts_as_an_agents(now: datetime) -> None:
    services.record(snapshots=[_bare(_reads(5.5, segment("alert", 5)))], now=now)
    live.record_news(news=[_says(State.CONNECTED, 6, queue_id="")], now=now)
    assert _names() == []

    live.record_news(news=[_says(State.CONNECTED, 6, queue_id="", purpose="agent")], now=now)

    assert _names() == [("agent.connected", at(6))]


def test_what_a_newer_reading_covers_is_history(now: datetime) -> None:
    services.record(snapshots=[_reads(30, segment("interact", 6))], now=now)
    hold = [segment("interact", 6, 10), segment("hold", 10, 12), segment("interact", 12)]
    services.record(snapshots=[_reads(31, *hold)], now=now)
    before = _names()

    live.record_news(news=[_says(State.HELD, 8), _says(State.CONNECTED, 9)], now=now)

    assert _names() == before


def test_starts_that_lie_close_together_are_one_hold_under_its_first_name(now: datetime) -> None:
    services.record(snapshots=[_reads(5.5, segment("interact", 5))], now=now)
    live.record_news(news=[_says(State.HELD, 7)], now=now)

    later = [segment("interact", 5, 7.02), segment("hold", 7.02, 9), segment("interact", 9)]
    services.record(snapshots=[_reads(10, *later)], now=now)

    subjects = CommonEvent.objects.filter(name__startswith="hold.").values_list("subject", "at")
    name = f"{S}@{instants.to_ms(at(7))}"
    assert set(subjects) == {(name, at(7.02)), (name, at(9))}


def test_a_hold_that_was_read_ends_by_the_event_that_follows(now: datetime) -> None:
    open_hold = [segment("interact", 5, 7), segment("hold", 7)]
    services.record(snapshots=[_reads(8, *open_hold)], now=now)

    live.record_news(news=[_says(State.CONNECTED, 9)], now=now)

    assert ("hold.ended", at(9)) in _names()


def test_a_participant_with_one_session_lends_it_to_news_without_one(now: datetime) -> None:
    services.record(snapshots=[_reads(5.5, segment("alert", 5))], now=now)
    nameless = _says(State.CONNECTED, 6, session_id="", participant_id="p-agent")

    live.record_news(news=[nameless, nameless._replace(participant_id="nobody")], now=now)

    assert _names() == [("agent.connected", at(6))]
    assert SessionState.objects.get().session_id == S


def test_old_news_is_let_go(now: datetime) -> None:
    live.record_news(news=[_says(State.HELD, 7)], now=now - timedelta(days=15))
    live.record_news(news=[_says(State.HELD, 9)], now=now - timedelta(days=13))

    assert retention.drop_old_news(now=now) == 1
    assert SessionState.objects.get().since == at(9)
