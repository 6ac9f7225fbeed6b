"""What news of sessions proves, over everything that happens in a simulated morning."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from conversations.domain.events import CommonEvent, Name, implied
from conversations.domain.live import PROVABLE, News, proven
from conversations.domain.seen import Seen, look
from integrations.genesys import proofs
from simulator.world import World
from tests.heard import Recorder, Story

MONDAY = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)
Told = set[tuple[str, str, datetime]]


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    world = World(seed=2, epoch=MONDAY)
    recorder = Recorder(world)
    world.advance_to(MONDAY + timedelta(hours=3))
    return list(recorder.stories.values())


def _news(story: Story) -> list[News]:
    return [news for heard in story.events for news in proofs.of(heard).news]


def _last(story: Story) -> Seen:
    return look(story.snapshots[-1].conversation, story.snapshots[-1].observed_at)


def _first(story: Story) -> Seen:
    """Return a conversation of which analytics shows no more than that it exists."""
    seen = _last(story)
    return look(seen.conversation._replace(participants=(), ended_at=None), seen.observed_at)


def _told(events: Iterable[CommonEvent]) -> Told:
    return {(e.name.value, e.subject, e.at) for e in events if e.name in PROVABLE}


def test_events_prove_what_the_last_reading_implies_of_every_conversation(
    stories: list[Story],
) -> None:
    found = [(_told(proven(_first(s), _news(s)).events), _told(implied(_last(s)))) for s in stories]

    assert all(live == truth for live, truth in found)
    kinds = [name for live, _ in found for name, *_ in live]
    assert min(kinds.count(name) for name in PROVABLE) > 10
    # Somebody was rung at and never answered: that is no connection.
    assert any(
        not live and "user.end" in str(s.events)
        for s, (live, _) in zip(stories, found, strict=True)
    )


def test_neither_order_nor_repetition_of_news_makes_a_difference(stories: list[Story]) -> None:
    chance = Random(1)
    for story in stories:
        news = _news(story)
        shuffled = chance.sample(news * 2, len(news) * 2)

        assert proven(_first(story), shuffled) == proven(_first(story), news)


def test_a_reading_of_any_moment_and_all_news_tell_each_event_once(stories: list[Story]) -> None:
    for story in stories:
        truth = {identity[:2] for identity in _told(implied(_last(story)))}
        for snapshot in story.snapshots[::5]:
            found = proven(look(snapshot.conversation, snapshot.observed_at), _news(story)).events
            assert sorted(event.identity for event in found) == sorted(truth)


def test_instants_that_differ_by_less_than_a_second_are_the_same_holds(
    stories: list[Story],
) -> None:
    chance = Random(3)
    for story in stories:
        skew = timedelta(milliseconds=chance.randrange(-900, 900))
        news = [one._replace(since=one.since + skew) for one in _news(story)]
        truth = _count(implied(_last(story)))
        for snapshot in story.snapshots[::5]:
            seen = look(snapshot.conversation, snapshot.observed_at)
            assert _count(proven(seen, news).events) == truth


def _count(events: Iterable[CommonEvent]) -> dict[Name, int]:
    kinds = [event.name for event in events]
    return {name: kinds.count(name) for name in PROVABLE}
