"""The demo's made-up contact centre: where and since when it lives, and how it proves who it is.

Its world is written down once, in demo.json, so that the next start goes on with the same history.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

FILE = "demo.json"
SEED = 7
HISTORY = timedelta(days=2)
BUSY_AT = timedelta(hours=11)
# When the made-up centre answers: what its SLA clocks count.
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OPENS, CLOSES = "08:00", "20:00"
DAY = timedelta(days=1)
# One for each hour of the day or so: wherever it is day now, one of them is near 11:00.
ZONES = (
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Halifax",
    "America/Sao_Paulo",
    "Atlantic/South_Georgia",
    "Atlantic/Azores",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Istanbul",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Guadalcanal",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What makes a made-up centre's history the same every time.

    `epoch` is the UTC instant, ISO 8601, at which its history begins. `push_token` is no part of
    history: by it the simulator posts what happens to our webhooks.
    """

    seed: int
    epoch: str
    zone: str
    push_token: str = field(default="", repr=False)


def world_of(folder: Path, *, now: datetime) -> World:
    """Return the world kept in this folder; the first time, write down one that is busy now."""
    known = _read(folder / FILE)
    if known is None:
        epoch = (now.astimezone(UTC) - HISTORY).replace(minute=0, second=0, microsecond=0)
        known = World(seed=SEED, epoch=epoch.isoformat(), zone=busy_zone(now))
        remember(folder, known)
    return known


def remember(folder: Path, world: World) -> None:
    """Write a world down, for its owner's eyes alone: it holds a token."""
    path = folder / FILE
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(asdict(world), indent=2) + "\n", encoding="utf-8")


def zone_of(folder: Path) -> str:
    """Return the zone of the world kept in this folder, UTC where none is yet."""
    known = _read(folder / FILE)
    return known.zone if known else "UTC"


def busy_zone(now: datetime) -> str:
    """Return the zone of ZONES where the clock is nearest to 11:00, the busiest hour."""

    def distance(zone: str) -> timedelta:
        local = now.astimezone(ZoneInfo(zone))
        off = timedelta(hours=local.hour, minutes=local.minute) - BUSY_AT
        return min(off % DAY, -off % DAY)

    return min(ZONES, key=distance)


def is_loopback(host: str) -> bool:
    """Whether an address or name stands for this machine alone."""
    bare = host.strip("[]")
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost"


def _read(path: Path) -> World | None:
    """Read a world; None where there is no file.

    Raises ImproperlyConfigured where the file is not a world.
    """
    if not path.exists():
        return None
    try:
        known = World(**json.loads(path.read_text(encoding="utf-8")))
        datetime.fromisoformat(known.epoch)
        ZoneInfo(known.zone)
    except (ValueError, TypeError, KeyError) as error:
        raise ImproperlyConfigured(
            f"{path} is damaged: run `make demo-reset` for a new demo, or repair it"
        ) from error
    return known
