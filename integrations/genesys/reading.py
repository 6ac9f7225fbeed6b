"""What a run has read: requests made, and what came of the documents."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from integrations.genesys.client import Reply
from integrations.genesys.ingest import Taken, take
from integrations.models import Reading

logger = logging.getLogger(__name__)


class Read(NamedTuple):
    """What a run read: requests made, and what came of the documents."""

    requests: int = 0
    taken: Taken = Taken()

    def __add__(self, other: object) -> "Read":
        if not isinstance(other, Read):
            return NotImplemented
        return Read(self.requests + other.requests, self.taken + other.taken)

    def __str__(self) -> str:
        done = self.taken.recorded
        refused = f", {len(self.taken.refused)} refused" if self.taken.refused else ""
        return (
            f"{self.requests} requests: {done.new} new, {done.changed} changed, "
            f"{done.unchanged} unchanged, {done.stale} older than known{refused}"
        )


def taken(documents: list[bytes], reply: Reply, now: datetime) -> Taken:
    """Hand an answer's documents to the mirror, as they were when it was asked for."""
    return taken_as_of(reply.sent_at, documents, now=now)


def taken_as_of(
    at: datetime, documents: list[bytes], *, now: datetime, historic: bool = False
) -> Taken:
    """Hand documents to the mirror; what it refuses is logged by its reason."""
    result = take(documents, observed_at=at, now=now, historic=historic)
    for refusal in result.refused:
        logger.warning("genesys.document_refused", extra={"reason": refusal.reason})
    return result


def note_readings(pks: Iterable[int], *, at: datetime) -> None:
    """Remember when conversations were asked for."""
    Reading.objects.bulk_create(
        # By pk, as all who write these rows: else two of them could wait in a ring.
        [Reading(conversation_id=pk, read_at=at) for pk in sorted(pks)],
        update_conflicts=True,
        unique_fields=["conversation"],
        update_fields=["read_at"],
    )
