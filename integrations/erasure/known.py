"""Knowing an erased person again, by digests, and keeping them out of what is recorded.

Only who has SECRET_KEY can make a digest; those made with SECRET_KEY_FALLBACKS still hold.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.utils.crypto import salted_hmac

from conversations import bulk, erasure
from conversations.domain import directory, facts, personal
from conversations.domain.personal import Identifier, Kind
from conversations.models import Conversation
from integrations.models import ErasedConversation, ErasedIdentifier

SALT: Final = "integrations.erasure"


class Request(NamedTuple):
    """A request that names an identifier. What began after it is no concern of it."""

    pk: int
    requested_at: datetime


def digest(one: Identifier, key: str | bytes | None = None) -> str:
    """Return what an identifier is remembered by."""
    text = f"{one.kind.value}\n{one.value}"
    return salted_hmac(SALT, text, secret=key, algorithm="sha256").hexdigest()


def requests_naming(identifiers: Iterable[Identifier]) -> dict[Identifier, Request]:
    """Return, of these identifiers, those of erased persons, each with its latest request."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    made = {digest(one, key): one for one in identifiers for key in keys}
    known: dict[Identifier, Request] = {}
    for some in bulk.portions(list(made)):
        rows = ErasedIdentifier.objects.filter(digest__in=some).order_by("request__requested_at")
        columns = ("digest", "request_id", "request__requested_at")
        known |= {made[row[0]]: Request(*row[1:]) for row in rows.values_list(*columns)}
    return known


def stripped(snapshots: Sequence[facts.Snapshot], *, now: datetime) -> list[facts.Snapshot]:
    """Return snapshots without what was erased, or is past its days, for whatever is recorded.

    Costs one small query where nobody was ever erased.
    """
    kept = [_bare(one) if is_past_its_days(one.conversation, now) else one for one in snapshots]
    if not snapshots or not ErasedIdentifier.objects.exists():
        return kept
    return _without_the_erased(kept)


def known_digests() -> int:
    """Return how many digests stand: more of them later tell that somebody was erased meanwhile."""
    return ErasedIdentifier.objects.count()


def strip_recorded(snapshots: Sequence[facts.Snapshot]) -> None:
    """Strip what was recorded of persons who were erased while it was being recorded.

    Who erases writes the digests first and looks for conversations then: either that look finds
    what is recorded here, or the digests are found here.
    """
    users = {one.value for one in _known_in(snapshots) if one.kind is Kind.USER}
    _without_the_erased(snapshots)  # remembers which conversations are concerned
    ids = [one.conversation.genesys_id for one in snapshots]
    gone = ErasedConversation.objects.filter(genesys_id__in=ids).values("genesys_id")
    erasure.strip(
        list(Conversation.objects.filter(genesys_id__in=gone).values_list("pk", flat=True))
    )
    erasure.strip_users(users)


def is_past_its_days(conversation: facts.Conversation, now: datetime) -> bool:
    """Tell whether the personal data of a conversation is not to be kept any longer."""
    days = settings.PERSONAL_DATA_DAYS
    ended_at = conversation.ended_at
    return bool(days and ended_at and ended_at < now - timedelta(days=days))


def nameless(agents: Collection[directory.Agent]) -> list[directory.Agent]:
    """Return agents; those who were erased without name and address."""
    if not ErasedIdentifier.objects.filter(kind=Kind.USER).exists():
        return list(agents)
    of = {agent: Identifier(Kind.USER, agent.genesys_id.casefold()) for agent in agents}
    known = requests_naming(of.values())
    return [agent._replace(name="", email="") if of[agent] in known else agent for agent in agents]


def _known_in(snapshots: Iterable[facts.Snapshot]) -> dict[Identifier, Request]:
    named = (personal.named_in(one.conversation) for one in snapshots)
    return requests_naming(set[Identifier]().union(*named))


def _without_the_erased(snapshots: Sequence[facts.Snapshot]) -> list[facts.Snapshot]:
    named = [personal.named_in(one.conversation) for one in snapshots]
    known = requests_naming(set().union(*named))
    ids = [one.conversation.genesys_id for one in snapshots]
    erased = set(
        ErasedConversation.objects.filter(genesys_id__in=ids).values_list("genesys_id", flat=True)
    )
    done, news = [], []
    for one, found in zip(snapshots, named, strict=True):
        conversation = one.conversation
        hits = {identifier: known[identifier] for identifier in found if identifier in known}
        request = _concerning(hits, conversation.started_at)
        if request and conversation.genesys_id not in erased:
            news.append(ErasedConversation(genesys_id=conversation.genesys_id, request_id=request))
        users = {hit.value for hit in hits if hit.kind is Kind.USER}
        kept = _nobody(one, users) if users else one
        done.append(_bare(kept) if request or conversation.genesys_id in erased else kept)
    ErasedConversation.objects.bulk_create(news, ignore_conflicts=True)
    return done


def _concerning(hits: dict[Identifier, Request], started_at: datetime) -> int | None:
    """Return the request that a conversation, which began then, is stripped for."""
    for identifier, request in hits.items():
        if identifier.kind is not Kind.USER and started_at <= request.requested_at:
            return request.pk
    return None


def _bare(snapshot: facts.Snapshot) -> facts.Snapshot:
    """Return a snapshot without personal data; its document is not kept."""
    return snapshot._replace(conversation=personal.stripped(snapshot.conversation), document=b"")


def _nobody(snapshot: facts.Snapshot, user_ids: Collection[str]) -> facts.Snapshot:
    conversation = personal.without_names_of(user_ids, snapshot.conversation)
    if conversation == snapshot.conversation:
        return snapshot
    return snapshot._replace(conversation=conversation, document=b"")
