"""Notices of waits that are taken back before they were sent: nobody is told of either."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from conversations.domain.events import Name
from integrations.domain.delivery import Told
from integrations.models import Delivery

# As no try of it was ever begun: what may have got through is taken back by a word of its own.
_UNTRIED: Final = {
    "state": Delivery.State.WAITING,
    "attempts": 0,
    "sent_version": 0,
    "leased_until": None,
    "in_doubt": False,
}


@transaction.atomic
def unsent(*, told: Iterable[Told]) -> int:
    """Drop the notices that events take back and no try was made of; return how many.

    The word that takes one back goes with it, at the same destination. Call it in the transaction
    that has ordered both.
    """
    back = [event for event in told if event.name == Name.SLA_WITHDRAWN]
    return sum(_drop(event) for event in back)


def _drop(event: Told) -> int:
    about = event.about
    notice = f"{event.conversation_id}:{about.get('withdraws')}:{about.get('withdrawsSubject')}"
    waiting = _untried([notice]).select_for_update()
    pks = dict(waiting.values_list("destination_id", "pk"))
    if not pks:
        return 0
    _untried([event.key]).filter(destination__in=pks).delete()
    return _untried([notice]).filter(pk__in=pks.values()).delete()[0]


def _untried(keys: Sequence[str]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(key__in=keys, **_UNTRIED)
