import csv
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from conversations.models import Conversation
from dashboards.aht import Query, causes, groups
from handling.models import AgentHandling
from tests import factories

MINUTE = timedelta(minutes=1)
FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAYS = {"from": "2026-11-20", "to": "2026-11-20"}


def handled(minutes: float, *, lost: float = 0, **values: str) -> AgentHandling:
    """Make one agent's completed part of a conversation, with its place in the rollup."""
    conversation = factories.conversation(
        started_at=FRIDAY, media_type=values.pop("media", "email"), queue_id=values.get("queue", "")
    )
    made = factories.handling(
        conversation,
        values.get("agent", "agent-1"),
        gross_s=int(minutes * 60),
        interrupted_s=int(lost * 60),
    )
    factories.roll_up(made)
    return made


def call() -> Conversation:
    return factories.conversation(started_at=FRIDAY, media_type="voice")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_adjusted_stands_beside_raw_and_the_difference_is_exactly_between_them(
    reader: Client,
) -> None:
    queue = factories.queue("Support EU")
    held = handled(52.2, lost=21.1, queue=queue.genesys_id)
    factories.interruption(held, call(), FRIDAY, 21.1)
    handled(30, queue=queue.genesys_id)

    page = text_of(reader.get("/aht/", DAYS).content.decode())

    # (52:12 + 30:00) / 2 and (31:06 + 30:00) / 2
    assert "Support EU Email 2 41:06 30:33 \N{MINUS SIGN}10:33 1 (50" in page
    assert "41:06 raw" in page
    assert "30:33 adjusted" in page
    assert "0:21 h Hold removed 1 interruption, 100" in page
    assert "20 Nov 2026, 2 handled" in page


def test_three_steps_lead_from_a_number_to_the_call_that_caused_it(reader: Client) -> None:
    queue, agent = factories.queue("Support EU"), factories.agent("A. Rossi")
    cause = call()
    held = handled(50, lost=18.6, queue=queue.genesys_id, agent=agent.genesys_id)
    factories.interruption(held, cause, FRIDAY + 5 * MINUTE, 18.6)

    path = "/aht/?from=2026-11-20&to=2026-11-20"
    for name in ("Support EU", "A. Rossi"):
        page = reader.get(path).content.decode()
        found = re.search(rf'<a href="(\?[^"]+)">{name}</a>', page)
        assert found
        path = "/aht/" + found[1].replace("&amp;", "&")
    page = reader.get(path).content.decode()

    assert f'href="/conversations/{cause.genesys_id}/"' in page
    assert f'href="/conversations/{held.conversation.genesys_id}/"' in page
    assert "hold 09:05:00\N{EN DASH}09:23:36, caused by" in text_of(page)
    assert "18:36" in page


def test_the_same_numbers_come_as_csv(reader: Client) -> None:
    handled(52.2, lost=21.1, queue="q")
    handled(30, queue="q")

    response = reader.get("/aht/", {**DAYS, "format": "csv"})
    [row] = csv.DictReader(StringIO(response.content.decode()))

    assert (row["raw_aht_s"], row["adjusted_aht_s"], row["difference_s"]) == ("2466", "1833", "633")
    assert (row["handled"], row["interrupted"], row["p90_adjusted_s"]) == ("2", "1", "1866")


def test_p90_is_the_nearest_rank_of_each_group(db: None) -> None:
    for minutes in range(1, 11):
        handled(minutes, queue="ten")
    handled(7, queue="one")
    for minutes in (1, 2):
        handled(minutes, queue="two")

    found = {g.genesys_id: g.p90_ms for g in groups(Query(date(2026, 11, 20), date(2026, 11, 20)))}

    assert found == {"ten": 9 * 60_000, "one": 7 * 60_000, "two": 2 * 60_000}


def test_causes_are_told_by_medium_and_only_for_what_the_filter_keeps(db: None) -> None:
    day = date(2026, 11, 20)
    mail = handled(50, lost=20, queue="q", agent="rossi")
    factories.interruption(mail, call(), FRIDAY, 15)
    factories.interruption(mail, factories.conversation(media_type="chat"), FRIDAY + 15 * MINUTE, 5)
    other = handled(50, lost=1, queue="q", agent="keller")
    factories.interruption(other, call(), FRIDAY, 1)

    found = causes(Query(day, day, agent="rossi"))

    assert [(c.media_type, c.legs, c.took) for c in found] == [
        ("voice", 1, 15 * MINUTE),
        ("chat", 1, 5 * MINUTE),
    ]
    assert causes(Query(day - timedelta(days=1), day - timedelta(days=1))) == []


def test_a_day_that_is_none_is_named_and_the_default_taken(reader: Client) -> None:
    wrong = reader.get("/aht/", {"from": "yesterday"}).content.decode()
    reversed_ = reader.get("/aht/", {"from": "2026-11-21", "to": "2026-11-20"}).content.decode()

    assert "is no day: write it as" in wrong
    assert "lies after" in reversed_


def test_without_completed_work_no_mean_is_shown(reader: Client) -> None:
    page = text_of(reader.get("/aht/", DAYS).content.decode())

    assert "Nothing was completed Fri 20 Nov 2026" in page
    assert "AHT, adjusted" not in page


def test_grouped_by_agent_the_page_names_agents(reader: Client) -> None:
    agent = factories.agent("M. Keller")
    handled(10, agent=agent.genesys_id, queue="q1")
    handled(20, agent=agent.genesys_id, queue="q2")

    page = text_of(reader.get("/aht/", {**DAYS, "by": "agent"}).content.decode())

    assert "M. Keller Email 2 15:00 15:00 00:00" in page


def test_queries_do_not_grow_with_the_rows(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        made = handled(10 + number, lost=1, queue=f"q{number}", agent="rossi")
        factories.interruption(made, call(), FRIDAY, 1)

    with django_assert_num_queries(11):
        reader.get("/aht/", DAYS)
    with django_assert_num_queries(13):
        page = reader.get("/aht/", {**DAYS, "agent": "rossi"}).content.decode()

    assert page.count("caused by") >= 60
