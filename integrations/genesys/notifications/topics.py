"""Which topics must be listened to: those of each active agent, as far as Genesys offers them."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import Q

from conversations import bulk
from conversations.models import Agent
from integrations.genesys.notifications.leases import NOBODYS
from integrations.models import NotificationTopic

State = NotificationTopic.State

OF_AN_AGENT: Final = (
    "v2.users.{id}.conversations",
    "v2.users.{id}.activity",
    "v2.detail.events.agent.{id}.state",
)
# How a topic says that a WebSocket carries it; what says nothing of it is tried.
TRANSPORTS: Final = frozenset({"websocket", "all"})
SLICE: Final = 500


class Offered(msgspec.Struct, rename="camel"):
    """A kind of topic as Genesys lists it."""

    id: str
    transports: list[str] | None = None
    requires_current_user: bool | None = None
    requires_permissions: list[str] | None = None

    @property
    def is_for_us(self) -> bool:
        """Tell whether a client that is no user can subscribe to it by WebSocket."""
        carried = {each.lower() for each in self.transports or TRANSPORTS}
        return bool(carried & TRANSPORTS) and not self.requires_current_user


def refusals(offered: Iterable[Offered]) -> dict[str, str]:
    """Return, for each kind of topic that we cannot have, why; polling reads it instead."""
    known = {each.id: each for each in offered}
    told: dict[str, str] = {}
    for kind in OF_AN_AGENT:
        if kind not in known:
            told[kind] = "Genesys does not offer this topic to this organisation"
        elif not known[kind].is_for_us:
            told[kind] = "Genesys does not offer this topic to OAuth clients by WebSocket"
    return told


@transaction.atomic
def follow(*, refused: Mapping[str, str]) -> int:
    """Make the rows those of the active agents; return how many topics came or went.

    A topic whose agent has gone loses its row: whoever listens to it finds that out.
    """
    ids = Agent.objects.filter(state__in=("active", "")).values_list("genesys_id", flat=True)
    wanted = {kind.replace("{id}", id_): kind for id_ in ids.order_by("pk") for kind in OF_AN_AGENT}
    known = dict(NotificationTopic.objects.values_list("name", "pk"))
    gone = [pk for name, pk in known.items() if name not in wanted]
    for some in bulk.portions(gone):
        NotificationTopic.objects.filter(pk__in=some).delete()
    new = [name for name in wanted if name not in known]
    NotificationTopic.objects.bulk_create(
        [NotificationTopic(name=name) for name in new], batch_size=SLICE, ignore_conflicts=True
    )
    for kind in OF_AN_AGENT:
        _offer(kind, refused.get(kind, ""))
    return len(gone) + len(new)


def _offer(kind: str, refused: str) -> None:
    """Set the topics of a kind aside that is not offered, and take them back once it is."""
    start, end = kind.split("{id}")
    rows = NotificationTopic.objects.filter(Q(name__startswith=start), Q(name__endswith=end))
    if refused:
        rows.exclude(state=State.NOT_OFFERED, reason=refused).update(
            state=State.NOT_OFFERED, reason=refused, **NOBODYS
        )
    else:
        rows.filter(state=State.NOT_OFFERED).update(state=State.FREE, reason="")
