"""Pages that drift, repeat, are missing or too many, and runs that are stopped in the middle."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.models import Conversation
from integrations.errors import BudgetSpentError, TemporaryError
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.genesys.poll import find_open, last_day, poll
from integrations.models import Gap, Watermark
from simulator.clock import ManualClock
from simulator.server import Served

pytestmark = pytest.mark.django_db
QUERY = "/api/v2/analytics/conversations/details/query"


def _at(now: datetime, **before: float) -> str:
    at = now - timedelta(**before)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fill(analytics: Any, now: datetime, count: int) -> None:
    for i in range(count):
        analytics.add(f"c-{i:04}", _at(now, minutes=(i + 1) / 2))


def _numbers(analytics: Any) -> list[int]:
    return [query["paging"]["pageNumber"] for query in analytics.queries]


class Pages:
    """Lets the host answer pages wrongly: fault(number, time asked) -> the page to tell."""

    def __init__(self, host: Any, analytics: Any, fault: Any) -> None:
        self.asked: dict[int, int] = {}
        self.analytics, self.fault = analytics, fault
        host.routes[QUERY] = self.answer

    def answer(self, stage: Any) -> None:
        query = json.loads(stage.body)
        number = query["paging"]["pageNumber"]
        self.asked[number] = self.asked.get(number, 0) + 1
        self.analytics.queries.append(query)
        start, end = query["interval"].split("/")
        found = self.analytics._select(query, start, end)
        page = self.fault(number, self.asked[number])
        told = found[100 * (page - 1) : 100 * page]
        stage.answer(body={"totalHits": len(found), **({"conversations": told} if told else {})})


@pytest.mark.parametrize(
    "fault",
    [
        lambda number, time: 1 if (number, time) == (2, 1) else number,  # a page repeats
        lambda number, time: 4 if (number, time) == (2, 1) else number,  # a page is missing
        lambda number, time: 9 if (number, time) == (1, 1) else number,  # the first is empty
    ],
)
def test_a_window_whose_count_is_short_is_read_again(
    host: Any, analytics: Any, client: Client, now: datetime, fault: Any
) -> None:
    _fill(analytics, now, 350)
    pages = Pages(host, analytics, fault)

    find_open(client=client, now=now)

    assert Conversation.objects.count() == 350
    assert max(pages.asked.values()) <= 18


def test_a_total_that_is_wrong_for_good_ends_the_reading_all_the_same(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _fill(analytics, now, 120)
    asked = []

    def exaggerate(stage: Any) -> None:
        query = json.loads(stage.body)
        start, end = query["interval"].split("/")
        found = analytics._select(query, start, end)
        number = query["paging"]["pageNumber"]
        asked.append(number)
        stage.answer(
            body={"totalHits": 900, "conversations": found[100 * (number - 1) : 100 * number]}
        )

    host.routes[QUERY] = exaggerate
    poll(client=client, now=now)

    assert Conversation.objects.count() == 120
    assert len(asked) < 30


def test_the_last_page_is_read_twice_for_what_slid_into_it(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _fill(analytics, now, 150)

    pages = Pages(host, analytics, lambda number, _: number)

    def answer(stage: Any) -> None:
        pages.answer(stage)
        if pages.asked.get(2) == 1:
            analytics.add("late", _at(now, hours=20))

    host.routes[QUERY] = answer
    find_open(client=client, now=now)

    assert Conversation.objects.filter(genesys_id="late").exists()


def test_what_is_no_answer_is_asked_for_again_at_once_but_not_for_ever(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _fill(analytics, now, 20)
    wrong = [
        lambda s: s.answer(200, b"<html>Maintenance</html>"),
        lambda s: s.answer(200, b'{"conversations": [{"conversationId"'),
    ]
    host.routes[QUERY] = lambda s: wrong.pop(0)(s) if wrong else analytics.query(s)
    poll(client=client, now=now)
    assert Conversation.objects.count() == 20

    host.routes[QUERY] = lambda s: s.answer(500, {})
    before = len(host.calls)
    with pytest.raises(TemporaryError):
        poll(client=client, now=now)
    assert len(host.calls) - before == 3


def test_a_run_that_is_stopped_goes_on_at_the_page_where_it_was(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _fill(analytics, now, 900)
    counted = []

    def stop(stage: Any) -> None:
        counted.append(json.loads(stage.body)["paging"]["pageNumber"])
        if counted.count(6) in {1, 2, 3} and counted[-1] == 6:
            stage.answer(503, {})
        else:
            analytics.query(stage)

    host.routes[QUERY] = stop
    with pytest.raises(TemporaryError):
        poll(client=client, now=now)
    assert Conversation.objects.count() == 500
    analytics.queries.clear()
    later = now + timedelta(minutes=1)
    analytics.add("new", _at(now, seconds=-30))
    client.clock = lambda: later

    poll(client=client, now=later)
    assert _numbers(analytics)[0] == 4
    assert Watermark.objects.get(road="genesys.poll").read_to == now
    poll(client=client, now=later)
    assert Conversation.objects.count() == 901


def test_a_spent_budget_fails_nothing_and_the_next_run_goes_on(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _fill(analytics, now, 500)
    client.priority = Priority.BACKGROUND

    def counting(stage: Any) -> None:
        client.budget.note(
            {
                "inin-ratelimit-count": "199" if len(analytics.queries) == 2 else "1",
                "inin-ratelimit-allowed": "300",
                "inin-ratelimit-reset": "60",
            }
        )
        analytics.query(stage)

    host.routes[QUERY] = counting
    with pytest.raises(BudgetSpentError):
        poll(client=client, now=now)

    row = Watermark.objects.get(road="genesys.poll")
    assert (row.failing_since, row.succeeded_at, row.leased_until) == (None, None, None)
    assert row.place["page"] >= 2


def test_more_than_can_be_paged_through_is_halved_before_it_is_read(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _fill(analytics, now, 300)
    analytics.cap = 100_000

    def huge(stage: Any) -> None:
        query = json.loads(stage.body)
        start, end = query["interval"].split("/")
        found = analytics._select(query, start, end)
        whole = "conversationFilters" not in query
        number = query["paging"]["pageNumber"]
        analytics.queries.append(query)
        stage.answer(
            body={
                "totalHits": 250_000 if whole else len(found),
                "conversations": found[100 * (number - 1) : 100 * number],
            }
        )

    host.routes[QUERY] = huge
    poll(client=client, now=now)

    assert Conversation.objects.count() == 300
    wide = [q for q in analytics.queries if "conversationFilters" not in q]
    assert {q["paging"]["pageNumber"] for q in wide} == {1}


def test_the_last_day_finds_what_was_reopened_and_ended_between_two_looks(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.add("old", _at(now, days=20), _at(now, days=19))
    poll(client=client, now=now, since=now - timedelta(days=21))
    analytics.conversations[0]["conversationEnd"] = _at(now, hours=20)
    analytics.add("late", _at(now, hours=25))

    last_day(client=client, now=now)

    assert Conversation.objects.get(genesys_id="old").ended_at == now - timedelta(hours=20)
    assert Conversation.objects.filter(genesys_id="late").exists()


def test_the_last_day_goes_back_to_where_it_got_to_after_a_long_downtime(
    analytics: Any, client: Client, now: datetime
) -> None:
    last_day(client=client, now=now - timedelta(days=4))
    analytics.add("missed", _at(now, days=3))
    client.clock = lambda: now

    last_day(client=client, now=now)

    assert Conversation.objects.filter(genesys_id="missed").exists()
    assert Gap.objects.get(road="genesys.last_day").filled_at == now


def test_an_open_one_of_sixty_days_ago_is_found(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.add("old", _at(now, days=60))

    find_open(client=client, now=now)

    assert Conversation.objects.filter(genesys_id="old").exists()


@pytest.fixture
def clock(epoch: datetime) -> ManualClock:
    return ManualClock(epoch + timedelta(hours=8))


def test_three_cycles_that_were_dropped_are_noticed_and_filled_by_the_next_run(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    poll(client=simulated, now=clock.now())
    centre.centre.faults.put([{"path": "/api/*", "kind": "error", "status": 500}])
    for _ in range(3):
        clock.advance(60)
        with pytest.raises(TemporaryError):
            poll(client=simulated, now=clock.now())
    clock.advance(60)
    centre.centre.faults.put([])

    poll(client=simulated, now=clock.now())

    gap = Gap.objects.get()
    assert gap.filled_at is not None
    assert "500" in gap.reason
    assert set(Conversation.objects.values_list("genesys_id", flat=True)) == set(
        centre.centre.world.conversations
    )
