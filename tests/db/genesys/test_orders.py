"""Orders and readers that meet, and readings that change hands."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random

import pytest
from django.db import connection

from conversations import live, services
from conversations.domain.expectations import Expectation
from conversations.domain.live import News
from conversations.models import CommonEvent, SessionState
from integrations.genesys import orders
from integrations.genesys.orders import Order
from integrations.models import Wanted
from tests.documents import at, conversation, participant, segment, session
from tests.heard import snapshot

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
BEGUN = Expectation("s-new", "begun")


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Do some works on connections of their own, four at a time; an error of one is raised."""

    def run(work: Callable[[], object]) -> object:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        return [future.result() for future in [pool.submit(run, work) for work in works]]


def test_no_order_is_lost_where_several_order_the_same(now: datetime) -> None:
    chance = Random(1)
    names = [f"c{n}" for n in range(10)]

    def order(number: int) -> Callable[[], object]:
        some = [Order(one, (Expectation(f"s{number}", "begun"),)) for one in names]
        shuffled = chance.sample(some, len(some))
        return lambda: orders.want(orders=shuffled, now=now)

    at_once([order(number) for number in range(12)])

    rows = Wanted.objects.all()
    assert len(rows) == 10
    assert all({e["session"] for e in row.expects} == {f"s{n}" for n in range(12)} for row in rows)


def test_no_reading_is_claimed_by_two(now: datetime) -> None:
    orders.want(orders=[Order(f"c{n}") for n in range(200)], now=now)

    claimed = at_once([lambda: orders.claim(now=now, limit=20)] * 12)

    ids = [one.pk for some in claimed for one in some]  # type: ignore[attr-defined]
    assert len(ids) == len(set(ids)) == 200


def test_news_and_readings_that_meet_tell_each_event_once(now: datetime) -> None:
    talks = [segment("alert", 5, 6), segment("interact", 6, 10), segment("hold", 10)]
    names = [f"c{n}" for n in range(8)]

    def news(name: str, state: str, minutes: float) -> Callable[[], object]:
        one = News(name, f"s-{name}", state, at(minutes), queue_id="q")
        return lambda: live.record_news(news=[one], now=now)

    def read(name: str) -> Callable[[], object]:
        agent = participant("p", "agent", session(f"s-{name}", *talks), userId="u")
        one = snapshot(conversation(name, agent), at(11))
        return lambda: services.record(snapshots=[one], now=now)

    works = [
        work
        for name in names
        for work in (news(name, "connected", 6), read(name), news(name, "held", 10), read(name))
    ]
    at_once(Random(2).sample(works, len(works)))
    live.tell(genesys_ids=names, now=now)

    told = CommonEvent.objects.filter(name__in=("agent.connected", "hold.started"))
    assert sorted(told.values_list("name", "at")) == sorted(
        [("agent.connected", at(6)), ("hold.started", at(10))] * 8
    )
    assert not SessionState.objects.filter(told=False).exists()


def test_no_order_is_lost_to_a_reader_who_settles_the_same(now: datetime) -> None:
    names = [f"c{n}" for n in range(20)]
    read: list[tuple[str, str]] = []

    def order(number: int) -> Callable[[], object]:
        some = [Order(one, (Expectation(f"s{number}", "begun"),)) for one in names]
        return lambda: orders.want(orders=some, now=now)

    def settle() -> None:
        for _ in range(10):
            claimed = orders.claim(now=now, limit=20)
            read.extend((one.genesys_id, e.session_id) for one in claimed for e in one.expects)
            orders.settle(claimed)

    works = [work for number in range(24) for work in (order(number), settle)]
    at_once(works)

    left = {(row.genesys_id, e["session"]) for row in Wanted.objects.all() for e in row.expects}
    assert {*read} | left == {(one, f"s{number}") for one in names for number in range(24)}


def test_an_order_during_the_reading_is_not_lost(now: datetime) -> None:
    orders.want(orders=[Order("c1")], now=now)
    claimed = orders.claim(now=now, limit=50)
    orders.want(orders=[Order("c1", (BEGUN,))], now=now)
    assert orders.claim(now=now, limit=50) == []
    orders.settle(claimed)

    (again,) = orders.claim(now=now, limit=50)
    assert again.expects == (BEGUN,)
    orders.put_off(claimed[0], lacking=(), reason="late", now=now)
    assert Wanted.objects.get().reason == ""


def test_who_died_while_reading_leaves_it_to_the_next(now: datetime) -> None:
    orders.want(orders=[Order("c1")], now=now)
    assert len(orders.claim(now=now, limit=50)) == 1

    assert orders.claim(now=now + orders.LEASE - SECOND, limit=50) == []
    assert len(orders.claim(now=now + orders.LEASE, limit=50)) == 1


def test_who_lost_a_reading_to_another_does_not_give_it_back(now: datetime) -> None:
    orders.want(orders=[Order("c1")], now=now)
    slow = orders.claim(now=now, limit=50)
    later = now + orders.LEASE
    (quick,) = orders.claim(now=later, limit=50)

    orders.release(slow)
    orders.settle(slow)
    orders.put_off(slow[0], lacking=(), reason="late", now=later)

    row = Wanted.objects.get()
    assert (row.leased_until, row.reason) == (later + orders.LEASE, "")
    assert orders.claim(now=later, limit=50) == []
    orders.settle([quick])
    assert not Wanted.objects.exists()


@pytest.mark.needs("postgresql", reason="SQLite asks a SELECT in an UPDATE once")
def test_no_more_are_claimed_than_asked_for_whatever_statistics_say(now: datetime) -> None:
    orders.want(orders=[Order("c0")], now=now)
    with connection.cursor() as cursor:  # from here on it is taken for a table of one row
        cursor.execute(f"ANALYZE {Wanted._meta.db_table}")
    orders.want(orders=[Order(f"c{n}") for n in range(1, 31)], now=now)

    assert [len(orders.claim(now=now, limit=10)) for _ in range(4)] == [10, 10, 10, 1]
