"""The destinations of handlers: made by themselves, and stopped where their code is gone."""

import logging
from datetime import datetime
from typing import Final

from conversations.events import Handler, Timing, handlers
from integrations.extensions.kind import Extension
from integrations.models import Destination
from integrations.outbox import announce, outcomes

logger = logging.getLogger(__name__)

GONE: Final = "its code is gone: no package that DCM_EXTENSIONS names registers it"


def bring_about(*, now: datetime) -> None:
    """Have one destination for each handler that is called after the commit, told of its events.

    It is told of what happens from then on. One query where nothing is to be done; safe to run
    twice, and by several workers at once.
    """
    rows = Destination.objects.filter(kind=Extension.name).order_by("pk")
    known = {row.config.get("handler"): row for row in rows}
    for handler in handlers(Timing.AFTER_COMMIT):
        row = known.pop(handler.name, None)
        if row is None:
            _make(handler, now)
        else:
            _follow(row, handler, now)
    for row in known.values():
        _stop(row, now)


def _make(handler: Handler, now: datetime) -> None:
    row, _ = Destination.objects.get_or_create(
        name=handler.name,
        defaults={
            "kind": Extension.name,
            "mode": Destination.Mode.LIVE,
            "topics": handler.topics,
            "config": {"handler": handler.name},
            "created_at": now,
        },
    )
    if row.kind == Extension.name:
        announce.listen(row)
    else:
        logger.error("extension.name_taken", extra={"handler": handler.name, "kind": row.kind})


def _follow(row: Destination, handler: Handler, now: datetime) -> None:
    """Bring a destination to what its code says; one whose code has come back goes on."""
    if row.topics != handler.topics:
        row.topics = handler.topics
        row.save(update_fields=["topics"])
    if row.disabled_at and row.disabled_reason == GONE:
        outcomes.enable(destination_id=row.pk, now=now)


def _stop(row: Destination, now: datetime) -> None:
    """Let what a handler is to be told wait: its code may come back, as after a faulty update."""
    if not row.disabled_at and row.mode != Destination.Mode.OFF:
        logger.error("extension.gone", extra={"handler": row.name})
        Destination.objects.filter(pk=row.pk, disabled_at=None).update(
            disabled_at=now, disabled_reason=GONE
        )
