"""Load history from Genesys Cloud."""

import sys
import time
from argparse import ArgumentTypeError
from datetime import date
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from integrations.errors import IntegrationError, RoadBusyError, TemporaryError
from integrations.genesys.backfill import Progress, backfill, plan
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client, connect

PAUSE_S: Final = 2.0
# So many answers in a row that are none, and somebody should look.
MOST_FAILURES: Final = 10
LONGEST_PAUSE_S: Final = 60.0


class Command(BaseCommand):
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

    def handle(self, *_: Any, first: date, last: date, restart: bool, **__: Any) -> None:
        if last < first:
            raise CommandError(f"--to {last} lies before --from {first}")
        if last > timezone.localdate():
            raise CommandError(f"--to {last} has not come yet: today is {timezone.localdate()}")
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

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day: write it as 2026-01-31") from None
