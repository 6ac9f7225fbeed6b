"""Working the inbox through, with readers of the test's own: what they do is up to the item."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from integrations.domain.events import Carried, Event, Heard
from integrations.errors import MalformedPayloadError
from integrations.inbox import claims
from integrations.inbox.process import Done, process
from integrations.inbox.receive import receive, receive_many
from integrations.models import GenesysEvent, InboxItem, Source

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@dataclass
class Taker:
    """Reads bodies that are JSON lists of events, and remembers what it was given."""

    heard: list[Event] = field(default_factory=list)
    fails_at: dict[str, Exception] = field(default_factory=dict)

    def read(self, kind: str, body: bytes) -> Sequence[Carried]:
        if body == b"bad":
            raise MalformedPayloadError("topic is missing")
        return [Carried(one["topic"], "", json.dumps(one).encode()) for one in json.loads(body)]

    def understand(self, carried: Carried) -> Event:
        told = json.loads(carried.body)
        at = told.get("at")
        return Event(
            topic=carried.topic,
            conversation_id=told.get("conversation", ""),
            at=datetime.fromisoformat(at) if at else None,
        )

    def take(self, heard: Sequence[Heard], *, now: datetime) -> None:
        for one in heard:
            if error := self.fails_at.get(one.event.conversation_id):
                raise error
        self.heard += [one.event for one in heard]

    def run(self, now: datetime, limit: int = 1000) -> Done:
        return process(
            now=now, read=self.read, understand=self.understand, take=self.take, limit=limit
        )

    @property
    def conversations(self) -> list[str]:
        return sorted(event.conversation_id for event in self.heard)


def event(conversation: str, at: str | None = "2026-03-27T16:00:00+00:00", **more: Any) -> Any:
    return {"topic": "t", "conversation": conversation, "at": at} | more


def sent(source: Source, now: datetime, *events: Any) -> InboxItem:
    assert receive(source_id=source.pk, body=json.dumps(events).encode(), now=now)
    return InboxItem.objects.order_by("-pk")[0]


def test_what_came_before_the_clock_was_set_back_does_not_wait_for_it(
    source: Source, now: datetime
) -> None:
    sent(source, now + timedelta(hours=1), event("a"))

    assert Taker().run(now) == Done(done=1, events=1)


def test_what_was_sent_is_heard_once_and_done(source: Source, now: datetime) -> None:
    sent(source, now, event("a"), event("b"))
    taker = Taker()

    assert taker.run(now) == Done(done=1, events=2)
    assert taker.run(now) == Done()
    assert taker.conversations == ["a", "b"]
    item = InboxItem.objects.get()
    assert (item.state, item.attempts, item.reason) == ("done", 1, "")
    source.refresh_from_db()
    assert source.last_received_at is not None


def test_an_event_is_known_by_its_natural_key_whoever_tells_it(
    source: Source, now: datetime
) -> None:
    other = Source.objects.create(name="b", kind=Source.Kind.EVENTBRIDGE, created_at=now)
    taker = Taker()
    sent(source, now, event("a"), event("a"))
    sent(other, now, event("a"))
    taker.run(now)
    sent(source, now, event("a"), event("a", "2026-03-27T16:00:00.001+00:00"))

    assert taker.run(now).events == 1
    assert taker.conversations == ["a", "a"]
    assert GenesysEvent.objects.count() == 2


def test_an_event_without_a_time_is_never_a_repetition(source: Source, now: datetime) -> None:
    taker = Taker()
    for _ in range(2):
        sent(source, now, event("a", None), event("a", None))
        taker.run(now)

    assert taker.conversations == ["a"] * 4


def test_what_cannot_be_read_is_set_aside_at_once_with_its_reason(
    source: Source, now: datetime
) -> None:
    receive(source_id=source.pk, body=b"bad", now=now)
    sent(source, now, event("a"))
    taker = Taker()

    assert taker.run(now) == Done(done=1, events=1, quarantined=1)
    item = InboxItem.objects.get(state="quarantined")
    assert (item.reason, bytes(item.body)) == ("topic is missing", b"bad")


def test_ids_that_no_column_holds_are_set_aside(source: Source, now: datetime) -> None:
    sent(source, now, event("a" * 101))
    assert Taker().run(now).quarantined == 1
    assert "conversation_id" in InboxItem.objects.get().reason


def test_poison_blocks_nobody_and_is_set_aside_after_five_attempts(
    source: Source, now: datetime
) -> None:
    for number in range(250):
        sent(source, now, event(f"c{number}"))
    taker = Taker(fails_at={f"c{n}": ZeroDivisionError() for n in (7, 99, 100, 249)})

    first = taker.run(now, limit=250)  # each once, even where a run takes longer than a pause
    assert (first.done, first.put_off) == (246, 4)
    assert len(taker.heard) == 246
    for attempt in range(2, 6):
        now += timedelta(minutes=10)
        run = taker.run(now, limit=4)
        assert (run.put_off, run.quarantined) == ((4, 0) if attempt < 5 else (0, 4))
    reasons = InboxItem.objects.filter(state="quarantined").values_list("reason", "attempts")
    assert list(reasons) == 4 * [
        ("internal error (ZeroDivisionError): see the worker's log, then replay it", 5)
    ]


def test_a_failure_is_tried_again_later_and_later(source: Source, now: datetime) -> None:
    sent(source, now, event("a"))
    taker = Taker(fails_at={"a": ZeroDivisionError()})
    pauses = []
    for _ in range(4):
        taker.run(now)
        due_at = InboxItem.objects.get().due_at
        pauses.append(round((due_at - now).total_seconds()))
        now = due_at + SECOND
    assert pauses == [2, 10, 60, 300]

    taker.fails_at.clear()
    assert taker.run(now).done == 1


def test_a_lock_that_was_not_had_counts_for_nothing(source: Source, now: datetime) -> None:
    sent(source, now, event("a"))
    taker = Taker(fails_at={"a": OperationalError("lock timeout")})
    for _ in range(7):
        assert taker.run(now).put_off == 1
        assert InboxItem.objects.get().attempts == 0
        now += timedelta(seconds=3)

    taker.fails_at.clear()
    assert taker.run(now).done == 1


def test_what_took_no_effect_is_not_done(source: Source, now: datetime) -> None:
    """The events of an item that failed are not known: the next attempt tells them again."""
    sent(source, now, event("a"))
    taker = Taker(fails_at={"a": ZeroDivisionError()})
    taker.run(now)
    assert not GenesysEvent.objects.exists()


def test_who_has_lost_the_lease_cannot_finish(source: Source, now: datetime) -> None:
    sent(source, now, event("a"))
    taker, late = Taker(), claims.claim(now=now, limit=10)
    later = now + claims.LEASE + SECOND
    assert taker.run(later).done == 1

    assert claims.hold(late) == []
    assert not claims.quarantine(late[0], reason="", now=now)
    claims.release(late, now=now)
    assert claims.put_off(late[0], reason="x", now=now)
    assert InboxItem.objects.get().state == "done"


def test_what_a_dead_worker_had_claimed_is_worked_on_alone_after_its_lease(
    source: Source, now: datetime
) -> None:
    for number in range(3):
        sent(source, now, event(f"c{number}"))
    assert len(claims.claim(now=now, limit=10)) == 3
    assert claims.claim(now=now, limit=10) == []

    later = now + claims.LEASE + SECOND
    assert len(claims.claim(now=later, limit=10)) == 1
    assert Taker().run(later).done == 2


def test_what_kills_its_worker_each_time_is_set_aside_and_nothing_beside_it(
    source: Source, now: datetime
) -> None:
    for number in range(3):
        sent(source, now, event(f"c{number}"))
    killer = InboxItem.objects.order_by("pk")[0]
    for _ in range(claims.MOST_ATTEMPTS):
        claims.claim(now=now, limit=10)  # and the process is gone
        InboxItem.objects.exclude(pk=killer.pk).update(leased_until=now + timedelta(hours=1))
        now += claims.LEASE + SECOND
    InboxItem.objects.exclude(pk=killer.pk).update(leased_until=None)
    taker = Taker()

    assert taker.run(now) == Done(done=2, events=2, quarantined=1)
    killer.refresh_from_db()
    assert "died 5 times" in killer.reason


def test_what_is_replayed_is_as_new(source: Source, now: datetime) -> None:
    receive(source_id=source.pk, body=b"bad", now=now)
    taker = Taker()
    taker.run(now)
    pk = InboxItem.objects.get().pk

    assert claims.replay(pks=[pk], now=now) == 1
    assert claims.replay(pks=[pk], now=now) == 0  # it waits already
    InboxItem.objects.update(body=b"[]")
    assert taker.run(now).done == 1


def test_a_run_ends_at_its_limit(source: Source, now: datetime) -> None:
    for number in range(5):
        sent(source, now, event(f"c{number}"))
    taker = Taker()
    assert [taker.run(now, limit=3).done, taker.run(now, limit=3).done] == [3, 2]


def test_the_senders_own_id_makes_a_repetition(source: Source, now: datetime) -> None:
    other = Source.objects.create(name="b", kind=Source.Kind.EVENTBRIDGE, created_at=now)
    took = [
        receive(source_id=whose.pk, body=b"1", now=now, sender_id=own_id)
        for whose, own_id in [(source, "x"), (source, "x"), (other, "x"), (source, None)] * 2
    ]
    assert took == [True, False, True, True, False, False, False, True]


def test_many_are_kept_in_one_go(source: Source, now: datetime) -> None:
    bodies = [(b"%d" % n, f"id-{n % 1000}") for n in range(1200)]
    assert receive_many(source_id=source.pk, bodies=bodies, now=now) == 1000
    assert receive_many(source_id=source.pk, bodies=bodies[:3], now=now) == 0
    assert receive_many(source_id=source.pk, bodies=[], now=now) == 0
