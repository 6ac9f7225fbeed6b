"""Read conversations from Genesys Cloud by hand."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from chrono import instants
from integrations.errors import BudgetSpentError, IntegrationError
from integrations.genesys.client import connect
from integrations.genesys.correspondence import read_messages
from integrations.genesys.feedback import read_feedback
from integrations.genesys.poll import find_open, poll
from integrations.management.talking import TalkingCommand

T = TypeVar("T")


class Command(TalkingCommand):
    help = (
        "Read conversations from Genesys Cloud now: what started or ended, what is open, "
        "surveys and evaluations, and who wrote."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            metavar="INSTANT",
            help="go back to conversations that started then, e.g. 2026-03-01T00:00:00Z; "
            "without it, on from where the last run got to",
        )

    def handle(self, *_: Any, since: str | None, **__: Any) -> None:
        start = _instant(since) if since else None
        client, now = connect(timezone.now), timezone.now()
        try:
            # Where the rate limit stops a poll, the next one goes on there, and not at --since.
            since_once = iter([start])
            polling = partial(poll, client=client, now=now, tell=self._tell)
            read = self._patiently(lambda: polling(since=next(since_once, None)))
            for part in (find_open, read_feedback):
                read += self._patiently(partial(part, client=client, now=now, tell=self._tell))
            self.stdout.write(f"in all: {read}")
            differ = read_messages(client=client, now=now)
        except IntegrationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"messages new or changed: {differ}")

    def _patiently(self, read: Callable[[], T]) -> T:
        """Read; where this minute's requests are made, wait for the next and go on."""
        while True:
            try:
                return read()
            except BudgetSpentError as error:
                self._tell(f"waiting: {error}")
                time.sleep(error.retry_after or 1)


def _instant(text: str) -> datetime:
    try:
        return instants.parse(text)
    except ValueError as error:
        raise CommandError(f"--since: {error}") from error
