"""Reading the mirror for the sweep."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from handling import mirror

pytestmark = pytest.mark.django_db


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is SQLite's")
def test_an_agents_sessions_are_found_by_index() -> None:
    plan = mirror.own_sessions("a1").filter(started_at__lte=datetime.now(UTC)).explain()
    assert "session_of_user" in plan
