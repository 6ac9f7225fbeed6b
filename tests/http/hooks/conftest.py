"""Sources with keys, and a real gunicorn that takes what they send."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from django.db import connection

from integrations.inbox import sources
from integrations.models import GenesysEvent, InboxItem, Source
from tests.web import web_server


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
            with web_server() as web:
                yield Served(web.port, *senders)
        finally:
            pks = [sender.source.pk for sender in senders]
            InboxItem.objects.filter(source__in=pks).delete()
            GenesysEvent.objects.filter(source__in=pks).delete()
            Source.objects.filter(pk__in=pks).delete()
            connection.close()
