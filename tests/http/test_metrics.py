"""What Prometheus reads: behind a token, exact, and in a fixed number of statements."""

import re
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.models import HandlerFailure
from integrations import deadman, gaps, heartbeat
from integrations.models import Delivery, Destination, InboxItem, Source
from tests import factories

pytestmark = pytest.mark.django_db

TOKEN = "correct horse"
GUIDE = Path(__file__).parents[2] / "docs/operator.md"
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
STATES = ("ok", "never", "late", "failing")
# By a family's name and its labels' values, with a blank between them and the state behind.
Told = dict[str, dict[str, float]]


@pytest.fixture
def moment(settings: Settings, monkeypatch: pytest.MonkeyPatch, now: datetime) -> datetime:
    """Let it be this instant, with the token set and nothing known of any task."""
    settings.METRICS_TOKEN = TOKEN
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def scrape(client: Client, **headers: str) -> Any:
    return client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **headers})


def told(client: Client) -> Told:
    answer = scrape(client)
    assert answer.status_code == 200
    found: Told = defaultdict(dict)
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            labels = " ".join(sorted(sample.labels.values(), key=STATES.__contains__))
            assert labels not in found[sample.name]
            found[sample.name][labels] = sample.value
    return found


def states(found: dict[str, float]) -> dict[str, str]:
    """Return the state that each is in: 1 is told for that, and 0 for every other."""
    current = dict(labels.rsplit(" ", 1) for labels, value in found.items() if value)
    assert found == {
        f"{one} {state}": float(state == current[one]) for one in current for state in STATES
    }
    return current


def a_destination(name: str, created_at: datetime, **values: Any) -> Destination:
    return Destination.objects.create(
        **{"name": name, "kind": "webhook", "mode": "live", "created_at": created_at, **values}
    )


def a_delivery(to: Destination, at: datetime, **values: Any) -> None:
    key = factories.an_id("key")
    told = {"destination": to, "key": key, "lane": key, "topic": "sla.escalated"}
    Delivery.objects.create(**{**told, "ordered_at": at, "due_at": at, **values})


def sent(source: Source, at: datetime, **values: Any) -> None:
    InboxItem.objects.create(source=source, body=b"", received_at=at, due_at=at, **values)


def test_roads_tell_since_when_they_succeed_or_fail_and_what_is_missing(
    client: Client, moment: datetime
) -> None:
    factories.road("genesys.poll", succeeded_at=moment - 90 * SECOND, read_to=moment)
    since = moment - 22 * MINUTE
    factories.road("genesys.presence", succeeded_at=since, read_to=since, failing_since=since)
    factories.road("genesys.find_open", started_at=moment)
    gaps.notice(road="genesys.nightly", start=since, now=moment, reason="the job failed")
    gaps.notice(road="genesys.poll", start=since, now=moment, reason="no answer")
    gaps.fill(road="genesys.poll", up_to=moment, now=moment)

    found = told(client)

    assert states(found["dcm_road_state"]) == {
        "genesys.poll": "ok",
        "genesys.presence": "failing",
        "genesys.find_open": "never",
    }
    assert found["dcm_road_success_age_seconds"] == {"genesys.poll": 90, "genesys.presence": 1320}
    assert found["dcm_road_failing_seconds"] == {
        "genesys.poll": 0,
        "genesys.presence": 1320,
        "genesys.find_open": 0,
    }
    assert found["dcm_road_gaps_open"] == {
        "genesys.poll": 0,
        "genesys.presence": 1,
        "genesys.find_open": 0,
        "genesys.nightly": 1,
    }
    assert found["dcm_status"] == {"ok": 0, "never": 0, "late": 0, "failing": 1}


def test_backlogs_tell_what_waits_since_when_and_what_is_set_aside(
    client: Client, moment: datetime
) -> None:
    source = Source.objects.create(name="Triggers", kind=Source.Kind.GENESYS, created_at=moment)
    sent(source, moment - 5 * MINUTE)
    sent(source, moment - SECOND)
    sent(source, moment - HOUR, state=InboxItem.State.QUARANTINED)
    begun = moment - 4 * HOUR
    clock = factories.clock(factories.conversation(started_at=begun), since=begun)
    factories.timer(clock, due_at=moment - 61.5 * SECOND)
    factories.timer(clock, due_at=moment - 3 * SECOND, rung="warning:60", state="checking")
    factories.timer(clock, due_at=moment + SECOND, rung="rung:1")
    hook = a_destination("Hook", moment)
    a_delivery(hook, moment - 11 * MINUTE)
    a_delivery(hook, moment - 12 * MINUTE, topic="agent.connected")
    a_delivery(hook, moment - HOUR, state="dead")

    found = told(client)

    nothing = dict.fromkeys(("wanted", "changes", "recomputing"), 0)
    assert states(found["dcm_backlog_state"]) == {
        **dict.fromkeys(nothing, "ok"),
        "inbox": "late",
        "timers": "late",
        "escalations": "failing",
    }
    assert found["dcm_backlog_waiting"] == {**nothing, "inbox": 2, "timers": 2, "escalations": 1}
    ages = {"inbox": 300, "timers": 61.5, "escalations": 660}
    assert found["dcm_backlog_oldest_age_seconds"] == {**nothing, **ages}
    aside = {"inbox": 1, "timers": 0, "escalations": 1}
    assert found["dcm_backlog_set_aside"] == {**nothing, **aside}


def test_destinations_tell_their_queues(client: Client, moment: datetime) -> None:
    hook = a_destination('The "CRM"\\', moment, delivered_at=moment - HOUR)
    a_delivery(hook, moment - 11 * MINUTE)
    a_delivery(hook, moment - 12 * MINUTE)
    for state in ("dead", "delivered", "shown"):
        a_delivery(hook, moment - HOUR, state=state)
    a_destination("Stopped", moment, disabled_at=moment)
    a_destination("Off", moment, mode="off", disabled_at=moment)

    found = told(client)

    assert states(found["dcm_destination_state"]) == {
        'The "CRM"\\': "failing",
        "Stopped": "failing",
        "Off": "ok",
    }
    idle = {"Stopped": 0, "Off": 0}
    assert found["dcm_destination_waiting"] == {'The "CRM"\\': 2, **idle}
    assert found["dcm_destination_oldest_age_seconds"] == {'The "CRM"\\': 720, **idle}
    assert found["dcm_destination_set_aside"] == {'The "CRM"\\': 1, **idle}
    assert found["dcm_destination_success_age_seconds"] == {'The "CRM"\\': 3600}


def test_tasks_tell_when_they_last_ran_and_extension_code_whether_it_fails(
    client: Client, moment: datetime
) -> None:
    assert told(client)["dcm_timer_scan_age_seconds"] == {}
    heartbeat.note(deadman.SCAN, at=moment - 1.25 * SECOND)
    heartbeat.note("integrations.genesys.poll", at=moment - HOUR)
    heartbeat.note("integrations.derive", at=moment + MINUTE)  # by a clock that is fast
    HandlerFailure.objects.create(
        handler="acme_dcm.handlers.note", count=3, error="KeyError", since=moment, failed_at=moment
    )

    found = told(client)

    assert found["dcm_timer_scan_age_seconds"] == {"": 1.25}
    assert found["dcm_task_run_age_seconds"] == {
        deadman.SCAN: 1.25,
        "integrations.genesys.poll": 3600,
        "integrations.derive": 0,
    }
    seen = states(found["dcm_task_state"])
    assert set(seen) == set(gaps.schedule())
    assert seen[deadman.SCAN] == "ok"
    assert seen["integrations.genesys.poll"] == "late"
    assert seen["integrations.deliver"] == "never"
    assert found["dcm_extension_handlers_failing"] == {"": 1}


def test_without_a_token_of_ours_it_says_how_it_is_switched_on(
    client: Client, moment: datetime, settings: Settings
) -> None:
    settings.METRICS_TOKEN = ""
    for given in ("Bearer ", "Bearer x", ""):
        answer = client.get("/metrics", headers={"authorization": given})
        assert answer.status_code == 404
        assert b"set DCM_METRICS_TOKEN" in answer.content


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer ü"])
def test_who_does_not_know_the_token_learns_nothing(
    client: Client, moment: datetime, given: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/metrics", headers={"authorization": given})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert b"dcm_" not in answer.content


def test_it_is_read_only_and_kept_by_nobody(client: Client, moment: datetime) -> None:
    token = {"authorization": f"Bearer {TOKEN}"}
    assert client.post("/metrics", headers=token).status_code == 405
    assert client.head("/metrics", headers=token).status_code == 200
    answer = scrape(client)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "Set-Cookie" not in answer


def test_who_asks_for_openmetrics_gets_it(client: Client, moment: datetime) -> None:
    a_destination("Hook", moment)
    answer = scrape(client, accept="application/openmetrics-text; version=1.0.0")
    assert answer["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    read: Any = openmetrics.text_string_to_metric_families
    names = {family.name for family in read(answer.content.decode())}
    assert names == set(families(client))


def test_a_database_that_is_away_is_said_so(client: Client, moment: datetime) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError

    with connection.execute_wrapper(away):
        answer = scrape(client)
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


@pytest.mark.parametrize("many", [1, 30])
def test_statements_do_not_grow(
    client: Client,
    moment: datetime,
    many: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    source = Source.objects.create(name="Triggers", kind=Source.Kind.GENESYS, created_at=moment)
    for number in range(many):
        factories.road(f"road.{number}", succeeded_at=moment)
        a_delivery(a_destination(f"Hook {number}", moment), moment)
        sent(source, moment)

    with django_assert_num_queries(25):
        assert len(told(client)["dcm_destination_waiting"]) == many


def families(client: Client) -> list[str]:
    text = scrape(client).content.decode()
    helped = re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE)
    assert helped == re.findall(r"^# TYPE (\S+) gauge$", text, re.MULTILINE)
    return helped


def test_the_guide_names_what_is_told(client: Client, moment: datetime) -> None:
    guide = GUIDE.read_text(encoding="utf-8").partition("## Prometheus")[2].partition("\n## ")[0]
    named = [
        f"dcm_{name}"
        for cell in re.findall(r"^\| (`[^|]*) \|", guide, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    ]
    assert sorted(named) == sorted(families(client))
    ruled = set(re.findall(r"dcm_\w+", guide.partition("groups:")[2]))
    assert len(ruled) == 5
    assert ruled <= set(named)
