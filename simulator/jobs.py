"""Queries that are answered later: QUEUED, then PENDING, then FULFILLED, by the centre's clock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

QUEUED_FOR, PENDING_FOR = timedelta(seconds=1), timedelta(seconds=2)
KEPT_FOR = timedelta(days=1)
# How a job comes out where a fault says so.
ENDINGS = {"job_failed": "FAILED", "job_cancelled": "CANCELLED", "job_expired": "EXPIRED"}
OVER = {"FULFILLED", *ENDINGS.values()}


@dataclass(slots=True)
class Job:
    """One query that is answered later. ending is how it comes out; found is what it found."""

    id: str
    body: dict[str, Any]
    submitted: datetime
    ending: str = "FULFILLED"
    cancelled: bool = False
    found: list[str] | None = None

    def state(self, now: datetime) -> str:
        """Tell how far it has come."""
        age = now - self.submitted
        if self.cancelled:
            return "CANCELLED"
        if age < QUEUED_FOR:
            return "QUEUED"
        if age < QUEUED_FOR + PENDING_FOR:
            return "PENDING"
        return "EXPIRED" if age > KEPT_FOR else self.ending


@dataclass(slots=True)
class Jobs:
    """All jobs, how far the data is behind, and how many jobs may be under way."""

    behind: timedelta = timedelta(hours=1)
    most: int = 10
    known: dict[str, Job] = field(default_factory=dict)

    def available(self, now: datetime) -> datetime:
        """Return the instant up to which all data is there."""
        return now - self.behind

    def under_way(self, now: datetime) -> int:
        return sum(job.state(now) not in OVER for job in self.known.values())
