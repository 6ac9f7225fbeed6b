"""The instants that Genesys tells; of those in analytics details each text is read once."""

from datetime import UTC, datetime
from typing import Final

from chrono import instants

# No Genesys Cloud conversation is older; what lies far ahead is damage.
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2101, 1, 1, tzinfo=UTC)
_MOST: Final = 16_384


def credible(at: datetime) -> datetime:
    """Return an instant as it is; raises ValueError where it is one of another age."""
    if not _EARLIEST <= at < _LATEST:
        raise ValueError(f"{at.isoformat()} lies outside the years 2000 to 2100")
    return at


class Moments(dict[str | None, datetime | None]):
    """The instants that texts tell, and None for none: most stand in a document several times.

    Raises ValueError where a text tells none, or one of another age.
    """

    def __missing__(self, text: str | None) -> datetime | None:
        if not text:
            return None
        at = credible(instants.parse(text[:60]))
        if len(self) >= _MOST:
            self.clear()
        self[text] = at
        return at


MOMENTS: Final = Moments()
