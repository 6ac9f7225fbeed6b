"""Reading the mirror for the sweep."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from handling import mirror

pytestmark = pytest.mark.django_db


def test_an_agents_sessions_are_found_by_index() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it reads an empty table as a whole
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = mirror.own_sessions("a1").filter(started_at__lte=datetime.now(UTC)).explain()
    assert "session_of_user" in plan
