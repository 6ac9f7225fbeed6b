"""How something that runs or waits does, judged the same way everywhere."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

BACKLOG_LATE: Final = timedelta(minutes=1)
BACKLOG_STUCK: Final = timedelta(minutes=10)


class State(StrEnum):
    """How something does, the worst last."""

    OK = "ok"
    NEVER = "never"
    LATE = "late"
    FAILING = "failing"


def judged(
    succeeded_at: datetime | None, failing_since: datetime | None, *, overdue: bool
) -> State:
    """Judge what runs again and again: failing, late, not run yet, or all right."""
    if failing_since:
        return State.FAILING
    if overdue:
        return State.LATE
    return State.OK if succeeded_at else State.NEVER
