"""Timelines of events for scenarios, and what they come to."""

from typing import Any

from sla.domain.scenario import answer

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
POLICY = {"first_response_s": 3600, "next_response_s": 7200, "resolution_s": 14400}


def at(time: str, type_: str, **more: Any) -> dict[str, Any]:
    """An event on Monday, 2026-02-02; a day may precede the time: "3 09:00"."""
    day, _, hour = f"2 {time}".rpartition(" ")
    day = day.split()[-1]
    return {"at": f"2026-02-{int(day):02}T{hour}:00Z", "type": type_, **more}


def replayed(*events: dict[str, Any], policy: Any = None, **more: Any) -> dict[str, Any]:
    case = {"timezone": "UTC", "hours": OFFICE, "policy": POLICY | (policy or {})}
    return answer({**case, "events": list(events), **more})


def on(time: str, day: int = 2) -> str:
    return f"2026-02-{day:02}T{time}:00.000Z"
