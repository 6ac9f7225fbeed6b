"""Sources with keys, and a real gunicorn that takes what they send."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from django.db import connection

from integrations.inbox import sources
from integrations.models import GenesysEvent, InboxItem, Source
from tests import servers
from tests.settings import FOLDER

ROOT = Path(__file__).parents[3]


class Sender(NamedTuple):
    source: Source
    key: str


def a_sender(name: str, kind: str, authentication: str = Source.Authentication.BEARER) -> Sender:
    now = datetime.now(UTC)
    source = Source.objects.create(
        name=name, kind=kind, authentication=authentication, created_at=now
    )
    return Sender(source, sources.new_key(source_id=source.pk, now=now))


@pytest.fixture(autouse=True)
def _keys_are_read_anew() -> None:
    sources.KEYS.forget()


@pytest.fixture
def genesys(db: None) -> Sender:
    return a_sender("Flow", Source.Kind.GENESYS)


@pytest.fixture
def eventbridge(db: None) -> Sender:
    return a_sender("Bus", Source.Kind.EVENTBRIDGE)


@pytest.fixture
def signing(db: None) -> Sender:
    return a_sender("Own program", Source.Kind.GENESYS, Source.Authentication.HMAC)


class Served(NamedTuple):
    """A web server as the Procfile starts it, and who may send to it."""

    port: int
    genesys: Sender
    eventbridge: Sender
    signing: Sender

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[Served]:
    """Run gunicorn on the tests' own database, in which these rows really stand meanwhile."""
    with django_db_blocker.unblock():
        senders = (
            a_sender("Flow, served", Source.Kind.GENESYS),
            a_sender("Bus, served", Source.Kind.EVENTBRIDGE),
            a_sender("Own, served", Source.Kind.GENESYS, Source.Authentication.HMAC),
        )
        try:
            with _gunicorn() as port:
                yield Served(port, *senders)
        finally:
            pks = [sender.source.pk for sender in senders]
            InboxItem.objects.filter(source__in=pks).delete()
            GenesysEvent.objects.filter(source__in=pks).delete()
            Source.objects.filter(pk__in=pks).delete()
            connection.close()


class _gunicorn:  # noqa: N801 - used as a function
    def __enter__(self) -> int:
        port = servers.free_port()
        settings = connection.settings_dict
        url = (
            f"sqlite:///{settings['NAME']}"
            if connection.vendor == "sqlite"
            else f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}"
            f":{settings['PORT'] or 5432}/{settings['NAME']}"
        )
        mine = {"DATABASE_URL": url, "PORT": str(port), "DCM_VAR_DIR": FOLDER}
        mine |= {"DJANGO_SETTINGS_MODULE": "dcm.settings", "LOG_LEVEL": "WARNING"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:dcm.server", "dcm.wsgi"],
            cwd=ROOT,
            env={**os.environ, **mine, "DCM_ENV_FILE": os.devnull},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(200):
            try:
                requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return port
        self.process.kill()
        raise AssertionError(f"gunicorn does not answer: {self.process.communicate()[1]}")

    def __exit__(self, *error: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        told = self.process.communicate(timeout=10)[1]
        assert "Traceback" not in told, told
        assert "dcm_" not in told, "a key stands in the log"
