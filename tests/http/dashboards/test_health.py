"""The health page: what is down, behind or missing, in words, and what to do."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from conversations.models import HandlerFailure
from integrations import gaps, heartbeat
from integrations.health import State, health
from integrations.models import (
    InboxItem,
    NotificationChannel,
    NotificationTopic,
    Source,
    Wanted,
)
from tests import factories

MINUTE = timedelta(minutes=1)
LACKING = "403: the OAuth client's role lacks the permission analytics:userDetail:view"


def text_of(client: Client) -> str:
    response = client.get("/health/")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def sent(at: datetime, **values: object) -> InboxItem:
    source = Source.objects.get_or_create(
        name="Triggers", defaults={"kind": Source.Kind.GENESYS, "created_at": at}
    )[0]
    return InboxItem.objects.create(
        **{"source": source, "body": b"{}", "received_at": at, "due_at": at, **values}
    )


def test_a_fresh_deployment_says_what_must_run(reader: Client) -> None:
    told = text_of(reader)

    assert "Nothing was read yet. A worker and beat must run" in told
    assert "Nobody sends us events yet" in told


def test_a_failing_road_tells_since_when_why_what_it_costs_and_its_gap(
    reader: Client, moment: datetime
) -> None:
    factories.road("genesys.poll", succeeded_at=moment, read_to=moment)
    since = moment - 22 * MINUTE
    factories.road(
        "genesys.presence",
        succeeded_at=since,
        read_to=since,
        failing_since=since,
        detail=LACKING,
    )

    told = text_of(reader)

    assert re.search(r"Polling conversations that started or ended OK", told)
    assert re.search(rf"Presence .* Failing .* failing since \S+( \S+)?: {LACKING[:3]}", told)
    assert "Who is away may be told wrong meanwhile. It is tried again every" in told
    assert re.search(r"Presence Filled by the next success .* 22 min ago now 403", told)
    assert re.search(r"1 Failing .* 1 Gaps open", told)


def test_a_road_that_nobody_reads_is_behind_though_it_does_not_fail(
    reader: Client, moment: datetime
) -> None:
    long_ago = moment - timedelta(hours=3)
    factories.road("genesys.poll", succeeded_at=long_ago, read_to=long_ago)

    told = text_of(reader)

    assert re.search(r"Polling .* Behind .* 3:00 h ago", told)
    assert "No run has succeeded lately: a worker must run, and beat." in told


def test_a_gap_is_shown_open_and_a_day_after_it_was_filled(
    reader: Client, moment: datetime
) -> None:
    start = moment - timedelta(hours=2)
    factories.road("genesys.poll", succeeded_at=moment, read_to=moment)
    gaps.notice(road="genesys.nightly", start=start, now=moment, reason="the job failed")
    gaps.notice(road="genesys.poll", start=start, now=moment, reason="no answer")
    gaps.fill(road="genesys.poll", up_to=moment, now=moment)

    told = text_of(reader)

    assert re.search(r"Last seven days Filled by the next success .* now the job failed", told)
    assert re.search(r"Polling Filled at \S+( \S+)? .* no answer", told)
    assert re.search(r"\b1 Gaps open", told), told


def test_a_listener_that_is_not_heard_of_is_behind(reader: Client, moment: datetime) -> None:
    factories.road("genesys.notifications", succeeded_at=moment - 9 * MINUTE)
    factories.road("genesys.reconcile", succeeded_at=moment - timedelta(days=9))

    told = text_of(reader)

    assert re.search(r"Notifications the WebSocket of Genesys Behind", told)
    assert "manage.py listen_notifications must run." in told
    assert re.search(r"After a reconnect .* listened OK", told)


def test_what_waits_is_counted_with_the_age_of_the_oldest(
    reader: Client, client: Client, moment: datetime
) -> None:
    sent(moment - 5 * MINUTE)
    sent(moment)
    sent(moment, state=InboxItem.State.QUARANTINED)
    sent(moment - 90 * MINUTE, state=InboxItem.State.DONE)
    Wanted.objects.create(genesys_id="w", ordered_at=moment, due_at=moment - 15 * MINUTE)
    Wanted.objects.create(genesys_id="later", ordered_at=moment, due_at=moment + 90 * MINUTE)
    Wanted.objects.create(
        genesys_id="gone", ordered_at=moment, due_at=moment, given_up_at=moment, reason="404"
    )

    told = text_of(reader)

    assert re.search(r"Inbox what was sent .* Behind .* 2 \S+( \S+)? 5 min ago 1 quarantined", told)
    assert re.search(
        r"Readings that events ordered .* Stuck .* 1 \S+( \S+)? 15 min ago 1 given", told
    )
    assert re.search(r"Triggers Genesys Cloud web services data action On — 2 1 ", told)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, State.OK),
        ({"silent_since": True}, State.LATE),
        ({"connected": False}, State.FAILING),
        ({"heard_at": -2}, State.FAILING),
        ({"leased_until": -1}, State.FAILING),
    ],
    ids=str,
)
def test_a_channel_is_judged(
    db: None, moment: datetime, values: dict[str, Any], state: State
) -> None:
    told = {"heard_at": 0, "leased_until": 1, **values}
    at = {name: moment + minute * MINUTE for name, minute in told.items() if name != "connected"}
    NotificationChannel.objects.create(
        listener="host/1",
        opened_at=moment - 60 * MINUTE,
        expires_at=moment + 60 * MINUTE,
        connected=told.get("connected", True),
        **at,
    )

    assert [channel.state for channel in health(now=moment).channels] == [state]


def test_rejected_topics_are_named_with_their_reason(reader: Client) -> None:
    NotificationTopic.objects.create(name="v2.users.a.activity")
    NotificationTopic.objects.create(
        name="v2.detail.events.agent.a.state",
        state=NotificationTopic.State.REJECTED,
        reason="not offered to this organisation",
    )

    told = text_of(reader)

    assert "Topics: 1 Nobody listens yet, 1 Rejected by Genesys." in told
    assert "v2.detail.events.agent.a.state not offered to this organisation" in told
    assert "Nobody listens: start manage.py listen_notifications" in told


def test_heartbeats_tell_which_tasks_run(moment: datetime, db: None) -> None:
    heartbeat.note("integrations.derive", at=moment)
    heartbeat.note("integrations.genesys.poll", at=moment - timedelta(hours=1))

    sweeps = {sweep.task: sweep.state for sweep in health(now=moment).sweeps}

    assert set(sweeps) == set(gaps.schedule())
    assert sweeps["integrations.derive"] is State.OK
    assert sweeps["integrations.genesys.poll"] is State.LATE
    assert sweeps["integrations.genesys.synchronise"] is State.NEVER


def test_monitors_read_the_same_as_json(reader: Client, moment: datetime) -> None:
    factories.road("genesys.poll", failing_since=moment, detail="no answer")

    told = reader.get("/health/", {"format": "json"}).json()

    assert told["status"] == "failing"
    assert told["roads"][0]["road"] == "genesys.poll"
    assert told["roads"][0]["state"] == "failing"
    assert {backlog["name"] for backlog in told["backlogs"]} == {
        *("inbox", "wanted", "changes", "recomputing", "timers", "escalations"),
    }


def test_it_is_for_those_who_are_signed_in(client: Client, db: None) -> None:
    assert client.get("/health/").status_code == 302
    assert client.get("/health/", {"format": "json"}).status_code == 302


@pytest.mark.parametrize("many", [1, 30])
def test_queries_do_not_grow(
    reader: Client,
    moment: datetime,
    many: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(many):
        factories.road(f"road.{number}", succeeded_at=moment)
        sent(moment)

    with django_assert_num_queries(30):
        reader.get("/health/")


def test_extension_code_that_failed_is_shown_until_somebody_has_seen_to_it(
    reader: Client, moment: datetime, client: Client
) -> None:
    assert "Extension code" not in text_of(reader)
    row = HandlerFailure.objects.create(
        handler="acme_dcm.handlers.note_transfer",
        count=1_234,
        error="IntegrityError",
        place="handlers.py:17",
        key="c1:agent.transferred:s1",
        since=moment - 5 * MINUTE,
        failed_at=moment - MINUTE,
    )
    told = text_of(reader)
    assert re.search(
        r"acme_dcm.handlers.note_transfer Failing IntegrityError at handlers\.py:17 .* 1\W234 ",
        told,
    )
    seen = reader.get("/health/?format=json").json()
    assert (seen["status"], seen["handlers"][0]["failures"]) == ("failing", 1_234)

    client.force_login(User.objects.create_superuser("root", password="x"))
    listed = reverse("admin:conversations_handlerfailure_changelist")
    assert f'href="{listed}"' in client.get("/health/").content.decode()
    assert "c1:agent.transferred:s1" in client.get(listed).content.decode()
    client.post(listed, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert not HandlerFailure.objects.exists()


def test_a_task_that_fails_says_by_what_error_and_explains_what_waits(
    reader: Client, moment: datetime
) -> None:
    begun = moment - timedelta(hours=4)
    clock = factories.clock(factories.conversation(started_at=begun), since=begun)
    factories.timer(clock, due_at=moment - 20 * MINUTE)
    heartbeat.note("integrations.check_timers", at=moment, error="HoursError")

    told = text_of(reader)

    fails = "integrations.check_timers fails: HoursError. The workers' log says where."
    assert told.replace("&#x27;", "'").count(fails) == 2
    assert f"Stuck {fails}" in told.replace("&#x27;", "'")
    sweeps = {sweep.task: sweep for sweep in health(now=moment).sweeps}
    assert sweeps["integrations.check_timers"].state is State.FAILING
    heartbeat.note("integrations.check_timers", at=moment)
    assert "fails:" not in text_of(reader)
