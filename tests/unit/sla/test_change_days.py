"""Clocks over the days on which the hands of clocks change: six zones, beside a walk in steps."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chrono.instants import isoformat
from sla.domain.scenario import answer
from tests.unit.chrono.change_days import CHANGES, Change
from tests.unit.chrono.office import ALWAYS, DAY, NIGHTS, OFFICE, utc
from tests.unit.chrono.walker import Walker

WEEKS: dict[str, Any] = {"office": OFFICE, "always": ALWAYS, "nights": NIGHTS}
TARGET = timedelta(hours=9, minutes=20)


def event(kind: str, at: datetime, **more: str) -> dict[str, str]:
    return {"type": kind, "at": isoformat(at), **more}


@pytest.mark.parametrize("week", WEEKS)
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_clock_measures_and_is_due_as_a_walk_says(change: Change, week: str) -> None:
    midnight = utc(change.midnight)
    began, paused, resumed, now = (midnight + timedelta(hours=n) for n in (-33, -1.5, 2.5, 28))
    case = {"timezone": change.zone, "hours": WEEKS[week]}
    walker = Walker(change.day - 3 * DAY, change.day + 6 * DAY, **case)
    before = walker.within(began, paused)
    used = before + walker.within(resumed, now)
    due = (
        walker.after(began, TARGET) if before >= TARGET else walker.after(resumed, TARGET - before)
    )

    found = answer(
        case
        | {
            "policy": {"resolution_s": TARGET.total_seconds()},
            "events": [
                event("created", began),
                event("state_paused", paused, reason="parts"),
                event("state_resumed", resumed, reason="parts"),
            ],
            "as_of": isoformat(now),
        }
    )

    assert found["resolution_business_s"] == used.total_seconds()
    assert (found["missed"] == ["resolution"]) == (used > TARGET)
    assert due is None or found["resolution_due"] == isoformat(due)
    breached = [step["at"] for step in found["steps"] if step["action"] == "breached"]
    assert len(breached) == (used > TARGET)
