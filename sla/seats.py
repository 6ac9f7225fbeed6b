"""Reading who has conversations, and does nothing with them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from conversations.bulk import Among
from conversations.domain.presence import Away
from conversations.models import Segment
from conversations.presence import away
from sla.domain.forgotten import Seat, Stretch, seat_of


class Seats(NamedTuple):
    """The open sessions of agents by conversation, and which of those agents are away."""

    by_conversation: Mapping[int, Sequence[Seat]]
    away: Mapping[str, Away]

    def of(self, pk: int) -> Sequence[Seat]:
        return self.by_conversation.get(pk, ())


NOBODY = Seats({}, {})


def seats_of(pks: Collection[int], now: datetime) -> Seats:
    """Return the open sessions of agents in conversations, by primary key: two queries."""
    if not pks:
        return NOBODY
    rows = Segment.objects.filter(
        Among("session__conversation_id", pks),
        session__ended_at__isnull=True,
        session__purpose="agent",
    ).values_list(
        *("session__conversation_id", "session__genesys_id", "session__user_id"),
        *("session__media_type", "ordinal", "segment_type", "started_at", "ended_at"),
    )
    stretches: dict[tuple[int, str, str, str], list[Stretch]] = defaultdict(list)
    for pk, session_id, user_id, media_type, ordinal, state, start, end in rows.order_by(
        "started_at", "ordinal", "pk"
    ):
        one = Stretch(state, start, end, f"segment {session_id}/{ordinal}")
        stretches[pk, session_id, user_id, media_type].append(one)
    found: dict[int, list[Seat]] = defaultdict(list)
    for (pk, _, user_id, media_type), of_session in sorted(stretches.items()):
        if seat := seat_of(user_id, media_type, of_session):
            found[pk].append(seat)
    users = {seat.user_id for seats in found.values() for seat in seats} - {""}
    return Seats(found, away(users, now))
