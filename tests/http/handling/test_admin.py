from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from handling import services
from handling.admin import clock
from handling.models import AgentHandling
from tests.db.handling.mirrored import MORNING, session

pytestmark = pytest.mark.django_db
VOICE_ONLY = {"email": {"interruptableMediaTypes": ["call"]}}


@pytest.fixture
def _rows() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-3800")
    services.rebuild(user_id="a1", now=MORNING + timedelta(days=1), zone="UTC")
    services.set_utilization(organization=VOICE_ONLY, now=MORNING)


@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize(
    "model", ["agenthandling", "dailyhandling", "utilization", "interruption", "agentlock"]
)
def test_rows_are_listed_and_searched(admin_client: Client, model: str) -> None:
    page = admin_client.get(reverse(f"admin:handling_{model}_changelist"), {"q": "a1"})
    assert page.status_code == 200
    if model in {"agenthandling", "dailyhandling"}:
        assert "1:01:40" in page.content.decode()


@pytest.mark.usefixtures("_rows")
def test_a_row_shows_who_interrupted_and_cannot_be_changed(admin_client: Client) -> None:
    row = AgentHandling.objects.get(conversation__genesys_id="E")
    url = reverse("admin:handling_agenthandling_change", args=[row.pk])
    page = admin_client.get(url).content.decode()
    assert "V" in page
    assert 'name="_save"' not in page
    assert admin_client.post(url, {"gross_ms": 1}).status_code == 403
    assert admin_client.get(reverse("admin:handling_agenthandling_add")).status_code == 403


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(None, "–"), (0, "0:00"), (59_499, "0:59"), (59_500, "1:00"), (3_600_000, "1:00:00")],  # noqa: RUF001
)
def test_a_duration_reads_like_a_clock(milliseconds: int | None, shown: str) -> None:
    assert clock(milliseconds) == shown
