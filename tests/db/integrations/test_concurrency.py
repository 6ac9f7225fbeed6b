"""Workers that meet at rows which one of them holds."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from conversations.models import Change, Conversation
from conversations.services import Recorded
from integrations import services
from integrations.genesys import ingest
from tests.documents import answered_email, at, raw

pytestmark = [
    pytest.mark.needs("postgresql", reason="SQLite has one writer: it locks no rows"),
    pytest.mark.django_db(transaction=True),
]


@contextmanager
def holding(lock: Callable[[], object]) -> Iterator[None]:
    """Let another worker hold rows in a transaction of its own."""
    held, done = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                lock()
                held.set()
                done.wait(timeout=10)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(hold)
        try:
            assert held.wait(timeout=10)
            yield
        finally:
            done.set()
            other.result()


def take(now: datetime, minutes: float, *documents: dict[str, Any]) -> Recorded:
    return ingest.take(map(raw, documents), observed_at=at(minutes), now=now).recorded


def test_what_another_worker_does_is_left_to_it_and_the_rest_is_done(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 1)
    take(now, 60, *(answered_email(f"c{n}", user=f"u{n}") for n in range(3)))
    first = Change.objects.order_by("pk")[:1]

    with holding(lambda: list(first.select_for_update())):
        assert services.derive(now=now) == 2
    assert services.derive(now=now) == 1


def test_rows_that_name_a_conversation_keep_nobody_from_recording_it(now: datetime) -> None:
    """Handle time, clocks and changes lock so what they name; to wait for them makes a ring."""
    take(now, 60, answered_email(end=None))
    naming = "SELECT 1 FROM conversations_conversation FOR KEY SHARE"

    with holding(lambda: connection.cursor().execute(naming)):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        try:
            assert take(now, 61, answered_email()) == Recorded(changed=1)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
    assert Conversation.objects.get().ended_at == at(30)
