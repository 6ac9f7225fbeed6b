"""What Acme does when something happens to a conversation."""

from acme_dcm.models import CallBack, Transfer
from conversations.events import AgentTransfers, ConversationEnded, Timing, on

TOO_OFTEN = 3


@on(AgentTransfers, timing=Timing.IN_TRANSACTION)
def note_transfer(event: AgentTransfers) -> None:
    """Keep each transfer: it is there as soon as the mirror shows it."""
    Transfer.objects.create(
        key=event.key,
        conversation_id=event.conversation_id,
        user_id=event.user_id,
        at=event.at,
    )


@on(ConversationEnded)
def order_call_back(event: ConversationEnded) -> None:
    """Have a customer called back who was handed on too often; the key keeps it to one call."""
    transfers = Transfer.objects.filter(conversation_id=event.conversation_id, at__lte=event.at)
    if transfers.count() >= TOO_OFTEN:
        CallBack.objects.get_or_create(
            key=event.key,
            defaults={"conversation_id": event.conversation_id, "ended_at": event.at},
        )
