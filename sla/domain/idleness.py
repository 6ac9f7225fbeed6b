"""When a conversation that agents have is parked or on hold: reasons for which clocks may wait."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from chrono.spans import Span, Spans
from sla.domain.turns import ON_HOLD, PARKED, StatePaused, StateResumed, Turn

# The types of agents' segments: what each stands for.
IDLE: Final = {"parked": PARKED, "hold": ON_HOLD}
WORKING: Final = frozenset({"interact"})
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Stretch(NamedTuple):
    """One segment of an agent's session. ended_at is None while it lasts."""

    source: str
    segment_type: str
    started_at: datetime
    ended_at: datetime | None

    @property
    def span(self) -> Span:
        return Span(self.started_at, max(self.ended_at or NEVER, self.started_at))


def pauses(stretches: Sequence[Stretch]) -> Iterator[Turn]:
    """Yield when a conversation began and ceased to be parked, and to be on hold.

    While any agent works on it, it is neither, whatever the others do with it.
    """
    worked = Spans.of(stretch.span for stretch in stretches if stretch.segment_type in WORKING)
    for segment_type, reason in IDLE.items():
        of_type = [stretch for stretch in stretches if stretch.segment_type == segment_type]
        for part in (Spans.of(stretch.span for stretch in of_type) - worked).parts:
            yield StatePaused(at=part.start, reason=reason, source=_begun(of_type, part.start))
            if part.end != NEVER:
                source = _going_on(stretches, part.end) or _ended(of_type, part.end)
                yield StateResumed(at=part.end, reason=reason, source=source)


def _begun(stretches: Iterable[Stretch], at: datetime) -> str:
    return next(s.source for s in stretches if s.span.start <= at < s.span.end)


def _ended(stretches: Iterable[Stretch], at: datetime) -> str:
    return next(s.source for s in stretches if s.span.start < at <= s.span.end)


def _going_on(stretches: Iterable[Stretch], at: datetime) -> str:
    """Return which stretch begins at an instant; "" where none does."""
    return next((s.source for s in stretches if s.started_at == at), "")
