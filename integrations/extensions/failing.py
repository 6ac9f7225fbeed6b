"""How extension code does that is called in transactions: only its failures leave a trace."""

from datetime import datetime
from typing import NamedTuple

from conversations.models import HandlerFailure


class Failing(NamedTuple):
    """A handler that has failed in transactions, since an administrator has seen to it last."""

    pk: int
    name: str
    error: str
    place: str
    failures: int
    since: datetime
    failed_at: datetime


def failing() -> tuple[Failing, ...]:
    """Return the handlers that have failed, by name."""
    columns = ("pk", "handler", "error", "place", "count", "since", "failed_at")
    rows = HandlerFailure.objects.order_by("handler").values_list(*columns)
    return tuple(map(Failing._make, rows))
