import csv
import re
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from conversations.models import Conversation
from sla.models import Clock
from tests import factories

MINUTE = timedelta(minutes=1)
HX = {"HX-Request": "true"}


def waiting(moment: datetime, minutes: float, **values: object) -> Conversation:
    """Make a conversation whose customer has waited so long, on a clock that never stands."""
    conversation = factories.conversation(started_at=moment - minutes * MINUTE, **values)
    factories.clock(conversation, since=moment - minutes * MINUTE)
    return conversation


def held(conversation: Conversation, moment: datetime, minutes: float) -> None:
    session = factories.session(conversation, user_id="a")
    factories.segment(session, "interact", conversation.started_at, 5)
    factories.segment(session, "hold", moment - minutes * MINUTE, None)


def alone(conversation: Conversation, moment: datetime, minutes: float) -> None:
    """Make the clock of work that an agent has left alone for so long, and was to for 2 h."""
    agent = factories.agent("A. Rossi")
    factories.clock(
        conversation,
        since=moment - minutes * MINUTE,
        kind=Clock.Kind.FORGOTTEN,
        reason=f"on hold since then by {{user {agent.genesys_id}}}",
        target_s=7200,
        breaches_at=moment - (minutes - 120) * MINUTE,
    )


def board(reader: Client, **query: str) -> str:
    response = reader.get("/", query)
    assert response.status_code == 200
    return response.content.decode()


def rows(page: str) -> list[str]:
    """Return the conversations on the board from top to bottom."""
    return re.findall(r'id="conversation-([^"]+)"', page)


def tiles(page: str) -> list[str]:
    return re.findall(r'data-count="([^"]+)"', page)


def test_only_signed_in_readers_see_the_board(client: Client, db: None) -> None:
    response = client.get("/", {"state": "breached"})

    assert response.status_code == 302
    assert response.headers["Location"] == "/login/?next=/%3Fstate%3Dbreached"
    assert client.get("/", headers=HX).headers["HX-Refresh"] == "true"


def test_the_most_urgent_stands_on_top_and_the_tiles_add_up(
    reader: Client, moment: datetime
) -> None:
    fine = waiting(moment, 60)
    soon = waiting(moment, 215)
    forgotten = waiting(moment, 250)
    held(forgotten, moment, 130)
    alone(forgotten, moment, 130)
    late = waiting(moment, 282)
    paused = factories.conversation(started_at=moment - 90 * MINUTE)
    factories.clock(
        paused,
        since=moment - 78 * MINUTE,
        state=Clock.State.PAUSED,
        reason="the agent answered",
        elapsed_ms=108 * 60_000,
        due_at=None,
        breaches_at=None,
    )
    stopped = factories.conversation()
    factories.clock(stopped, since=moment, state=Clock.State.STOPPED)

    page = board(reader)

    assert rows(page) == [c.genesys_id for c in (late, forgotten, soon, fine, paused)]
    assert tiles(page) == ["1 Breached", "1 Forgotten", "1 Due soon", "1 On track", "1 Paused"]
    assert "5 open conversations" in page
    assert "on hold since then by A. Rossi" in re.sub(r"<[^>]+>", "", page)
    assert re.search(r"left alone for <[^>]+>2:10", page)
    assert "the agent answered" in page
    assert "2:12" in page


def test_a_tile_filters_by_its_state_and_a_second_press_undoes_it(
    reader: Client, moment: datetime
) -> None:
    waiting(moment, 60)
    late = waiting(moment, 300)

    page = board(reader, state="breached")

    assert rows(page) == [late.genesys_id]
    assert "1 of 2 open conversations" in page
    assert re.search(
        r'id="tile-breached"[^>]*aria-current="true"[^>]*href="/\?"', page
    ) or re.search(r'id="tile-breached"[^>]*aria-current="true"[^>]*href="/"', page)


def test_queue_channel_and_agent_filter_together_and_show_names(
    reader: Client, moment: datetime
) -> None:
    queue, agent = factories.queue("Returns"), factories.agent("S. Haddad")
    mine = waiting(
        moment, 60, queue_id=queue.genesys_id, user_id=agent.genesys_id, media_type="message"
    )
    waiting(moment, 60, queue_id=queue.genesys_id, user_id=agent.genesys_id)
    waiting(moment, 60, queue_id="11111111-unknown", user_id="22222222-unknown")

    page = board(
        reader, queue=queue.genesys_id, agent=agent.genesys_id, channel="message", state="nonsense"
    )
    every = board(reader)

    assert rows(page) == [mine.genesys_id]
    assert "Returns" in page
    assert "S. Haddad" in page
    assert "11111111" in every
    assert ">22222222</a>" in every


def test_a_refresh_gets_the_living_part_alone_and_304_while_nothing_changed(
    reader: Client, moment: datetime
) -> None:
    factories.polled(moment)
    conversation = waiting(moment, 60)

    first = reader.get("/", headers=HX)
    again = reader.get("/", headers={**HX, "If-None-Match": first.headers["ETag"]})
    Clock.objects.filter(conversation=conversation).update(reason="it was reopened", state="paused")
    changed = reader.get("/", headers={**HX, "If-None-Match": first.headers["ETag"]})

    assert "<html" not in first.content.decode()
    assert (again.status_code, again.content) == (304, b"")
    assert '"level": "live"' in again.headers["DCM-Freshness"]
    assert changed.status_code == 200
    assert "it was reopened" in changed.content.decode()


@pytest.mark.parametrize("many", [50, 100])
def test_the_board_asks_the_same_twelve_queries_for_any_number_of_rows(
    reader: Client,
    moment: datetime,
    many: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    queues = [factories.queue(f"Queue {n}") for n in range(5)]
    for number in range(many):
        conversation = waiting(
            moment, number + 1, queue_id=queues[number % 5].genesys_id, user_id=f"agent-{number}"
        )
        held(conversation, moment, 1)

    with django_assert_num_queries(
        12
    ):  # session, user, permissions, watermark; clocks, names, hours, activity
        page = board(reader)

    assert len(rows(page)) == many


def test_a_page_holds_a_hundred_rows_and_the_last_page_the_rest(
    reader: Client, moment: datetime
) -> None:
    for number in range(103):
        waiting(moment, number + 1)

    assert len(rows(board(reader))) == 100
    assert len(rows(board(reader, page="2"))) == 3
    assert len(rows(board(reader, page="99"))) == 3


def test_the_export_holds_all_rows_of_the_filter_as_numbers_and_instants(
    reader: Client, moment: datetime
) -> None:
    queue = factories.queue("=cmd()")
    late = waiting(moment, 282, queue_id=queue.genesys_id)
    waiting(moment, 60)
    reader.cookies["dcm_zone"] = "Asia/Kolkata"

    response = reader.get("/", {"format": "csv", "state": "breached", "bom": "1"})
    text = response.content.decode()
    [row] = csv.DictReader(StringIO(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")))

    assert response.headers["Content-Disposition"].endswith('.csv"')
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    assert row["conversation_id"] == late.genesys_id
    assert row["queue"] == "'=cmd()"
    assert -2530 <= int(row["business_s_left"]) <= -2519
    assert row["due_at_utc"] == (moment - 42 * MINUTE).isoformat()
    assert row["due_at_local"].endswith("+05:30")


def test_an_empty_board_says_what_to_do(reader: Client, moment: datetime) -> None:
    assert "the first poll of Genesys Cloud runs within a minute" in board(reader)

    waiting(moment, 60)

    assert "Reset it to see all of them" in board(reader, queue="nowhere")
    assert "Choose another tile" in board(reader, state="breached")


def test_what_genesys_tells_is_shown_as_text_and_ids_may_hold_anything(
    reader: Client, moment: datetime
) -> None:
    agent = factories.agent("<script>alert(1)</script>", genesys_id="a/b?c")
    waiting(moment, 60, user_id=agent.genesys_id, genesys_id="x/y z#1")

    page = board(reader)

    assert "<script>alert" not in page
    assert reader.get("/conversations/x/y%20z%231/").status_code == 200
    assert reader.get("/agents/a/b%3Fc/").status_code == 302


def test_pages_carry_no_inline_script_or_style(reader: Client, moment: datetime) -> None:
    waiting(moment, 60)

    for path in ("/", "/aht/", "/agents/", "/conversations/", "/zone/", "/login/"):
        response = reader.get(path, follow=True)
        page = response.content.decode()
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son\w+=", page)


def test_a_row_says_that_its_agent_went_home_and_since_when(
    reader: Client, moment: datetime
) -> None:
    gone, resting, there = (factories.agent(name) for name in ("Gone", "Resting", "There"))
    for agent in (gone, resting, there):
        waiting(moment, 60, user_id=agent.genesys_id)
    factories.present(
        gone.genesys_id,
        ("ON_QUEUE", moment - 200 * MINUTE),
        ("OFFLINE", moment - timedelta(days=9)),
        ("OFFLINE", moment - 30 * MINUTE),
    )
    factories.present(resting.genesys_id, ("MEAL", moment - 5 * MINUTE))
    factories.present(there.genesys_id, ("ON_QUEUE", moment - 5 * MINUTE))

    page = board(reader)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    table = csv.DictReader(StringIO(board(reader, format="csv")))

    assert re.search(r"Gone not connected offline since [\d:]+ ", text)
    assert re.search(r"Resting not connected meal since [\d:]+ ", text)
    assert re.search(r"There not connected [^ ]{8} ", text)
    assert page.count('class="away"') == 2
    assert {row["agent"]: row["agent_away"].split(" ")[0] for row in table} == {
        "Gone": "offline",
        "Resting": "meal",
        "There": "",
    }
