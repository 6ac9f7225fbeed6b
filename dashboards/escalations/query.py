"""The filter of the escalations page, as its URL tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.numbers import is_number, page_of
from sla.models import Alert

STATES: Final[Mapping[str, str]] = {
    Alert.State.OPEN: "Not acknowledged",
    Alert.State.ACKNOWLEDGED: "Acknowledged",
    Alert.State.SNOOZED: "Snoozed",
    Alert.State.CLOSED: "Closed",
}
LEVELS: Final[Mapping[str, str]] = {
    Alert.Level.BREACHED: "Breached",
    Alert.Level.FORGOTTEN: "Forgotten",
    Alert.Level.WARNED: "Due soon",
}
MINE: Final = "me"
NOBODYS: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Query:
    """Empty means all; of closed ones none are shown unless state says so."""

    state: str = ""
    level: str = ""
    queue: str = ""
    owner: str = ""
    conversation: str = ""
    failing: bool = False
    page: int = 1

    @classmethod
    def of(cls, told: Mapping[str, str]) -> "Query":
        """Read a query string; what cannot be meant is taken as not said."""
        owner = told.get("owner", "")
        return cls(
            state=_one_of(told.get("state", ""), STATES),
            level=_one_of(told.get("level", ""), LEVELS),
            queue=told.get("queue", ""),
            owner=owner if owner in {MINE, NOBODYS} or is_number(owner) else "",
            conversation=told.get("conversation", ""),
            failing=told.get("failing", "") == "1",
            page=page_of(told.get("page", "")),
        )

    def keeps(self, alert: Alert, *, reader: int | None, failing: bool) -> bool:
        """Tell whether an alert is shown; state and page are looked at elsewhere."""
        return (
            self.level in {"", alert.level}
            and self.queue in {"", alert.conversation.queue_id}
            and self.conversation in {"", alert.conversation.genesys_id}
            and self._is_of(alert.assigned_to_id, reader)
            and (failing or not self.failing)
        )

    def _is_of(self, owner: int | None, reader: int | None) -> bool:
        if self.owner == NOBODYS:
            return owner is None
        wanted = str(reader) if self.owner == MINE else self.owner
        return wanted in {"", str(owner)}


def _one_of(value: str, known: Mapping[str, str]) -> str:
    return value if value in known else ""
