"""What events told of is read again, once for however many, and until the reading shows it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations import live
from conversations.domain.expectations import Expectation
from conversations.domain.live import News
from conversations.models import Audience, CommonEvent, Conversation
from integrations.errors import RateLimitedError, TemporaryError
from integrations.genesys import orders, wanted
from integrations.genesys.client import Client, Credentials
from integrations.genesys.orders import Order, want
from integrations.genesys.rereads import PATH
from integrations.genesys.wanted import reread_wanted
from integrations.models import Reading, Wanted, Watermark
from tests.documents import at, conversation, participant, segment, session
from tests.http.genesys.moving import Moving

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
BEGUN = Expectation("s-new", "begun")


@pytest.fixture
def clock(now: datetime) -> Moving:
    return Moving(now)


@pytest.fixture
def reader(client: Client, host: Any, clock: Moving) -> Client:
    """A client whose clock the test moves; the cache is the test's own."""
    return Client(Credentials(host.url, "an-id", "a-secret"), clock=clock.now)


def order(*ids: str, expects: tuple[Expectation, ...] = (), urgent: bool = False) -> list[Order]:
    return [Order(one, expects, urgent) for one in ids]


def document(name: str = "c1", *sessions: Any) -> dict[str, Any]:
    return conversation(name, participant("p", "agent", *sessions, userId="u1"))


def tell_used(client: Client, count: int) -> None:
    told = {"count": str(count), "allowed": "300", "reset": "60"}
    client.budget.note({f"inin-ratelimit-{name}": value for name, value in told.items()})


def test_a_burst_of_events_is_one_reading(analytics: Any, reader: Client, now: datetime) -> None:
    analytics.conversations = [document("c1"), document("c2")]
    for name in ("c1", "c2", "c1", "c1"):
        want(orders=order(name, name), now=now)

    read = reread_wanted(client=reader, now=now)

    assert analytics.batches == [["c1", "c2"]]
    assert (read.requests, read.taken.recorded.new) == (1, 2)
    assert not Wanted.objects.exists()
    assert Reading.objects.filter(read_at=now).count() == 2
    assert Watermark.objects.get(road="genesys.wanted").succeeded_at == now


def test_fifty_are_read_by_one_call(analytics: Any, reader: Client, now: datetime) -> None:
    analytics.conversations = [document(f"c{n}") for n in range(120)]
    want(orders=order(*(f"c{n}" for n in range(120))), now=now)

    assert reread_wanted(client=reader, now=now).taken.recorded.new == 120
    assert [len(ids) for ids in analytics.batches] == [50, 50, 20]


def test_a_reading_that_does_not_show_it_yet_is_made_again(
    analytics: Any, reader: Client, clock: Moving
) -> None:
    analytics.conversations = [document("c1")]
    want(orders=order("c1", expects=(BEGUN,)), now=clock.at)

    reread_wanted(client=reader, now=clock.at)
    (row,) = Wanted.objects.all()
    assert (row.attempts, row.due_at - clock.at, row.given_up_at) == (1, 2 * SECOND, None)
    assert reread_wanted(client=reader, now=clock.at).requests == 0

    analytics.conversations = [document("c1", session("s-new", segment("alert", 1)))]
    clock.at += 2 * SECOND
    reread_wanted(client=reader, now=clock.at)
    assert not Wanted.objects.exists()


def test_where_anybody_listens_it_is_read_again_as_soon_as_a_handover_may_be_over(
    analytics: Any, reader: Client, clock: Moving
) -> None:
    talked = segment("interact", 1, 2, disconnectType="client")
    customer = participant("p0", "customer", session("s0", segment("interact", 0)))
    analytics.conversations = [document("c1", session("s1", talked))]
    analytics.conversations[0]["participants"].append(customer)
    clock.at = at(2) + SECOND
    ended = Expectation("s1", "ended")
    want(orders=order("c1", expects=(ended,)), now=clock.at)
    reread_wanted(client=reader, now=clock.at)
    assert not Wanted.objects.exists()  # nobody is to be told: a later look is early enough

    Audience.objects.create(name="somebody")
    clock.at += SECOND
    want(orders=order("c1", expects=(ended,)), now=clock.at)
    reread_wanted(client=reader, now=clock.at)
    (row,) = Wanted.objects.all()
    assert (row.due_at, row.expects) == (at(2) + 5.1 * SECOND, [])
    assert not CommonEvent.objects.filter(name="handover.ended").exists()

    clock.at = row.due_at
    reread_wanted(client=reader, now=clock.at)
    assert CommonEvent.objects.get(name="handover.ended").at == at(2)
    assert not Wanted.objects.exists()


def test_what_is_never_shown_is_given_up_after_growing_delays_and_may_be_retried(
    analytics: Any, reader: Client, clock: Moving
) -> None:
    analytics.conversations = [document("c1")]
    want(orders=order("c1", expects=(BEGUN,)), now=clock.at)
    waits = []
    for _ in (*orders.DELAYS, None):
        reread_wanted(client=reader, now=clock.at)
        due_at = Wanted.objects.get().due_at
        waits.append(due_at - clock.at)
        clock.at = due_at

    row = Wanted.objects.get()
    assert waits == [*orders.DELAYS, timedelta()]
    assert row.given_up_at == clock.at
    assert row.reason == "not shown yet: session s-new begun"
    assert reread_wanted(client=reader, now=clock.at + timedelta(days=1)).requests == 0

    assert orders.retry(pks=[row.pk], now=clock.at) == 1
    assert reread_wanted(client=reader, now=clock.at).requests == 1


def test_a_new_event_revives_what_was_given_up(reader: Client, now: datetime) -> None:
    want(orders=order("c1", expects=(BEGUN,)), now=now)
    Wanted.objects.update(given_up_at=now, attempts=7, reason="not shown yet")

    want(orders=order("c1"), now=now + SECOND)

    (row,) = Wanted.objects.all()
    assert (row.given_up_at, row.attempts, row.reason) == (None, 0, "")
    assert (row.ordered_at, row.expects) == (now + SECOND, [BEGUN.plain()])


def test_urgent_ones_are_read_first_and_from_what_is_kept_for_them(
    analytics: Any, reader: Client, now: datetime
) -> None:
    analytics.conversations = [document("c1"), document("c2")]
    want(orders=order("c1"), now=now)
    want(orders=order("c2", urgent=True), now=now)
    tell_used(reader, 300 - wanted.RESERVE)

    reread_wanted(client=reader, now=now)

    assert analytics.batches == [["c2"]]
    assert Wanted.objects.get().genesys_id == "c1"


def test_what_is_left_for_others_is_no_failure_and_what_was_claimed_comes_next(
    analytics: Any, reader: Client, now: datetime
) -> None:
    want(orders=order("c1", urgent=True), now=now)
    tell_used(reader, 298)

    assert reread_wanted(client=reader, now=now).requests == 0
    assert Wanted.objects.get().leased_until is None
    assert not Watermark.objects.filter(failing_since__isnull=False).exists()


def test_nothing_is_asked_while_genesys_bids_us_wait(
    analytics: Any, reader: Client, now: datetime
) -> None:
    want(orders=order("c1"), now=now)
    reader.budget.block(30)

    assert reread_wanted(client=reader, now=now).requests == 0
    assert Wanted.objects.get().leased_until is None


@pytest.mark.parametrize(("status", "error"), [(503, TemporaryError), (429, RateLimitedError)])
def test_a_reading_that_fails_is_given_back_and_costs_no_attempt(
    host: Any, reader: Client, now: datetime, status: int, error: type[Exception]
) -> None:
    want(orders=order("c1"), now=now)
    host.routes[PATH] = lambda stage: stage.answer(status, {}, Retry_After="7")

    with pytest.raises(error):
        reread_wanted(client=reader, now=now)

    row = Wanted.objects.get()
    assert (row.attempts, row.leased_until) == (0, None)
    assert Watermark.objects.get(road="genesys.wanted").failing_since == now


def test_an_id_that_genesys_refuses_stands_alone_with_its_reason(
    analytics: Any, reader: Client, now: datetime
) -> None:
    analytics.conversations = [document(f"c{n}") for n in range(8)]
    analytics.poison = "c5"
    want(orders=order(*(f"c{n}" for n in range(8))), now=now)

    assert reread_wanted(client=reader, now=now).taken.recorded.new == 7

    row = Wanted.objects.get()
    assert row.genesys_id == "c5"
    assert row.reason.startswith("refused: ")
    assert row.due_at == now + orders.REFUSED_WAIT


def test_an_id_that_genesys_refuses_is_left_in_peace_however_many_events_name_it(
    analytics: Any, reader: Client, clock: Moving
) -> None:
    analytics.conversations, analytics.poison = [document("c1")], "c5"
    want(orders=order("c5"), now=clock.at)
    (claimed,) = orders.claim(now=clock.at, limit=50)
    want(orders=order("c5", expects=(BEGUN,)), now=clock.at)  # while it is being read
    orders.put_off_refused(claimed, why="400", now=clock.at)
    for _ in range(3):
        clock.at += 60 * SECOND
        want(orders=order("c1", "c5"), now=clock.at)
        reread_wanted(client=reader, now=clock.at)
    assert analytics.batches == [["c1"]] * 3
    row = Wanted.objects.get()
    assert (row.reason, row.attempts, row.expects) == ("refused: 400", 1, [BEGUN.plain()])

    clock.at = row.due_at
    reread_wanted(client=reader, now=clock.at)
    assert analytics.batches[3:] == [["c5"]]
    assert Wanted.objects.get().attempts == 2
    assert orders.retry(pks=[row.pk], now=clock.at) == 1  # somebody has mended it, or thinks so
    reread_wanted(client=reader, now=clock.at)
    assert analytics.batches[4:] == [["c5"]]


def test_what_was_read_before_the_rate_limit_was_reached_is_not_read_again(
    analytics: Any, reader: Client, now: datetime
) -> None:
    analytics.conversations = [document(f"c{n}") for n in range(8)]
    analytics.poison = "c5"
    want(orders=order(*(f"c{n}" for n in range(8)), urgent=True), now=now)
    tell_used(reader, 300 - 6 - 2)  # six are never used: two requests are left

    reread_wanted(client=reader, now=now)

    assert analytics.batches == [[f"c{n}" for n in range(8)], ["c0", "c1", "c2", "c3"]]
    left = Wanted.objects.order_by("genesys_id").values_list("genesys_id", "leased_until")
    assert list(left) == [(f"c{n}", None) for n in range(4, 8)]


def test_a_conversation_that_genesys_does_not_have_is_given_up_with_that_reason(
    analytics: Any, reader: Client, clock: Moving
) -> None:
    want(orders=order("nowhere"), now=clock.at)
    for _ in (*orders.DELAYS, None):
        reread_wanted(client=reader, now=clock.at)
        clock.at = Wanted.objects.get().due_at

    row = Wanted.objects.get()
    assert (row.given_up_at, row.reason) == (clock.at, "Genesys does not show it")


def test_news_that_waited_for_its_conversation_is_told_with_the_reading(
    analytics: Any, reader: Client, now: datetime
) -> None:
    rings = document("c1", session("s", segment("alert", 5)))
    analytics.conversations = [rings]
    live.record_news(news=[News("c1", "s", "connected", at(6), queue_id="q")], now=now)
    want(orders=order("c1"), now=now)

    reread_wanted(client=reader, now=now)

    assert CommonEvent.objects.get(name="agent.connected").at == at(6)


def test_a_conversation_is_not_read_twice_within_a_second(
    analytics: Any, reader: Client, clock: Moving
) -> None:
    analytics.conversations = [document("c1")]
    want(orders=order("c1"), now=clock.at)
    reread_wanted(client=reader, now=clock.at)

    clock.at += SECOND / 4
    want(orders=order("c1"), now=clock.at)
    assert reread_wanted(client=reader, now=clock.at).requests == 0
    clock.at += SECOND
    assert reread_wanted(client=reader, now=clock.at).requests == 1
    assert Conversation.objects.count() == 1
