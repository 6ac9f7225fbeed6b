"""How many requests an organisation may send in 24 hours."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator.receivers.salesforce.errors import SalesforceError

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Limits:
    """Counts requests over the last 24 hours. used_by_others is what other programs have taken."""

    allowed: int = 100_000
    used_by_others: int = 0
    _at: deque[datetime] = field(default_factory=deque)

    def count(self, now: datetime) -> None:
        """Count a request. Raises SalesforceError (403) where it is one too many."""
        while self._at and self._at[0] <= now - _DAY:
            self._at.popleft()
        if self.used >= self.allowed:
            wording = "TotalRequests Limit exceeded."
            raise SalesforceError("REQUEST_LIMIT_EXCEEDED", wording, status=403)
        self._at.append(now)

    @property
    def used(self) -> int:
        """Return how many requests count now."""
        return len(self._at) + self.used_by_others

    def use_up(self) -> None:
        """Let other programs take all that is left."""
        self.used_by_others = self.allowed - len(self._at)

    def free(self) -> None:
        """Let what others have taken be theirs no longer."""
        self.used_by_others = 0

    def header(self) -> dict[str, str]:
        """Return the header that tells what is used."""
        return {"Sforce-Limit-Info": f"api-usage={self.used}/{self.allowed}"}

    def told(self) -> dict[str, Any]:
        """Return what the resource limits tells."""
        left = max(0, self.allowed - self.used)
        other = {"DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000}}
        return {"DailyApiRequests": {"Max": self.allowed, "Remaining": left}} | other
