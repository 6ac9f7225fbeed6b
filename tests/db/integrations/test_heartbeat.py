"""A task that ran leaves a sign of life, however it ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import heartbeat, tasks

pytestmark = pytest.mark.django_db


def test_a_task_that_ran_is_noted() -> None:
    before = timezone.now()

    tasks.derive.apply()

    ran = heartbeat.last(["integrations.derive", "integrations.unheard_of"])
    assert set(ran) == {"integrations.derive"}
    assert before <= ran["integrations.derive"] < before + timedelta(minutes=1)
