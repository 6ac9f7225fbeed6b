"""Answer questions about opening hours from a file, without a database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sla import cases
from sla.domain import question


class Command(BaseCommand):
    """manage.py business_time --input FILE [--output FILE]."""

    help = (
        "Answer in_hours, within, after and before for opening hours in a zone. A question that "
        "cannot be read gets an error in its row and makes the exit code 1; the others are "
        "answered all the same."
    )
    requires_system_checks: list[str] = []
    answer = staticmethod(question.answer)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--input", type=Path, required=True, help="JSON: a list of cases")
        parser.add_argument("--output", type=Path, help="where to write; else standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = list(cases.answers(cases.read(options["input"]), self.answer))
            cases.written(rows, options["output"], self.stdout)  # type: ignore[arg-type]
        except cases.CasesError as error:
            raise CommandError(str(error)) from error
        bad = [row for row in rows if "error" in row]
        for row in bad:
            self.stderr.write(f"{options['input']}: case {row['id']}: {row['error']}")
        if bad:
            raise CommandError(f"{len(bad)} of {len(rows)} cases could not be read")
