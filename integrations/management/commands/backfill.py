"""Load history from Genesys Cloud."""

import sys
import time
from argparse import ArgumentTypeError
from datetime import date
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from integrations.errors import IntegrationError, RoadBusyError, TemporaryError
from integrations.genesys.backfill import Progress, backfill, plan, to_load
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client, connect
from integrations.management.talking import TalkingCommand

PAUSE_S: Final = 2.0
# So many answers in a row that are none, and somebody should look.
MOST_FAILURES: Final = 10
LONGEST_PAUSE_S: Final = 60.0
# Three months. More is long work for Genesys and for us: nobody should order it by a typo.
MOST_UNASKED: Final = 92


class Command(TalkingCommand):
    """Ctrl-C, or a crash, loses nothing: the same command goes on where this one stopped."""

    help = (
        "Load the conversations of past days by asynchronous jobs, day by day. Stop it with Ctrl-C "
        "whenever you like: the same command goes on. Nothing is told to other systems."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="first", required=True, type=_day, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--to", dest="last", required=True, type=_day, metavar="YYYY-MM-DD", help="inclusive"
        )
        parser.add_argument(
            "--restart", action="store_true", help="load days that are loaded already once more"
        )
        parser.add_argument(
            "--yes",
            action="store_true",
            help=f"do not ask, however many days (over {MOST_UNASKED})",
        )

    def handle(self, *_: Any, first: date, last: date, restart: bool, **options: Any) -> None:
        if last < first:
            raise CommandError(f"--to {last} lies before --from {first}")
        if last > timezone.localdate():
            raise CommandError(f"--to {last} has not come yet: today is {timezone.localdate()}")
        left = to_load(first=first, last=last, restart=restart)
        self._tell(f"{left} of {(last - first).days + 1} days to load, a job for each")
        if left > MOST_UNASKED and not options["yes"] and not self._agreed(left):
            self._tell("nothing was ordered")
            return
        client = connect(timezone.now, Priority.BACKGROUND)
        plan(first=first, last=last, restart=restart)
        try:
            done = self._load(client, first, last)
        except KeyboardInterrupt:
            self.stderr.write("\nstopped; the same command goes on from here")
            sys.exit(130)
        except IntegrationError as error:
            raise CommandError(f"{error}; the same command goes on from here") from error
        self._summarise(done)

    def _agreed(self, left: int) -> bool:
        if not sys.stdin.isatty():
            raise CommandError(
                f"{left} days are more than {MOST_UNASKED}: say --yes if you mean it"
            )
        self.stdout.write(f"{left} jobs are many. Type yes to order them: ", ending="")
        self.stdout.flush()
        return sys.stdin.readline().strip().casefold() == "yes"

    def _load(self, client: Client, first: date, last: date) -> Progress:
        """Work until all is done, with a pause wherever there is something to wait for."""
        failures, shown = 0, None
        while True:
            try:
                done = backfill(
                    client=client, first=first, last=last, now=timezone.now(), tell=self._tell
                )
            except RoadBusyError as error:
                raise RoadBusyError(f"{error}: is another backfill running?") from error
            except TemporaryError as error:
                failures += 1
                if failures > MOST_FAILURES:
                    raise
                self._tell(f"waiting: {error}")
                time.sleep(min(error.retry_after or PAUSE_S * failures, LONGEST_PAUSE_S))
                continue
            failures = 0
            if done != shown:
                self._show(done)
            if done.is_over:
                return done
            shown = done
            time.sleep(PAUSE_S)

    def _show(self, done: Progress) -> None:
        self._tell(f"{done.done} of {done.days} days, {done.conversations:,} conversations")

    def _summarise(self, done: Progress) -> None:
        if done.waiting:
            self._tell(f"{done.waiting} days lie beyond what Genesys has ready: try later")
        if done.failed:
            raise CommandError(f"{done.failed} days were given up: see the admin, History days")
        self._tell("done so far" if done.waiting else "done")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day: write it as 2026-01-31") from None
