"""After a clock was set back: what lies further ahead than anything ever is put off is due now."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from integrations.domain.delivery import BREAK_PAUSES
from integrations.models import Delivery, Destination

# Clocks of two machines may differ by somewhat; a lease ends, and a pace or a breaker lets go,
# within less.
AHEAD: Final = 2 * timedelta(seconds=max(BREAK_PAUSES))


def heal(*, now: datetime) -> int:
    """Bring back what a clock that was ahead has written; return how many rows.

    A lease that lies ahead has run out, as far as anybody knows. What was ordered in the future is
    due.
    """
    ahead = now + AHEAD
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING)
    leased = waiting.filter(destination__in=Destination.objects.all(), leased_until__gt=ahead)
    ordered = waiting.filter(ordered_at__gt=ahead)
    paced = Destination.objects.filter(Q(next_at__gt=ahead) | Q(open_until__gt=ahead))
    healed = 0
    # Looked for first: a write, even of nothing, takes SQLite's lock.
    if leased.exists():
        healed += leased.update(leased_until=now)
    if ordered.exists():
        healed += ordered.update(ordered_at=now, due_at=now)
    if paced.exists():
        healed += paced.update(next_at=None, open_until=None)
    return healed
