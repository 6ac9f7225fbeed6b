import csv
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from conversations.models import Agent, Conversation
from dashboards import agent_day
from dashboards.agent_rows import window
from tests import factories

MINUTE = timedelta(minutes=1)
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
PATH = "/agents/{}/2026-11-20/"


@pytest.fixture
def rossi(db: None) -> Agent:
    return factories.agent("A. Rossi")


def work(agent: Agent, media: str, *segments: tuple[str, int, int | None]) -> Conversation:
    """Make a conversation with one session of an agent: segments as (type, minute, length)."""
    conversation = factories.conversation(
        started_at=NINE + segments[0][1] * MINUTE, media_type=media
    )
    session = factories.session(conversation, user_id=agent.genesys_id)
    for segment_type, start, length in segments:
        factories.segment(session, segment_type, NINE + start * MINUTE, length)
    return conversation


def interrupted(agent: Agent) -> tuple[Conversation, Conversation]:
    """Make an e-mail that a call interrupts from 9:10 to 9:30."""
    mail = work(agent, "email", ("interact", 0, 10), ("hold", 10, 20), ("interact", 30, 10))
    call = work(agent, "voice", ("alert", 9, 1), ("interact", 10, 15), ("wrapup", 25, 5))
    held = factories.handling(mail, agent.genesys_id, gross_s=2400, interrupted_s=1200)
    factories.handling(call, agent.genesys_id, gross_s=1200)
    factories.interruption(held, call, NINE + 10 * MINUTE, 20)
    return mail, call


def page_of(agent: Agent) -> agent_day.Page:
    return agent_day.page(
        agent.genesys_id,
        day=date(2026, 11, 20),
        zone=ZoneInfo("UTC"),
        now=NINE + timedelta(hours=8),
    )


def test_the_table_tells_what_the_chart_draws_with_the_cause_of_each_interruption(
    reader: Client, rossi: Agent
) -> None:
    _, call = interrupted(rossi)

    page = reader.get(PATH.format(rossi.genesys_id)).content.decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))

    assert "A. Rossi · Fri 20 Nov 2026" in text
    assert re.search(r"09:10:00 20:00 Email \S+ Hold caused by an interruption Voice \S+ no", text)
    assert re.search(r"09:09:00 01:00 Voice \S+ Ringing — no", text)
    assert re.search(r"09:00:00 10:00 Email \S+ Live — yes", text)
    assert page.count(f"/conversations/{call.genesys_id}/") >= 4
    assert page.count("<a href=") > page.count('class="hit"') == 6


def test_a_hold_lies_exactly_under_the_work_that_caused_it(rossi: Agent) -> None:
    interrupted(rossi)

    chart = page_of(rossi).chart
    assert chart
    [hold] = [bar for bar in chart.bars if bar.css == "s-interrupted"]
    [live] = [bar for bar in chart.bars if bar.css == "s-voice"]
    [acw] = [bar for bar in chart.bars if bar.css == "s-acw"]
    [line] = chart.connectors

    assert hold.x == live.x == line.x
    assert hold.x + hold.width == pytest.approx(acw.x + acw.width, abs=1)
    assert [lane.text for lane in chart.lanes] == ["Voice", "Email"]
    assert line.top == live.y + 24
    assert line.bottom == hold.y


def test_work_at_the_same_time_gets_lanes_of_its_own(rossi: Agent) -> None:
    work(rossi, "message", ("interact", 0, 60))
    work(rossi, "message", ("interact", 30, 60))
    work(rossi, "message", ("interact", 60, 10))

    chart = page_of(rossi).chart

    assert chart
    assert [lane.text for lane in chart.lanes] == ["Message 1", "Message 2"]
    assert len({(bar.y, bar.x) for bar in chart.bars}) == 3


def test_tiles_tell_what_was_completed_lost_and_is_open(rossi: Agent) -> None:
    interrupted(rossi)
    work(rossi, "message", ("interact", 60, None))

    told = [(tile.value, tile.label, tile.fact) for tile in page_of(rossi).tiles]

    assert told == [
        ("1", "Voice handled", "AHT 20:00"),
        ("1", "Email handled", "AHT 40:00 \N{RIGHTWARDS ARROW} 20:00 adjusted"),
        ("0:20 h", "Lost to interruptions", "1 interruption"),
        ("7:40 h", "Live or after-call work", "09:00\N{EN DASH}17:00"),
        ("1", "Open now", "1 message"),
    ]


def at_work(agent: Agent) -> None:
    """Let an agent come at 8:30, be on queue from 9 to 15, with a meal at 12 for half an hour."""
    times = (-1620, -30, 0, 180, 210, 360)
    values = ("OFFLINE", "AVAILABLE", "ON_QUEUE", "MEAL", "ON_QUEUE", "OFFLINE")
    factories.present(
        agent.genesys_id,
        *((value, NINE + minute * MINUTE) for value, minute in zip(values, times, strict=True)),
    )


def test_presence_and_routing_status_lie_above_the_work(reader: Client, rossi: Agent) -> None:
    interrupted(rossi)
    at_work(rossi)

    page = page_of(rossi)
    text = re.sub(
        r"\s+",
        " ",
        re.sub(r"<[^>]+>", " ", reader.get(PATH.format(rossi.genesys_id)).content.decode()),
    )

    assert page.chart
    assert [lane.text for lane in page.chart.lanes] == ["Presence", "Routing", "Voice", "Email"]
    assert page.chart.ticks[0].text == "08:00"
    presence = [bar for bar in page.chart.bars if bar.href.startswith("#presence-")]
    assert [(bar.text, bar.css) for bar in presence] == [
        ("Offline", "r-gone"),
        ("Available", "r-quiet"),
        ("On queue", "r-there"),
        ("Meal", "r-resting"),
        ("On queue", "r-there"),
    ]
    assert ("r-there", "Idle, On queue") in page.chart.legend
    assert re.search(r"12:00:00 30:00 Presence Meal 12:00:00 30:00 Routing Off queue", text)
    [tile] = [tile for tile in page.tiles if tile.label == "On queue"]
    assert (tile.value, tile.fact) == ("85\N{NARROW NO-BREAK SPACE}%", "5:30 h of 6:30 h at work")


def test_a_day_of_presence_alone_is_drawn_too(reader: Client, rossi: Agent) -> None:
    at_work(rossi)

    page = reader.get(PATH.format(rossi.genesys_id)).content.decode()

    assert "No work of this agent on this day, only presence." in page
    assert page.count('class="hit"') > 6


def test_a_day_offline_is_no_day_at_work(reader: Client, rossi: Agent) -> None:
    factories.present(rossi.genesys_id, ("OFFLINE", NINE - timedelta(days=3)))

    page = reader.get(PATH.format(rossi.genesys_id)).content.decode()

    assert "No work and no presence of this agent on this day" in page


def test_the_list_says_what_each_agent_is_now(reader: Client, rossi: Agent) -> None:
    factories.present(rossi.genesys_id, ("AVAILABLE", NINE), ("ON_QUEUE", NINE + 5 * MINUTE))
    factories.agent("Z. Unknown")

    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reader.get("/agents/").content.decode()))

    assert re.search(r"A. Rossi On queue, idle since \S", text)
    assert "Z. Unknown \N{EM DASH} " in text


def test_what_was_held_all_night_does_not_stretch_the_axis(rossi: Agent) -> None:
    mail = work(rossi, "email", ("hold", -540, 560))
    factories.segment(mail.sessions.get(), "interact", NINE + 20 * MINUTE, 10)

    page = page_of(rossi)

    assert page.chart
    assert page.chart.ticks[0].text == "09:00"
    assert page.lines[0].started == "00:00:00"


def test_the_day_is_the_readers(reader: Client, rossi: Agent) -> None:
    work(rossi, "email", ("interact", 0, 10))
    reader.cookies["dcm_zone"] = "Pacific/Kiritimati"  # 14 hours ahead: it is 23:00 there

    same = reader.get(PATH.format(rossi.genesys_id)).content.decode()
    following = reader.get(f"/agents/{rossi.genesys_id}/2026-11-21/").content.decode()

    assert "23:00:00" in same
    assert "No work and no presence of this agent on this day" in following


def test_a_day_has_as_many_hours_as_its_zone_gives_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert window(date(2026, 10, 25), berlin).length == timedelta(hours=25)
    assert window(date(2026, 3, 29), berlin).length == timedelta(hours=23)


def test_the_table_comes_as_csv(reader: Client, rossi: Agent) -> None:
    mail, call = interrupted(rossi)

    response = reader.get(PATH.format(rossi.genesys_id), {"format": "csv"})
    found = list(csv.DictReader(StringIO(response.content.decode())))

    [hold] = [row for row in found if row["caused_by"]]
    assert (hold["conversation_id"], hold["caused_by"]) == (mail.genesys_id, call.genesys_id)
    assert (hold["duration_s"], hold["counts_in_adjusted"]) == ("1200", "False")
    assert hold["start_utc"] == "2026-11-20T09:10:00+00:00"


def test_queries_do_not_grow_with_the_work(
    reader: Client, rossi: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        work(rossi, "email", ("interact", number * 10, 8))

    with django_assert_num_queries(10):
        reader.get(PATH.format(rossi.genesys_id))


def test_agents_of_a_day_are_listed_with_what_they_handled(reader: Client, rossi: Agent) -> None:
    factories.agent("Z. Idle")
    mail, _ = interrupted(rossi)
    factories.roll_up(*mail.handlings.all())

    page = reader.get("/agents/", {"day": "2026-11-20"}).content.decode()
    found = reader.get("/agents/", {"q": "ross"}).content.decode()
    chosen = reader.get("/agents/", {"agent": rossi.genesys_id, "day": "2026-11-20"})

    assert page.index("A. Rossi") < page.index("Z. Idle")
    assert "40:00" in page
    assert "Z. Idle" not in found
    assert chosen.headers["Location"] == PATH.format(rossi.genesys_id)


def test_an_agent_alone_leads_to_the_present_day(reader: Client, rossi: Agent) -> None:
    answer = reader.get(f"/agents/{rossi.genesys_id}/")

    assert re.fullmatch(
        rf"/agents/{rossi.genesys_id}/\d{{4}}-\d\d-\d\d/", answer.headers["Location"]
    )
