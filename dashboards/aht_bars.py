"""The AHT chart's geometry: two bars a group on one zero-based axis. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboards import format as write

WIDTH: Final = 1270
LABELS: Final = 210
VALUES: Final = 130  # px that "1:52:12 adjusted" needs behind the longest bar
GROUP: Final = 50
THICK: Final = 15


@dataclass(frozen=True, slots=True)
class Pair:
    """The two bars of one group, in px."""

    label: str
    y: int
    raw_width: float
    raw_text: str
    adjusted_width: float
    adjusted_text: str

    @property
    def raw_end(self) -> float:
        return self.raw_width + 6

    @property
    def adjusted_end(self) -> float:
        return self.adjusted_width + 6


@dataclass(frozen=True, slots=True)
class Bars:
    width: int
    height: int
    left: int
    pairs: tuple[Pair, ...]


def bars(groups: Sequence[tuple[str, int, int]]) -> Bars:
    """Draw (label, raw seconds, adjusted seconds), in the order given."""
    longest = max((max(raw, adjusted) for _, raw, adjusted in groups), default=0) or 1
    scale = (WIDTH - LABELS - VALUES) / longest
    return Bars(
        width=WIDTH,
        height=len(groups) * GROUP + 8,
        left=LABELS,
        pairs=tuple(
            Pair(
                label=_short(label),
                y=index * GROUP + 8,
                raw_width=round(raw * scale, 2),
                raw_text=f"{write.handle_time(raw)} raw",
                adjusted_width=round(adjusted * scale, 2),
                adjusted_text=f"{write.handle_time(adjusted)} adjusted",
            )
            for index, (label, raw, adjusted) in enumerate(groups)
        ),
    )


def _short(label: str) -> str:
    """Cut a label to what fits before the bars; the table below has it whole."""
    most = 27
    return label if len(label) <= most else f"{label[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
