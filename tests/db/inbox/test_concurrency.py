"""Several workers at one inbox, on either database."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from integrations.domain.events import Carried, Event, Heard
from integrations.inbox import claims, process
from integrations.inbox.receive import receive_many
from integrations.models import GenesysEvent, InboxItem, Source

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def fill(now: datetime, count: int) -> None:
    source = Source.objects.create(name="s", kind=Source.Kind.GENESYS, created_at=now)
    bodies = [(b"%d" % number, None) for number in range(count)]
    receive_many(source_id=source.pk, bodies=bodies, now=now)


def at_once(work: object, *, workers: int = WORKERS) -> list[object]:
    """Do the same in several threads that start together, each with a connection of its own."""
    ready = threading.Barrier(workers)

    def one(_: int) -> object:
        try:
            ready.wait(timeout=10)
            assert callable(work)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, range(workers)))


def test_no_item_is_claimed_twice(now: datetime) -> None:
    fill(now, 400)

    def claim_all() -> list[int]:
        mine: list[int] = []
        while some := claims.claim(now=now, limit=7):
            mine += [item.pk for item in some]
        return mine

    pks = [pk for mine in at_once(claim_all) for pk in mine]  # type: ignore[attr-defined]
    assert len(pks) == len(set(pks)) == 400
    assert set(InboxItem.objects.values_list("attempts", "fence")) == {(1, 1)}


def test_each_item_and_each_event_takes_effect_once(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every event is told by four items, and workers meet at their keys."""
    monkeypatch.setattr(process, "BATCH", 10)
    fill(now, 400)
    heard: list[str] = []

    def read(kind: str, body: bytes) -> Sequence[Carried]:
        return [Carried("t", str(int(body) % 100), body)]

    def understand(carried: Carried) -> Event:
        return Event("t", conversation_id=carried.topic_id, at=datetime(2026, 3, 1, tzinfo=UTC))

    def take(new: Sequence[Heard], *, now: datetime) -> None:
        heard.extend(one.event.conversation_id for one in new)

    def work() -> int:
        done = process.process(now=now, read=read, understand=understand, take=take)
        return done.done

    while InboxItem.objects.filter(state="waiting").exists():
        at_once(work)
        InboxItem.objects.filter(state="waiting").update(due_at=now)  # put off by a deadlock
    assert GenesysEvent.objects.count() == 100
    # A transaction that was rolled back may have told its events before.
    told = Counter(heard)
    assert set(told) == {str(number) for number in range(100)}
    assert not InboxItem.objects.exclude(state="done", leased_until=None).exists()
