"""python -m simulator: serve a made-up contact centre on this machine."""

import argparse
import contextlib
import ipaddress
import sys
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chrono.instants import isoformat, parse
from simulator.api.access import Access
from simulator.api.answers import Centre
from simulator.clock import Clock, ManualClock, RunningClock
from simulator.push import options as push_options
from simulator.receivers import server as receivers
from simulator.receivers.salesforce import desk
from simulator.receivers.salesforce import panel as salesforce_panel
from simulator.receivers.salesforce import server as salesforce
from simulator.receivers.state import Receivers
from simulator.server import listen, serve
from simulator.world import World

_HISTORY = timedelta(days=2)
_CALLS_KEPT = 5_000  # of receivers
# By which an integration enters the organisation of Salesforce beside the centre.
SALESFORCE_KEY = "simulator"
SALESFORCE_SECRET = "simulator"  # noqa: S105 - the simulator listens on loopback


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes. Return the exit code."""
    options = _parser().parse_args(arguments)
    now = datetime.now(UTC)  # noqa: TID251  the way in reads the clock
    epoch = _epoch(options, now)
    present = max(epoch, now)
    plan = push_options.read(options)
    centre = _centre(options, epoch=epoch, present=present)
    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1
    _announce(options, centre.world)
    centre.push.follow(plan)
    with contextlib.suppress(KeyboardInterrupt):  # how uvicorn passes Ctrl-C on
        told = Receivers(centre.clock.now, calls=deque(maxlen=_CALLS_KEPT))
        org = desk.organization(
            centre.world, centre.clock.now, key=SALESFORCE_KEY, secret=SALESFORCE_SECRET
        )
        beside = receivers.routes(told, [*receivers.PANELS, salesforce_panel.panel_of(org)])
        serve(centre, listener, [*beside, *salesforce.routes(org)])
    centre.push.close()
    centre.triggered.close()
    return 0


def _centre(options: argparse.Namespace, *, epoch: datetime, present: datetime) -> Centre:
    """Return a centre that has lived until the present."""
    try:
        world = World(
            seed=options.seed,
            epoch=epoch,
            zone=options.zone,
            keep_days=options.keep_days,
            corrections=options.corrections,
            auto_answer=options.auto_answer,
        )
    except ValueError as error:
        raise SystemExit(f"--auto-answer: {error}") from error
    world.advance_to(present)
    return Centre(
        world,
        _clock(options, present),
        Access(allowed=options.rate_limit),
        lag=timedelta(seconds=options.lag),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A made-up contact centre that speaks Genesys Cloud's HTTP API. It has lived "
        "since its epoch; its history depends on seed, epoch and zone alone.",
        epilog="Client id and secret are both `simulator`. Control it under /simulator: "
        "GET clock, POST clock, GET truth, GET and POST faults, POST limits, DELETE tokens, "
        "GET and PUT push, POST push/flush, GET and PUT data, "
        "PUT permissions, GET triggered, POST triggered/flush. "
        "What it is told as webhook, Lynn, Cognigy, Slack, Teams or Salesforce stands at "
        "/receivers.",
    )
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8099, help="default: 8099")
    _add_history(parser)
    parser.add_argument(
        "--speed", type=_positive, default=1.0, help="simulated seconds a real one; default: 1"
    )
    parser.add_argument(
        "--rate-limit", type=int, default=300, help="requests a minute and token; 0: no limit"
    )
    parser.add_argument(
        "--manual", action="store_true", help="stand still until POST /simulator/clock moves it"
    )
    _add_data_faults(parser)
    push_options.add_to(parser)
    return parser


def _add_history(parser: argparse.ArgumentParser) -> None:
    """Add what decides about the centre, and about what has happened there."""
    parser.add_argument("--seed", type=int, default=7, help="another seed, another centre")
    parser.add_argument(
        "--epoch", type=_instant, help="when its history begins, ISO-8601; default: 2 days ago"
    )
    parser.add_argument(
        "--epoch-file",
        type=Path,
        help="keep the epoch in this file, so that a restart goes on with the same history",
    )
    parser.add_argument("--zone", type=_zone, default="Europe/Berlin", help="its time zone (IANA)")
    parser.add_argument(
        "--keep-days", type=int, default=14, help="forget what ended longer ago; default: 14"
    )
    parser.add_argument(
        "--auto-answer",
        action="append",
        default=[],
        metavar="QUEUE",
        help="what this queue offers is answered at once; may be given more than once",
    )


def _add_data_faults(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corrections",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="of the conversations, rewritten on the third day after their end; default: 0",
    )
    parser.add_argument(
        "--lag",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="by which analytics is behind; default: 0",
    )


def _epoch(options: argparse.Namespace, now: datetime) -> datetime:
    """Return where history begins: as told, as remembered, or two days before now."""
    file: Path | None = options.epoch_file
    remembered = _remembered(file) if file and options.epoch is None else None
    if remembered and now - remembered <= timedelta(days=options.keep_days):
        return remembered
    epoch: datetime = options.epoch or parse(isoformat(now - _HISTORY))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{isoformat(epoch)}\n", encoding="utf-8")
    return epoch


def _remembered(file: Path) -> datetime | None:
    """Read the epoch of an earlier start. Raises SystemExit where the file holds something else."""
    if not file.exists():
        return None
    try:
        return parse(file.read_text(encoding="utf-8").strip())
    except ValueError as error:
        raise SystemExit(f"{file} does not hold an epoch: {error}. Delete it.") from error


def _clock(options: argparse.Namespace, present: datetime) -> Clock:
    return ManualClock(present) if options.manual else RunningClock(present, speed=options.speed)


def _announce(options: argparse.Namespace, world: World) -> None:
    sys.stdout.write(
        f"The simulator listens on http://{options.host}:{options.port}: "
        f"{len(world.conversations)} conversations since {isoformat(world.epoch)}\n"
    )
    sys.stdout.flush()


def _loopback(text: str) -> str:
    try:
        if ipaddress.ip_address(text).is_loopback:
            return text
    except ValueError:
        if text == "localhost":
            return text
    raise argparse.ArgumentTypeError(
        f"{text} is not a loopback address: the simulator has no security, give 127.0.0.1"
    )


def _instant(text: str) -> datetime:
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _positive(text: str) -> float:
    if float(text) <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return float(text)


def _share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share between 0 and 1")
    return float(text)


def _seconds(text: str) -> float:
    if float(text) < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return float(text)


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no IANA time zone such as Europe/Berlin"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
