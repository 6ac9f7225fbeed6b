"""The SLA report: promises kept by day, queue, agent and policy, and the waits behind them."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from conversations.models import Agent, Queue
from sla.models import Wait
from tests import factories

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
DAYS = {"from": "2026-11-16", "to": "2026-11-20"}


@pytest.fixture
def returns(db: None) -> Queue:
    return factories.queue("Returns")


@pytest.fixture
def rossi(db: None) -> Agent:
    return factories.agent("A. Rossi")


def waited(minutes: float, ended_at: datetime = NOON, **values: Any) -> Wait:
    """Make a wait of so many minutes against four hours."""
    of = factories.conversation(
        started_at=ended_at - minutes * MINUTE,
        **{k: values.pop(k) for k in ("queue_id", "user_id") if k in values},
    )
    return factories.wait(of, ended_at=ended_at, minutes=minutes, **values)


def shown(reader: Client, **query: str) -> str:
    response = reader.get("/sla/", DAYS | query)
    assert response.status_code == 200
    return response.content.decode()


def lines(page: str) -> list[str]:
    """Return the rows of the first table, cells joined by bars."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", one, re.DOTALL) for one in found]
    return [" | ".join(re.sub(r"<[^>]+>", "", cell).strip() for cell in row) for row in cells]


def rows_of(reader: Client, **query: str) -> list[list[str]]:
    response = reader.get("/sla/", DAYS | query)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(StringIO(response.content.decode())))


def test_exactly_the_target_is_met_and_days_add_up(reader: Client) -> None:
    waited(240)
    waited(240.001, met=False)
    overnight = NOON + timedelta(hours=8)  # closed from 20:30, and opened again at 11:00
    waited(60, NOON + timedelta(days=1), started_at=overnight, paused_ms=30 * 60_000)
    waited(60, NOON - timedelta(days=30))

    page = shown(reader)

    assert lines(page) == [
        "Wed 18 Nov 2026 | 50\u202f% | 1 of 2 | 1 | 4:00 h | 0:00 h | 0:00 h",
        "Thu 19 Nov 2026 | 100\u202f% | 1 of 1 | 0 | 1:00 h | 0:30 h | 14:30 h",
        "Total | 67\u202f% | 2 of 3 | 1 | 3:00 h | 0:10 h | 4:50 h",
    ]
    assert "3 waits that ended 16\u201320 Nov 2026" in page


def test_a_day_is_the_centres(reader: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    waited(10, datetime(2026, 11, 17, 22, 59, tzinfo=UTC))
    waited(10, datetime(2026, 11, 17, 23, 1, tzinfo=UTC))
    waited(10, datetime(2026, 11, 15, 22, 59, tzinfo=UTC))

    days = [line.partition(" |")[0] for line in lines(shown(reader))]
    assert days == ["Tue 17 Nov 2026", "Wed 18 Nov 2026", "Total"]


def test_groups_have_names_and_the_least_met_stand_first(
    reader: Client, returns: Queue, rossi: Agent
) -> None:
    policy = factories.policy("Premium")
    waited(10, queue_id=returns.genesys_id, user_id=rossi.genesys_id, policy=policy)
    waited(300, queue_id=returns.genesys_id, user_id="")
    waited(10, queue_id="", user_id="77777777-unknown")

    assert [line.split(" | ")[0:3] for line in lines(shown(reader, by="queue"))] == [
        ["Returns", "50\u202f%", "1 of 2"],
        ["no queue", "100\u202f%", "1 of 1"],
        ["Total", "67\u202f%", "2 of 3"],
    ]
    agents = [line.split(" | ")[0] for line in lines(shown(reader, by="agent"))]
    assert agents == ["nobody: it ended unanswered", "77777777", "A. Rossi", "Total"]
    policies = [line.split(" | ")[0] for line in lines(shown(reader, by="policy"))]
    assert policies == ["Four hours at any time", "Premium", "Total"]


def test_a_row_leads_to_the_waits_behind_it(reader: Client, returns: Queue, rossi: Agent) -> None:
    late = waited(300, queue_id=returns.genesys_id, user_id=rossi.genesys_id)
    fine = waited(10, queue_id=returns.genesys_id)
    waited(10, kind="resolution")

    page = shown(reader, by="queue")
    links = re.findall(r'<th scope="row"[^>]*><a href="([^"]+)"', page)
    assert f"queue={returns.genesys_id}" in links[0]
    assert "by=agent" in links[0]
    assert "The waits behind it" not in page
    below = shown(reader, queue=returns.genesys_id)
    of = [late.conversation.genesys_id, fine.conversation.genesys_id]
    assert re.findall(r'href="/conversations/(conv-[^"]+)/"', below) == of
    assert "5:00 h of 4:00 h</span><small>1:00 h late" in below
    for query in ({"result": "breached"}, {"agent": rossi.genesys_id}):
        found = re.findall(r'href="/conversations/(conv-[^"]+)/"', shown(reader, **query))
        assert found == of[:1]
    assert lines(shown(reader, kind="resolution"))[0].split(" | ")[2] == "1 of 1"


def test_what_goes_on_and_is_late_is_said_beside(reader: Client, moment: datetime) -> None:
    for minutes in (300, 10):
        since = moment - minutes * MINUTE
        factories.clock(factories.conversation(started_at=since), since=since)
    page = shown(reader)

    assert '<b>1</b>Breached and not over<span class="fact below">not counted here yet' in page
    assert "No wait ended" in page


def test_the_table_and_the_waits_are_there_as_csv(
    reader: Client, returns: Queue, rossi: Agent
) -> None:
    late = waited(300, queue_id=returns.genesys_id, user_id=rossi.genesys_id, paused_ms=1_000)
    waited(10, queue_id=returns.genesys_id)

    assert rows_of(reader, by="queue", format="csv")[1:] == [
        ["Returns", returns.genesys_id, "2", "1", "1", "50.0", "18600", "1", "0"]
    ]
    head, first, _ = rows_of(reader, format="waits")
    assert dict(zip(head, first, strict=True)) == {
        "conversation_id": late.conversation.genesys_id,
        "clock": "next_response",
        "result": "breached",
        "started_at_utc": "2026-11-18T07:00:00+00:00",
        "ended_at_utc": "2026-11-18T12:00:00+00:00",
        "ended_at_local": "2026-11-18T12:00:00+00:00",
        "used_s": "18000",
        "target_s": "14400",
        "paused_s": "1",
        "queue": "Returns",
        "queue_id": returns.genesys_id,
        "agent": "A. Rossi",
        "agent_id": rossi.genesys_id,
        "policy": "Four hours at any time",
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "yesterday"}, "“From” &#x27;yesterday&#x27; is no day"),
        ({"to": "9999-12-31"}, "“To” 9999-12-31 is too far away"),
        ({"from": "2026-11-21"}, "lies after “to”"),
        ({"by": "moon", "kind": "x", "result": "x", "policy": "x"}, "SLA report"),
        ({"policy": "9" * 30}, "SLA report"),
    ],
)
def test_what_cannot_be_meant_is_said_and_the_page_still_comes(
    reader: Client, query: dict[str, str], said: str
) -> None:
    assert said in shown(reader, **query)


def test_more_waits_ask_no_more_queries(
    reader: Client, returns: Queue, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for minutes in range(1, 120):
        waited(minutes, queue_id=returns.genesys_id)
    with django_assert_num_queries(10):
        page = shown(reader, queue=returns.genesys_id)
    assert "the first 100 are shown" in page
