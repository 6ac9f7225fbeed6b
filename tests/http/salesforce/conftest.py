"""An organisation of Salesforce on loopback, and a destination that leads there."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core.cache import cache as shared
from django.utils import timezone

from integrations.models import Destination
from integrations.outbox import announce, registry, secrets
from integrations.salesforce import client as clients
from integrations.salesforce.client import Client
from integrations.salesforce.form import Settings
from simulator.clock import Clock, RunningClock
from simulator.receivers.salesforce.auth import App
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import Served, serving
from tests.http.salesforce.story import people

KEY = "3MVG9.dcm"


@cache
def pair() -> tuple[str, str]:
    """Return a private key and its public one, PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture
def clock() -> Clock:
    return RunningClock(timezone.now())


@pytest.fixture
def served(clock: Clock) -> Iterator[Served]:
    shared.clear()
    clients.client.cache_clear()
    with serving(clock) as running:
        org = running.org
        app = App(KEY, certificate=pair()[1], secret="secret", runs_as=org.integration)
        app.approved.add(org.integration)
        org.auth.apps[KEY] = app
        yield running


@pytest.fixture
def org(served: Served) -> Org:
    return served.org


def settings_of(served: Served, **more: Any) -> Settings:
    return Settings(
        **{
            "login_url": served.url,
            "client_id": KEY,
            "username": "dcm@acme.example",
            "private_key": pair()[0],
            **more,
        }
    )


@pytest.fixture
def salesforce(served: Served) -> Client:
    return clients.client(settings_of(served))


@pytest.fixture
def destination(served: Served, now: datetime) -> Destination:
    kind = registry.kind("salesforce")
    made = Destination(
        name="Salesforce",
        kind="salesforce",
        mode="live",
        topics=[str(topic) for topic in kind.topics],
        config={
            "login_url": served.url,
            "flow": "client_credentials",
            "client_id": KEY,
            "conversation_field": "Genesys_Conversation_Id__c",
            "attributes": "caseId, caseNumber",
            "message_id_attributes": "messageId",
            "final_after_s": 60,
        },
        created_at=now,
    )
    secrets.put(made, {"client_secret": "secret"})
    made.save()
    announce.listen(made)
    return made


@pytest.fixture
def rossi(org: Org, destination: Destination) -> str:
    """Whose user u1's is."""
    people()
    return org.user("A. Rossi", "rossi@acme.example")


@pytest.fixture
def case(rossi: str, org: Org) -> str:
    """The case of conversation e1."""
    return org.case("Broken", Genesys_Conversation_Id__c="e1")
