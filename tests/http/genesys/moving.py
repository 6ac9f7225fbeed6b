"""A clock that stands until a test moves it, also into the past."""

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Moving:
    """A clock that a test moves."""

    at: datetime

    def now(self) -> datetime:
        return self.at
