"""Set up in Genesys Cloud what tells us of events."""

import difflib
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.genesys.client import Client, connect
from integrations.genesys.setup import run, workflows
from integrations.genesys.setup.fixes import fix_of
from integrations.genesys.setup.steps import Kind, Step
from integrations.genesys.setup.wishes import Wishes
from integrations.management.talking import TalkingCommand

MEDIA: Final = ("voice", "callback", "chat", "email", "message")
QUEUES: Final = "/api/v2/routing/queues"
LEAST_TTL: Final = 10
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Queue(msgspec.Struct):
    """A queue, as it is listed."""

    id: str
    name: str = ""


class Command(TalkingCommand):
    help = (
        "Set up in Genesys Cloud what tells DCM of events: a web services data action with a token "
        "of its own, workflows that call it, and triggers that start them. Without --apply it "
        "tells what there is to do and does nothing. It may be run again at any time, with the "
        "same options: what is right is left alone. See docs/genesys-setup.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="tell only; this is the default")
        what.add_argument("--apply", action="store_true", help="make it so")
        what.add_argument("--remove", action="store_true", help="take away what was made; it asks")
        what.add_argument(
            "--export",
            type=Path,
            metavar="FOLDER",
            help="write the workflows as YAML for Archy or Architect's import; nothing else",
        )
        parser.add_argument("--yes", action="store_true", help="with --remove: do not ask")
        parser.add_argument(
            "--division", default="Home", help="of the exported workflows; default: Home"
        )
        _add_wishes(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        if options["export"]:
            self._export(options["export"], options["division"])
            return
        client = connect(timezone.now)
        try:
            if options["remove"]:
                self._remove(client, asks=not options["yes"])
            else:
                self._set_up(client, options)
        except IntegrationError as error:
            raise CommandError(
                f"{error}\n  fix: {fix_of(error)}\n  What was done until here stays; run it again "
                "afterwards and it goes on."
            ) from error

    def _set_up(self, client: Client, options: dict[str, Any]) -> None:
        wishes = Wishes(
            url=_url(options["url"]),
            queue_ids=_queues(client, options["queue"]),
            media=tuple(options["media"]),
            ttl_s=options["ttl"],
            enabled=not options["disabled"],
        )
        if options["apply"]:
            count = run.apply(client=client, wishes=wishes, tell=self._done)
            self.stdout.write(f"{count} made or changed" if count else "nothing was to be done")
        else:
            count = run.plan(client=client, wishes=wishes, tell=self._planned)
            self.stdout.write(
                f"{count} to be made or changed: run it with --apply"
                if count
                else "nothing is to be done"
            )

    def _remove(self, client: Client, *, asks: bool) -> None:
        count = run.remove(client=client, tell=self._planned, do=False)
        if not count:
            self.stdout.write("nothing of ours is there")
        elif asks and not self._says_yes("Remove all of this? Write yes", unasked="--yes"):
            self.stdout.write("nothing was removed")
        else:
            count = run.remove(client=client, tell=self._done, do=True)
            self.stdout.write(f"{count} removed")

    def _export(self, folder: Path, division: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in workflows.files(division).items():
            (folder / name).write_text(text, encoding="utf-8")
            self.stdout.write(str(folder / name))

    def _planned(self, step: Step) -> None:
        self._tell(step.line)

    def _done(self, step: Step) -> None:
        self._tell(step.line if step.kind == Kind.EXISTS else f"done    {step.line}")


def _add_wishes(parser: CommandParser) -> None:
    parser.add_argument(
        "--url",
        default=settings.PUBLIC_URL,
        help="where Genesys reaches DCM, as https://dcm.example.org; default: DCM_PUBLIC_URL",
    )
    parser.add_argument(
        "--queue",
        action="append",
        default=[],
        metavar="NAME",
        help="only events of this queue, by name or id; repeat it for several",
    )
    parser.add_argument(
        "--media",
        action="append",
        default=[],
        choices=MEDIA,
        help="only events of this medium; repeat it for several",
    )
    parser.add_argument(
        "--ttl",
        type=_ttl,
        metavar="SECONDS",
        help="Genesys may drop events that are older; default: never",
    )
    parser.add_argument("--disabled", action="store_true", help="leave the triggers off")


def _ttl(text: str) -> int:
    if not text.isdecimal() or int(text) < LEAST_TTL:
        raise ArgumentTypeError(f"{text!r} must be a number of seconds from {LEAST_TTL} up")
    return int(text)


def _url(text: str) -> str:
    """Return our own URL. Raises CommandError where Genesys could not reach or trust it."""
    parts = urlsplit(text)
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise CommandError(
            f"our own URL is {text!r}: give --url https://dcm.example.org, or set DCM_PUBLIC_URL"
        )
    if parts.hostname in LOOPBACK and not settings.DEMO:
        raise CommandError(f"{text} is this machine alone: give the URL by which others reach it")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise CommandError(f"{text} is not https: a token must not travel in the clear")
    return f"{parts.scheme}://{parts.netloc}"


def _queues(client: Client, asked: list[str]) -> tuple[str, ...]:
    """Return the ids of queues. Raises CommandError for one that is not there."""
    if not asked:
        return ()
    known: dict[str, str] = {}
    for queue in client.entities(QUEUES, Queue):
        known |= {queue.id: queue.id, queue.name.casefold(): queue.id}
    for name in asked:
        if name.casefold() not in known:
            near = difflib.get_close_matches(name.casefold(), known, n=3)
            seen = ", ".join(sorted(known.keys() - set(known.values()))) or "none"
            hint = f": is it {' or '.join(near)}?" if near else f" that this client sees: {seen}"
            raise CommandError(f"--queue: there is no queue {name!r}{hint}")
    return tuple(known[name.casefold()] for name in asked)
