"""Reading the turns that conversations took, as far as their clocks care."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from django.db.models import Q

from conversations.bulk import Among
from conversations.domain.events import Name
from conversations.models import CommonEvent, Message, Segment
from sla.domain.idleness import IDLE, WORKING, Stretch, pauses
from sla.domain.turns import AgentWrote, Closed, Created, CustomerWrote, Reopened, Turn
from sla.subjects import Subject

NO_MESSAGE: Final = "none of its messages is known, so the clock runs from its start to its end"
CONVERSATION: Final = "conversation"


def turns_of(
    conversations: Sequence[Subject], *, idle: Collection[int] = ()
) -> dict[int, list[Turn]]:
    """Return the turns of conversations by primary key. Costs two queries.

    idle are the conversations of which it matters whether they were parked or held: for those
    there is one query more.
    """
    pks = [conversation.pk for conversation in conversations]
    written, endings, idled = _written_turns(pks), _ends_and_reopenings(pks), _idled(idle)
    return {
        conversation.pk: [
            *_beginning(conversation, with_messages=conversation.pk in written),
            *written.get(conversation.pk, ()),
            *idled.get(conversation.pk, ()),
            *endings.get(conversation.pk, ()),
            *_ending(conversation),
        ]
        for conversation in conversations
    }


def _beginning(conversation: Subject, *, with_messages: bool) -> Iterable[Turn]:
    """Whoever begins a conversation writes first."""
    at = conversation.started_at
    yield Created(at=at, note="" if with_messages else NO_MESSAGE, source=CONVERSATION)
    if conversation.originating_direction == "outbound":
        yield AgentWrote(at=at, source=CONVERSATION)


def _ending(conversation: Subject) -> Iterable[Turn]:
    if conversation.ended_at:
        yield Closed(at=conversation.ended_at, source=CONVERSATION, user_id=conversation.user_id)


def _written_turns(pks: Collection[int]) -> dict[int, list[Turn]]:
    """Return who wrote when, for conversations with a known message; automatic ones say nothing."""
    turns: dict[int, list[Turn]] = defaultdict(list)
    rows = Message.objects.filter(Among("conversation_id", pks)).order_by("sent_at", "pk")
    for pk, sender, sent_at, genesys_id, user_id in rows.values_list(
        "conversation_id", "sender", "sent_at", "genesys_id", "user_id"
    ):
        said, source = turns[pk], f"message {genesys_id}"
        if sender == Message.Sender.CUSTOMER:
            said.append(CustomerWrote(at=sent_at, source=source))
        elif sender == Message.Sender.AGENT:
            said.append(AgentWrote(at=sent_at, source=source, user_id=user_id))
    return turns


def _idled(pks: Collection[int]) -> dict[int, list[Turn]]:
    """Return from when to when all who had a conversation had it parked or on hold."""
    if not pks:
        return {}
    stretches: dict[int, list[Stretch]] = defaultdict(list)
    rows = Segment.objects.filter(
        Among("session__conversation_id", pks),
        session__purpose="agent",
        segment_type__in=(*IDLE, *WORKING),
    ).values_list(
        *("session__conversation_id", "session__genesys_id", "ordinal", "segment_type"),
        *("started_at", "ended_at"),
    )
    for pk, session_id, ordinal, *rest in rows.order_by("started_at", "pk"):
        stretches[pk].append(Stretch(f"segment {session_id}/{ordinal}", *rest))
    return {pk: list(pauses(found)) for pk, found in stretches.items()}


def _ends_and_reopenings(pks: Collection[int]) -> dict[int, list[Turn]]:
    """Return each reopening, and the ends before them: the last end is the conversation's own."""
    names = Q(name=Name.CONVERSATION_ENDED) | Q(name=Name.CONVERSATION_REOPENED)
    events = CommonEvent.objects.filter(names, Among("conversation_id", pks)).order_by("-at", "-pk")
    turns: dict[int, list[Turn]] = defaultdict(list)
    for pk, name, subject, at in events.values_list("conversation_id", "name", "subject", "at"):
        source = f"event {name}/{subject}"
        if name == Name.CONVERSATION_REOPENED:
            turns[pk].insert(0, Reopened(at=at, source=source))
        elif turns[pk]:
            turns[pk].insert(0, Closed(at=at, source=source))
    return turns
