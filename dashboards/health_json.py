"""Whether everything is read and worked through, as plain values for a monitor."""

from datetime import timedelta
from typing import Any

from integrations.health import Health


def as_json(seen: Health) -> dict[str, Any]:
    """Return what the health page shows as plain values."""
    told: dict[str, Any] = {"status": seen.state, "at": seen.at}
    for part in (
        "roads",
        "backlogs",
        "senders",
        "destinations",
        "handlers",
        "channels",
        "sweeps",
        "gaps",
    ):
        told[part] = [_plain(row._asdict()) for row in getattr(seen, part)]
    return told | {"topics": dict(seen.topics.counts)}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.total_seconds() if isinstance(v, timedelta) else v for k, v in row.items()}
