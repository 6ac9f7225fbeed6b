"""Forgetting a person: at once wherever they are named here, and from then on."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection, transaction

from conversations import erasure
from conversations.domain.personal import Identifier, Kind, spelt_out
from conversations.models import Conversation
from integrations.erasure import bodies, known
from integrations.models import ErasedConversation, ErasedIdentifier, ErasureRequest
from integrations.outbox import retention

NAMELESS: Final = "it names nobody by what could be searched for: use manage.py erase_person"
# Late events and slow work: bodies that came so long ago are looked at again.
LATE: Final = timedelta(hours=26)


class Person(NamedTuple):
    """Who is to be forgotten, as of when, and the request of Genesys Cloud's that says so.

    Conversations that began after requested_at are no concern of it. A request of Genesys's keeps
    the instant with which it was first written down, also where a later try brings another.
    """

    identifiers: frozenset[Identifier]
    requested_at: datetime
    genesys_id: str | None = None


def erase(*, persons: Sequence[Person], now: datetime) -> list[ErasureRequest]:
    """Forget persons, and go on doing so; doing it twice is doing it once."""
    done = [_erase(person) for person in persons]
    if not done:
        return []
    # The inbox is gone through once for all; what was found there stands with the last of them.
    done[-1][1]["events"] += bodies.strip()
    _empty_journal()
    for request, counts in done:
        _finish(request, counts, now)
    return [request for request, _ in done]


def count(*, identifiers: Collection[Identifier], requested_at: datetime) -> Counter[str]:
    """Return how many rows of each kind erase would strip now."""
    identifiers = spelt_out(identifiers)
    pks = erasure.concerned(identifiers, until=requested_at)
    counts = erasure.count(pks) + erasure.count_users(users(identifiers))
    ids = [genesys_id for some in erasure.portions(pks) for genesys_id in _genesys_ids(some)]
    counts["events"] += bodies.count(ids, identifiers)
    return counts


def sweep(*, now: datetime) -> int:
    """Strip what came late: events of erased conversations that were sent to us since."""
    stripped = bodies.strip(since=now - LATE)
    _empty_journal()
    return stripped


def users(identifiers: Collection[Identifier]) -> list[str]:
    """Return the ids of the users among those who are to be forgotten."""
    return [one.value for one in identifiers if one.kind is Kind.USER]


def _erase(person: Person) -> tuple[ErasureRequest, Counter[str]]:
    """Strip the mirror of a person.

    The digests stand first, so that nothing that is read meanwhile brings the person back; what
    was in the middle of being read then is found by a second look.
    """
    identifiers = spelt_out(person.identifiers)
    request = _remembered(identifiers, person.requested_at, person.genesys_id)
    counts: Counter[str] = Counter()
    for _ in range(2):
        pks = erasure.concerned(identifiers, until=request.requested_at)
        _remember_conversations(pks, request)
        counts += erasure.strip(pks)
        counts["tries"] += retention.forget_said(_genesys_ids(pks), users(identifiers))
    return request, counts + erasure.strip_users(users(identifiers))


@transaction.atomic
def _remembered(
    identifiers: Collection[Identifier], requested_at: datetime, genesys_id: str | None
) -> ErasureRequest:
    """Write down who is to be forgotten; an earlier try that did not end is gone on with.

    Who asks here once more means what has begun since, too.
    """
    digests = {known.digest(one): one.kind.value for one in identifiers}
    unfinished = ErasureRequest.objects.filter(genesys_id=genesys_id, erased_at=None)
    if genesys_id is None:
        unfinished = unfinished.filter(identifiers__digest__in=digests)
    request = unfinished.order_by("pk").first() or ErasureRequest.objects.create(
        genesys_id=genesys_id, requested_at=requested_at
    )
    if genesys_id is None:
        request.requested_at = requested_at
        request.save(update_fields=["requested_at"])
    rows = [ErasedIdentifier(request=request, kind=k, digest=d) for d, k in digests.items()]
    ErasedIdentifier.objects.bulk_create(rows, ignore_conflicts=True)
    return request


def _remember_conversations(pks: Sequence[int], request: ErasureRequest) -> None:
    for some in erasure.portions(pks):
        rows = [ErasedConversation(genesys_id=one, request=request) for one in _genesys_ids(some)]
        ErasedConversation.objects.bulk_create(rows, ignore_conflicts=True)


def _genesys_ids(pks: Sequence[int]) -> list[str]:
    return list(Conversation.objects.filter(pk__in=pks).values_list("genesys_id", flat=True))


def _finish(request: ErasureRequest, counts: Counter[str], now: datetime) -> None:
    """Write down what was done; a request that names nobody stays open."""
    nobody = not request.identifiers.exists()
    told = ", ".join(f"{name} {n}" for name, n in sorted(counts.items()) if n)
    request.rows = request.rows + counts.total()
    request.erased_at = None if nobody else now
    request.detail = NAMELESS if nobody else told or "nothing here named this person"
    request.save(update_fields=["rows", "erased_at", "detail"])


def _empty_journal() -> None:
    """Have SQLite's journal forget what was overwritten; a reader may keep it a little longer."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
