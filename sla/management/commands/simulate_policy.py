"""Try a policy, opening hours or a ladder on the mirrored history, without saving anything."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from chrono.errors import HoursError
from conversations.models import Conversation
from sla import backtest, draft_files
from sla.backtest_report import Report, as_json, report
from sla.domain.tally import Pair, Tally

MOST_DAYS: Final = 366
EXAMPLES: Final = """
examples:
  manage.py simulate_policy --policy premium.json --days 7
      where premium.json holds {"name": "Premium e-mail", "calendar": "Office hours",
      "position": 1, "media_types": ["email"], "next_response_s": 7200}; a name that is in force
      already means that policy, changed by what the file says
  manage.py simulate_policy --policy "Answer within 4 hours" --ladder "Night" --json
      what is in force, with another ladder, as JSON with the conversations behind each number
  manage.py simulate_policy --calendar hours.json
      where hours.json holds {"name": "Office hours", "hours": {"mon": [["08:00", "20:00"]]}}: for
      all policies that keep these hours
  manage.py simulate_policy --ladder night.json
      where night.json holds {"name": "Night", "rungs": [{"offset_s": 1800, "audience": "rota",
      "rota": "First line"}]}: for all policies that use this ladder

exit code: 0 it was tried, 1 the draft cannot be read or cannot hold; the message says why.
"""


class Command(BaseCommand):
    """manage.py simulate_policy --policy FILE.json|NAME [--calendar FILE] [--ladder FILE|NAME]."""

    help = (
        "Say what a draft of a policy, of opening hours or of a ladder would have come to in the "
        "last days, beside what is in force: warnings, breaches and notices by day and queue. "
        "Nothing is saved."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, epilog=EXAMPLES, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--policy", default="", metavar="FILE.json|NAME", help="what is promised"
        )
        parser.add_argument("--calendar", type=Path, metavar="FILE.json", help="opening hours")
        parser.add_argument("--ladder", default="", metavar="FILE.json|NAME", help="who is told")
        parser.add_argument("--days", type=int, default=30, help="how far back; else 30")
        parser.add_argument("--json", action="store_true", help="write one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days: {options['days']}: write 1 to {MOST_DAYS}")
        if not any(options[one] for one in ("policy", "calendar", "ladder")):
            raise CommandError("nothing to try: write --policy, --calendar or --ladder")
        test = self._test(options)
        tally = self._tally(test)
        found = report(tally, days=options["days"])
        if options["json"]:
            self._write_json(found, tally)
        else:
            self._write_text(found)
            self._write_limits(test)

    def _test(self, options: dict[str, Any]) -> backtest.Backtest:
        try:
            draft = draft_files.draft(
                policy=options["policy"], calendar=options["calendar"], ladder=options["ladder"]
            )
            span = backtest.last_days(options["days"], timezone.now())
            return backtest.backtest_of(draft, span=span, zone=ZoneInfo(settings.TIME_ZONE))
        except (draft_files.DraftError, HoursError) as error:
            raise CommandError(str(error)) from error

    def _tally(self, test: backtest.Backtest) -> Tally:
        tally, done = Tally(), 0
        total = backtest.conversations(test).count()
        for looked_at, _ in backtest.count_up(test, tally):
            done += looked_at
            self.stderr.write(f"{done:,} of {total:,} conversations")
        return tally

    def _write_json(self, found: Report, tally: Tally) -> None:
        pks = tally.named()
        ids = dict(Conversation.objects.filter(pk__in=pks).values_list("pk", "genesys_id"))
        written = as_json(found, tally, genesys_ids=ids)
        self.stdout.write(json.dumps(written, indent=1, ensure_ascii=False))

    def _write_text(self, found: Report) -> None:
        self.stdout.write(found.sentence)
        self.stdout.write(
            f"Of {found.conversations:,} conversations {found.moved:,} fall to another policy. "
            f"Promises kept: {found.draft}; as it is today: {found.today}."
        )
        for way, pair in found.notices:
            self.stdout.write(f"  notices, {way}: {_said(pair)}")
        width = max(len("queue"), *(len(row.queue) for row in found.rows), 0)
        if found.rows:
            self.stdout.write(_line("day", "queue", (str(what) for what, _ in found.pairs), width))
        for row in found.rows:
            numbers = (_said(pair) for _, pair in row.pairs)
            self.stdout.write(_line(row.day, row.queue, numbers, width))

    def _write_limits(self, test: backtest.Backtest) -> None:
        """Say what was not tried."""
        if began := backtest.mirror_from(test.span.start):
            self.stdout.write(
                f"The mirror has conversations from {test.day_of(began)} on: before that there was "
                "nothing to try. manage.py backfill reads earlier days."
            )
        self.stdout.write("Forgotten work is not tried.")


def _said(pair: Pair) -> str:
    return f"{pair.draft:,} ({pair.difference:+,})" if pair.difference else f"{pair.draft:,}"


def _line(day: str, queue: str, numbers: Iterable[str], width: int) -> str:
    return "  ".join([f"{day:10}", f"{queue:{width}}", *(f"{number:>14}" for number in numbers)])
