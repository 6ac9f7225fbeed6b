"""Tasks and commands: the settings and the clock in, an answer that an operator understands out."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.models import Conversation
from dcm.celery import app
from integrations.errors import BudgetSpentError, CredentialsError, RoadBusyError
from integrations.genesys import tasks
from integrations.genesys.client import connect
from integrations.models import Watermark

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _organization(host: Any, client: Any, settings: Any) -> None:
    """Settings that point to the host; the client fixture has taken the cache apart already."""
    settings.GENESYS_BASE_URL = host.url
    settings.GENESYS_CLIENT_ID, settings.GENESYS_CLIENT_SECRET = "id", "secret"


def _now() -> str:
    return timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("task", "road"),
    [
        (tasks.poll_conversations, "genesys.poll"),
        (tasks.find_open, "genesys.find_open"),
        (tasks.read_feedback, "genesys.read_feedback"),
        (tasks.reread_open, "genesys.reread_open"),
        (tasks.read_messages, "genesys.read_messages"),
    ],
)
def test_a_task_makes_one_run_of_its_road(
    analytics: Any, task: Callable[[], None], road: str
) -> None:
    task()

    row = Watermark.objects.get(road=road)
    assert row.succeeded_at is not None
    assert (row.failing_since, row.leased_until) == (None, None)


def test_a_task_that_finds_the_road_busy_leaves_it_alone(analytics: Any) -> None:
    until = timezone.now() + timedelta(minutes=2)
    Watermark.objects.create(road="genesys.poll", leased_until=until)

    with pytest.raises(RoadBusyError):
        tasks.poll_conversations()

    assert Watermark.objects.get().leased_until == until
    assert analytics.queries == []


@pytest.mark.parametrize(
    "name",
    sorted(
        entry["task"]
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if ".genesys." in entry["task"]
    ),
)
def test_what_beat_sends_leaves_the_rest_of_the_minute_to_people(host: Any, name: str) -> None:
    told = {"allowed": "300", "count": "280", "reset": "60"}
    connect(timezone.now).budget.note({f"inin-ratelimit-{key}": n for key, n in told.items()})

    with suppress(BudgetSpentError):
        app.tasks[name]()

    assert host.calls == []


def test_what_keeps_a_task_from_its_work_stands_in_its_road(host: Any, analytics: Any) -> None:
    host.give_token = lambda s: s.answer(401, {"error": "invalid_client"})

    with pytest.raises(CredentialsError):
        tasks.poll_conversations()

    row = Watermark.objects.get(road="genesys.poll")
    assert row.failing_since is not None
    assert "Check GENESYS_REGION, GENESYS_CLIENT_ID" in row.detail


def test_polling_by_hand_tells_each_window_and_the_sum(analytics: Any) -> None:
    analytics.add("now", _now())
    out = StringIO()

    call_command("genesys_poll", stdout=out)

    assert Conversation.objects.get().genesys_id == "now"
    lines = out.getvalue().splitlines()
    assert any(line.startswith("started ") and "1 new" in line for line in lines)
    assert any(line.startswith("in all: ") for line in lines)


def test_polling_by_hand_goes_back_as_far_as_it_is_told(analytics: Any) -> None:
    analytics.add("long-ago", "2025-12-31T23:30:00.000Z")

    call_command("genesys_poll", since="2025-12-31T23:00:00Z", stdout=StringIO())

    assert Conversation.objects.get().genesys_id == "long-ago"


def test_an_instant_that_is_none_is_named() -> None:
    with pytest.raises(CommandError, match="--since: 'yesterday' is not an ISO-8601 instant"):
        call_command("genesys_poll", since="yesterday", stdout=StringIO())


def test_wrong_credentials_are_told_by_the_command(host: Any) -> None:
    host.give_token = lambda s: s.answer(400, {"error": "invalid_client"})

    with pytest.raises(CommandError, match="gives this OAuth client no token"):
        call_command("genesys_poll", stdout=StringIO())
    with pytest.raises(CommandError, match="gives this OAuth client no token"):
        call_command("genesys_sync", stdout=StringIO())
