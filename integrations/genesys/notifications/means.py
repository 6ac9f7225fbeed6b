"""What the lines of a listener work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.genesys.notifications.intake import Intake
from integrations.genesys.notifications.lanes import Lane
from integrations.genesys.notifications.pace import Pace
from integrations.genesys.notifications.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all lines of a listener work with."""

    name: str
    pace: Pace
    clock: Callable[[], datetime]
    platform: Platform
    db: Lane
    http: Lane
    intake: Intake
    remind: Callable[[], object]

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.pace.lease_s)
