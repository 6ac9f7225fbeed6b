"""The whole suite: once embedded (SQLite, files), once against PostgreSQL and Redis.

`python -m tests.suite [pytest's arguments]`. The servers are private ones of this machine, or those
of TEST_DATABASE_URL and TEST_REDIS_URL. Both runs go on side by side: the first is seen as it goes,
the second is shown when it is done. Every run closes with one line, and so does everything that had
to be left out.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from dcm.processes import end_with_parent
from tests import servers
from tests.report import FILE

ROOT = Path(__file__).parents[1]
WITHOUT_A_DATABASE = "tests/unit"
BESIDE = "/10"
Start = Callable[[], AbstractContextManager[str]]


def main(arguments: list[str]) -> int:
    """Run the suite; return 0 when all that could run has passed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    closing: list[str] = []
    with ExitStack() as stack:
        redis = obtain("TEST_REDIS_URL", servers.redis_server, stack, closing)
        postgres = obtain("TEST_DATABASE_URL", servers.postgres, stack, closing)
        runs = [Run("SQLite", arguments, {name: beside(url) for name, url in redis.items()}, stack)]
        if postgres:
            # What needs no database has nothing new to say on another one.
            asked_for = any((ROOT / argument).exists() for argument in arguments)
            rest = [] if asked_for else [f"--ignore={WITHOUT_A_DATABASE}"]
            mine = [*arguments, *rest, "-o", "cache_dir=.pytest_cache/postgresql"]
            runs.append(Run("PostgreSQL", mine, {**redis, **postgres}, stack, shown_later=True))
        codes = [run.ended(closing) for run in runs]
    print("", *closing, sep="\n")  # noqa: T201 - a command
    return max(codes)


def beside(redis: str) -> str:
    """Return another database of the same Redis: two runs would empty each other's."""
    return urlsplit(redis)._replace(path=BESIDE).geturl()


def obtain(variable: str, start: Start, stack: ExitStack, closing: list[str]) -> dict[str, str]:
    """Return the variable with a server's URL: the one given, else of one started here."""
    if given := os.environ.get(variable):
        return {variable: given}
    try:
        return {variable: stack.enter_context(start())}
    except servers.NoServerError as error:
        closing.append(f"LEFT OUT: every test on the server of {variable}: {error}")
        return {}


class Run:
    """Pytest on one database, in a process of its own that does not outlive the stack."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        urls: dict[str, str],
        stack: ExitStack,
        *,
        shown_later: bool = False,
    ) -> None:
        self.name = name
        self._begun = time.monotonic()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self._report = folder / "report.json"
        output = folder / "output"
        self._shown = stack.enter_context(output.open("w+b")) if shown_later else None
        env = {k: v for k, v in os.environ.items() if not k.startswith("TEST_")}
        if not shown_later:
            self._head()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            env={**env, **urls, FILE: str(self._report)},
            stdin=subprocess.DEVNULL if shown_later else None,
            stdout=self._shown,
            stderr=subprocess.STDOUT if shown_later else None,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs
        )
        stack.callback(self._end)

    def ended(self, closing: list[str]) -> int:
        """Wait for it, show what is to be shown later, add its closing lines; return its code."""
        code = self._process.wait()
        took = time.monotonic() - self._begun
        if self._shown:
            self._head()
            self._shown.seek(0)
            sys.stdout.write(self._shown.read().decode(errors="replace"))
        wrote = self._report.exists()
        told = json.loads(self._report.read_text(encoding="utf-8")) if wrote else {}
        outcome = told.get("outcome") or f"pytest ended with code {code}"
        closing.append(f"{self.name}: {outcome} in {took:.0f} s")
        closing.extend(f"{self.name}: {line}" for line in told.get("left_out", []))
        return code

    def _head(self) -> None:
        print(f"\n=== on {self.name} ===", flush=True)  # noqa: T201 - a command

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
