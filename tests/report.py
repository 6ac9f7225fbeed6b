"""A pytest plugin: say loudly at the end what was left out, and hand the closing line on."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

FILE = "TEST_REPORT_FILE"


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Write one line for each reason for which tests were skipped."""
    skipped: Counter[str] = Counter(
        reason_of(report) for report in terminalreporter.stats.get("skipped", [])
    )
    lines = [f"LEFT OUT: {reason} (tests: {count})" for reason, count in sorted(skipped.items())]
    for line in lines:
        terminalreporter.write_line(line, red=True, bold=True)
    if path := os.environ.get(FILE):
        outcome = ", ".join(
            f"{len(reports)} {kind}"
            for kind in ("failed", "error", "passed", "skipped", "xfailed")
            if (reports := terminalreporter.stats.get(kind))
        )
        Path(path).write_text(json.dumps({"outcome": outcome, "left_out": lines}), encoding="utf-8")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test, or a whole file, was skipped."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)
