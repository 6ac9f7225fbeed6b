"""Who wrote last where a timer is due: read at once, since somebody is about to be told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from celery import current_app
from django.core.cache import cache

from chrono import instants
from conversations.models import Conversation
from integrations.genesys import correspondence
from integrations.genesys.asking import Turns
from integrations.genesys.client import Client
from integrations.genesys.correspondence import READERS, Digital
from integrations.inbox.wakeup import EXPIRES_S, WakeUp
from sla import firing

TASK: Final = "integrations.genesys.read_writers"
# Whoever reads a conversation has done so by then, or is dead.
MINE_S: Final = 15


def publish() -> None:
    """Send one wake-up to the worker that reads."""
    current_app.send_task(TASK, expires=EXPIRES_S, retry=False, ignore_result=True)


WAKE_UP: Final = WakeUp(publish, pause_s=1.0)


def read_writers(*, client: Client, now: datetime) -> int:
    """Read who wrote in the conversations whose timers are being checked; return of how many.

    Any number of runs may go on at once: each conversation is read by one. One that fails keeps no
    other from being read; then, at the end, its error is raised: TemporaryError, PermanentError.
    """
    ours, turns, read = correspondence.queue_addresses(), Turns(), 0
    for one in _unread():
        if not client.budget.spares(0):
            break
        with turns.one():
            correspondence.read_one(client, one, ours, now)
            read += 1
    turns.end()
    return read


def _unread() -> Iterator[Digital]:
    """Yield the conversations that nobody has read since they were asked about, and take them."""
    asked = {one.conversation_id: one.asked_at for one in firing.checking()}
    columns = (*Digital._fields, "reading__messages_read_at")
    rows = Conversation.objects.filter(pk__in=asked, media_type__in=READERS)
    known = {row[0]: row for row in rows.values_list(*columns)}
    for pk, asked_at in asked.items():
        if pk not in known:
            continue
        *digital, read_at = known[pk]
        lacks = read_at is None or read_at < asked_at
        if lacks and cache.add(f"checking:{pk}:{instants.to_ms(asked_at)}", 1, timeout=MINE_S):
            yield Digital(*digital)
