"""A task that ran leaves a sign of life, however it ended."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations import heartbeat, tasks, watermarks
from integrations.erasure import expiry
from sla.models import Supervision
from sla.services import refresh
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_task_that_ran_is_noted() -> None:
    before = timezone.now()

    tasks.derive.apply()

    ran = heartbeat.runs(["integrations.derive", "integrations.unheard_of"])
    assert set(ran) == {"integrations.derive"}
    assert before <= ran["integrations.derive"].at < before + timedelta(minutes=1)


def test_a_cache_that_is_away_tells_nothing_and_harms_nothing(settings: Any) -> None:
    nobody = "redis://127.0.0.1:1/0"
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": nobody}}

    heartbeat.note("integrations.derive", at=timezone.now())

    assert heartbeat.runs(["integrations.derive"]) == {}


def test_a_task_that_fails_is_noted_with_its_kind_of_error(now: datetime, settings: Any) -> None:
    settings.GENESYS_CLIENT_ID = ""  # nobody is asked
    Supervision.objects.create(name="Unreadable", queue_ids=7)
    ladder = factories.ladder()
    factories.rung(ladder, audience="supervisors")
    factories.policy(next_response_s=600, position=0, ladder=ladder)
    made = factories.conversation(started_at=now - timedelta(hours=1), queue_id="q")
    refresh(conversation_ids=[made.pk], now=made.started_at)

    tasks.check_timers.apply()

    at, error = heartbeat.runs(["integrations.check_timers"])["integrations.check_timers"]
    assert (at > now, error) == (True, "TypeError")
    Supervision.objects.all().delete()
    tasks.check_timers.apply()
    assert heartbeat.runs(["integrations.check_timers"])["integrations.check_timers"].error == ""


def test_a_road_that_is_busy_is_no_failure(settings: Any) -> None:
    settings.PERSONAL_DATA_DAYS = 30
    with watermarks.run(expiry.ROAD, clock=timezone.now):
        tasks.strip_old_personal_data.apply()
    noted = heartbeat.runs(["integrations.strip_old_personal_data"])
    assert noted["integrations.strip_old_personal_data"].error == ""
