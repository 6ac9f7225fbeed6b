"""Import conversation details from files."""

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from chrono import instants
from integrations.errors import MalformedPayloadError
from integrations.genesys import files, ingest
from integrations.genesys.ingest import Taken

SHOW_EVERY_S = 2.0


class Command(BaseCommand):
    """Takes every conversation it can; what it refuses is named, and makes the exit code 1."""

    help = (
        "Import conversation details from files or folders of JSON or NDJSON: a query answer, a "
        "job result, one conversation, or a list of them. Importing the same again changes "
        "nothing. Exit code 1 where anything was refused; everything else is imported all the same."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument(
            "--observed-at",
            type=_instant,
            help="when the files were read from Genesys, such as 2026-03-27T16:45:00Z; without it "
            "each document counts as read at the latest instant that it tells of",
        )

    def handle(self, *, paths: list[Path], observed_at: datetime | None, **_: Any) -> None:
        found = [path for given in paths for path in files.paths_below(given)]
        taken, bad = Taken(), 0
        started = shown = time.monotonic()
        for number, path in enumerate(found, start=1):
            one, refused = self._import(path, observed_at)
            taken, bad = taken + one, bad + refused
            if (moment := time.monotonic()) - shown >= SHOW_EVERY_S:
                shown = moment
                self._progress(number, len(found), taken, moment - started)
        self._summarise(taken, bad, len(found))
        if bad or not found:
            sys.exit(1)

    def _import(self, path: Path, observed_at: datetime | None) -> tuple[Taken, int]:
        """Import one file; return what came of it and how many complaints there were."""
        try:
            documents = files.documents(path.read_bytes())
        except OSError as error:
            self.stderr.write(f"{path}: cannot be read: {error.strerror}")
            return Taken(), 1
        except MalformedPayloadError as error:
            self.stderr.write(f"{path}: {error}")
            return Taken(), 1
        taken = ingest.take(
            (document.content for document in documents),
            observed_at=observed_at,
            now=timezone.now(),
            writers=ingest.most_writers(),
        )
        for refusal in taken.refused:
            place = documents[refusal.position].place
            self.stderr.write(f"{path}: {place}: {refusal.reason}")
        return taken, len(taken.refused)

    def _progress(self, number: int, files_found: int, taken: Taken, seconds: float) -> None:
        count = sum(taken.recorded)
        self.stderr.write(
            f"{count:,} conversations from {number:,} of {files_found:,} files, "
            f"{count / seconds:,.0f}/s"
        )

    def _summarise(self, taken: Taken, bad: int, files_found: int) -> None:
        if not files_found:
            self.stderr.write("no .json, .ndjson or .jsonl file found: check the path")
            return
        counts = taken.recorded
        files = "1 file" if files_found == 1 else f"{files_found:,} files"
        self.stdout.write(
            f"{files}: {counts.new:,} new, {counts.changed:,} changed, "
            f"{counts.unchanged:,} unchanged, {counts.stale:,} older than what is known, "
            f"{bad:,} refused"
        )


def _instant(text: str) -> datetime:
    try:
        return instants.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
