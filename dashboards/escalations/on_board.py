"""Which conversations on the SLA board are escalated."""

from dashboards.board import Escalated
from dashboards.escalations import reading
from dashboards.escalations.query import STATES
from dashboards.escalations.rows import urgency


def by_conversation() -> dict[int, Escalated]:
    """Read how the alerts of conversations stand, the most urgent one of each: few queries."""
    alerts = sorted(reading.standing(), key=urgency)
    failing = reading.failing(alerts)
    found: dict[int, Escalated] = {}
    for alert in alerts:
        one = Escalated(alert.pk, _word(alert.state, alert.acknowledged_by), alert.pk in failing)
        found.setdefault(alert.conversation_id, one)
    return found


def _word(state: str, by: str) -> str:
    return f"{STATES[state]} by {by}" if by else STATES[state]
