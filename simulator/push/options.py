"""The options of `python -m simulator` that say what is pushed where."""

import argparse
import json
import os
from pathlib import Path
from typing import Final, get_args

from simulator.push import plan
from simulator.push.plan import Plan, Shape

URL: Final = "SIMULATOR_PUSH_URL"
TOKEN: Final = "SIMULATOR_PUSH_TOKEN"  # noqa: S105  the variable's name
_LATE: Final = 20.0  # seconds
_SHAPES: Final[tuple[Shape, ...]] = get_args(Shape)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    group = parser.add_argument_group(
        "pushing",
        "Post what happens, as it happens, to one receiver, or to those of a plan. "
        "PUT /simulator/push changes it, GET tells what became of the events.",
    )
    group.add_argument(
        "--push-url", default=os.environ.get(URL, ""), help=f"the receiver; default: ${URL}"
    )
    group.add_argument(
        "--push-token",
        default=os.environ.get(TOKEN, ""),
        help=f"its bearer token; default: ${TOKEN}, which no list of processes shows",
    )
    group.add_argument(
        "--push-header", default="Authorization", help="where the token goes, if not there"
    )
    group.add_argument(
        "--push-shape", choices=_SHAPES, default="trigger", help="default: trigger, our contract"
    )
    group.add_argument(
        "--push-faults",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="how probable each fault is for an event; default: 0",
    )
    group.add_argument(
        "--push-plan", type=Path, metavar="FILE", help="what PUT /simulator/push takes, as a file"
    )


def read(options: argparse.Namespace) -> Plan:
    """Return what is to be pushed. Raises SystemExit where it is malformed."""
    try:
        if options.push_plan:
            return plan.read(json.loads(options.push_plan.read_text(encoding="utf-8")))
        return plan.read({**_receiver(options), "faults": _faults(options.push_faults)})
    except (OSError, ValueError) as error:
        raise SystemExit(f"what is to be pushed is malformed: {error}") from error


def _receiver(options: argparse.Namespace) -> dict[str, list[dict[str, object]]]:
    if not options.push_url:
        return {}
    receiver = {
        "name": options.push_shape,
        "shape": options.push_shape,
        "url": options.push_url,
        "token": options.push_token,
        "header": options.push_header,
        "strings": options.push_shape == "trigger",
    }
    return {"destinations": [receiver]}


def _faults(share: float) -> dict[str, float]:
    befall = ("late", "repeated", "lost", "reordered", "nulls", "skewed", "forged")
    return dict.fromkeys(befall, share) | {"late_s": _LATE}
