"""Documents in: what is known already costs a hash comparison, the rest is read and recorded."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b
from itertools import islice
from threading import Lock
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from conversations import bulk, selectors, services
from conversations.domain import facts
from conversations.services import Recorded
from integrations.erasure import known as erased
from integrations.errors import MalformedPayloadError
from integrations.genesys import payloads, unread

# One transaction each. On SQLite nobody else writes meanwhile: measured, twice as many make those
# who put webhooks beside it wait three times as long, and are a twentieth quicker.
BATCH: Final = 50 if settings.ON_SQLITE else 100
Batch = Sequence[tuple[int, bytes]]  # documents, each with its position among all


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that could not be taken: which of those given (from 0), and why."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of some documents."""

    recorded: Recorded = field(default_factory=Recorded)
    refused: tuple[Refusal, ...] = ()

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.recorded + other.recorded, self.refused + other.refused)


def take(  # noqa: PLR0913 - what is given, and how it is to be taken
    documents: Iterable[bytes],
    *,
    observed_at: datetime | None,
    now: datetime,
    batch: int = BATCH,
    writers: int = 1,
    historic: bool = False,
) -> Taken:
    """Record analytics details, each the raw JSON of one conversation.

    observed_at is when they were read; None: each as of the latest instant that it tells of, or now
    where that lies ahead.
    A batch is one transaction; a document that is refused keeps no other from being recorded.
    With several writers, one batch is read while the database writes another: for PostgreSQL, and
    outside of a transaction. historic: history is loaded, what happened then is nobody's news.
    """
    breath = bulk.Breath()
    read = partial(_read, observed_at=observed_at, now=now, alone=Lock())
    some = partial(_take, read=read, now=now, breath=breath, historic=historic)
    with bulk.collecting_rarely():
        if writers > 1:
            return _shared_out(some, _batches(documents, batch), writers)
        bulk.make_room()
        taken = sum(map(some, _batches(documents, batch)), Taken())
        breath.end()
        return taken


def most_writers() -> int:
    """Return how many writers serve here: SQLite has one, and so has a transaction."""
    return 1 if connection.vendor == "sqlite" or connection.in_atomic_block else 2


def _batches(documents: Iterable[bytes], batch: int) -> Iterator[Batch]:
    numbered = enumerate(documents)
    while some := list(islice(numbered, batch)):
        yield some


def _shared_out(
    work: Callable[[Batch], Taken],
    batches: Iterator[Batch],
    writers: int,
) -> Taken:
    """Let writers, each on a connection of its own, take batch after batch till none is left."""
    one_at_a_time = Lock()

    def write() -> Taken:
        taken = Taken()
        try:
            while True:
                with one_at_a_time:
                    some = next(batches, None)
                if some is None:
                    return taken
                taken += work(some)
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        done = [pool.submit(write) for _ in range(writers)]
    taken = sum((future.result() for future in done), Taken())
    return Taken(taken.recorded, tuple(sorted(taken.refused, key=lambda r: r.position)))


def _take(
    some: Batch,
    read: Callable[[Batch], tuple[list[facts.Snapshot], list[Refusal]]],
    now: datetime,
    breath: bulk.Breath,
    *,
    historic: bool,
) -> Taken:
    snapshots, refused = read(some)
    unchanged = Recorded(unchanged=len(some) - len(snapshots) - len(refused))
    if not snapshots:
        return Taken(unchanged, tuple(refused))
    digests = erased.known_digests()
    kept = erased.stripped(snapshots, now=now)
    breath.end()
    with transaction.atomic():
        recorded = services.record(snapshots=kept, now=now, historic=historic)
        if not historic:
            unread.note([one.conversation.genesys_id for one in kept])
    if erased.known_digests() != digests:
        erased.strip_recorded(kept)
    if recorded.new or recorded.changed:
        breath.start()
    return Taken(recorded + unchanged, tuple(refused))


def _read(
    some: Batch, observed_at: datetime | None, now: datetime, alone: Lock
) -> tuple[list[facts.Snapshot], list[Refusal]]:
    """Read the documents that are news, one writer at a time.

    Python computes in one thread at a time anyway, and writers that read together would then wait
    together for the database.
    """
    snapshots, refused = list[facts.Snapshot](), list[Refusal]()
    with alone:
        for position, content_hash, document in _unknown(some):
            try:
                snapshots.append(_snapshot(document, content_hash, observed_at, now))
            except MalformedPayloadError as error:
                refused.append(Refusal(position, str(error)))
    return snapshots, refused


def _unknown(some: Batch) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield position, hash and document of those that are not in the mirror just so.

    The rest need not be read: the same bytes tell of the same conversation.
    """
    hashed = [(n, blake2b(content, digest_size=16).digest(), content) for n, content in some]
    known = selectors.settled_hashes([content_hash for _, content_hash, _ in hashed])
    return (one for one in hashed if one[1] not in known)


def _snapshot(
    document: bytes, content_hash: bytes, observed_at: datetime | None, now: datetime
) -> facts.Snapshot:
    conversation = payloads.conversation(document)
    # Nothing was read after now: an instant that is years ahead would keep out all news till then.
    at = observed_at or min(payloads.latest_instant(conversation), now)
    return facts.Snapshot(conversation, at, content_hash, document)
