"""Readers of the pages."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from tests import factories

MINUTE = timedelta(minutes=1)


@pytest.fixture
def moment() -> datetime:
    """Return now, to the second: views read the clock themselves."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def supervisor(db: None) -> User:
    return factories.user("supervisor")


@pytest.fixture
def reader(client: Client, supervisor: User) -> Client:
    """Return a client that is signed in, without any permission."""
    client.force_login(supervisor)
    return client


@pytest.fixture
def lead(client: Client, supervisor: User) -> Client:
    """Return a client of a supervisor who looks after escalations."""
    may = Permission.objects.filter(codename__in=("view_alert", "change_alert"))
    supervisor.user_permissions.set(may.filter(content_type__app_label="sla"))
    client.force_login(supervisor)
    return client
