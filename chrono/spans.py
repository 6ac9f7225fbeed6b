"""Half-open spans of time and the algebra over them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The instants from start up to, and not including, end. Both are UTC.

    Raises ValueError where an instant is not UTC, or end lies before start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("a span takes UTC instants: convert at the edge")
        if self.end < self.start:
            raise ValueError(f"a span ends before it starts: {self.start} to {self.end}")

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Spans:
    """A set of instants, kept as sorted spans that neither overlap nor touch."""

    parts: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Spans":
        """Put spans in normal form; every other operation relies on it."""
        merged: list[Span] = []
        for span in sorted(s for s in spans if s.start < s.end):
            if merged and span.start <= merged[-1].end:
                merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
            else:
                merged.append(span)
        return cls(tuple(merged))

    def __or__(self, other: "Spans") -> "Spans":
        return Spans.of((*self.parts, *other.parts))

    def __and__(self, other: "Spans") -> "Spans":
        found: list[Span] = []
        i = j = 0
        while i < len(self.parts) and j < len(other.parts):
            ours, theirs = self.parts[i], other.parts[j]
            start, end = max(ours.start, theirs.start), min(ours.end, theirs.end)
            if start < end:
                found.append(Span(start, end))
            if ours.end < theirs.end:
                i += 1
            else:
                j += 1
        return Spans(tuple(found))

    def __sub__(self, other: "Spans") -> "Spans":
        if not self.parts or not other.parts:
            return self
        return self & other.gaps(Span(self.parts[0].start, self.parts[-1].end))

    def gaps(self, within: Span) -> "Spans":
        """Return what of within no part covers."""
        edges = [within.start]
        for part in (self & Spans.of([within])).parts:
            edges += [part.start, part.end]
        edges.append(within.end)
        return Spans.of(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True))

    @property
    def total(self) -> timedelta:
        return sum((part.length for part in self.parts), timedelta())
