"""A pytest plugin: say loudly at the end what was left out, or hand that on to tests.suite."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

FILE = "TEST_REPORT_FILE"
RAN = ("failed", "error", "passed", "xfailed")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Write one line for each reason for which tests were skipped; in a suite leave it that."""
    stats = terminalreporter.stats
    skipped = {report.nodeid: reason_of(report) for report in stats.get("skipped", [])}
    path = os.environ.get(FILE)
    if not path:
        for line in left_out(skipped):
            terminalreporter.write_line(line, red=True, bold=True)
        return
    ran = {kind: [report.nodeid for report in stats.get(kind, [])] for kind in RAN}
    Path(path).write_text(json.dumps({"ran": ran, "skipped": skipped}), encoding="utf-8")


def left_out(skipped: Mapping[str, str]) -> list[str]:
    """Return a line for each reason of these tests, which are told by their ids."""
    counts = sorted(Counter(skipped.values()).items())
    return [f"LEFT OUT: {reason} (tests: {count})" for reason, count in counts]


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test, or a whole file, was skipped."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)
