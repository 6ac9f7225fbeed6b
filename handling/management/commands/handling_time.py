"""Compute handle time of cases in a file: a calculator, without a database."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from handling.domain import cases


class Command(BaseCommand):
    help = (
        "Compute interruption-adjusted handle time of the cases in a JSON file. A case that cannot "
        "be read is named and left out, and the exit code is 1."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--input", required=True, type=Path, help="Cases, as JSON.")
        parser.add_argument("--output", type=Path, help="Where to write; else standard output.")

    def handle(self, *, input: Path, output: Path | None, **_: Any) -> None:  # noqa: A002
        answers: list[dict[str, Any]] = []
        bad = 0
        for at, raw in enumerate(_cases(input)):
            name = raw.get("id", at) if isinstance(raw, dict) else at
            try:
                answers.append({"id": name, "conversations": cases.answer(cases.read(raw))})
            except cases.BadCaseError as error:
                bad += 1
                self.stderr.write(f"{input}: case {name}: {error}")
        self._write(answers, output)
        if bad:
            raise CommandError(f"{bad} of {bad + len(answers)} cases could not be read")

    def _write(self, answers: list[dict[str, Any]], output: Path | None) -> None:
        text = json.dumps(answers, indent=1, ensure_ascii=False)
        if output is None:
            self.stdout.write(text)
            return
        try:
            output.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"cannot write {output}: {error.strerror}") from error


def _cases(path: Path) -> list[Any]:
    try:
        return cases.cases_of(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path}: {error}") from error
