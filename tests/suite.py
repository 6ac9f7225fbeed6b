"""The whole suite: once embedded (SQLite, files), once against PostgreSQL and Redis.

`python -m tests.suite [pytest's arguments]`. The servers are private ones of this machine, or those
of TEST_DATABASE_URL and TEST_REDIS_URL. Every run closes with one line, and so does everything that
had to be left out.
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

from dcm.processes import end_with_parent
from tests import servers
from tests.report import FILE

ROOT = Path(__file__).parents[1]
WITHOUT_A_DATABASE = "tests/unit"
Start = Callable[[], AbstractContextManager[str]]


def main(arguments: list[str]) -> int:
    """Run the suite; return 0 when all that could run has passed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    closing: list[str] = []
    with ExitStack() as stack:
        redis = obtain("TEST_REDIS_URL", servers.redis_server, stack, closing)
        postgres = obtain("TEST_DATABASE_URL", servers.postgres, stack, closing)
        codes = [run("SQLite", arguments, {**redis}, closing)]
        if postgres:
            # What needs no database has nothing new to say on another one.
            asked_for = any((ROOT / argument).exists() for argument in arguments)
            rest = [] if asked_for else [f"--ignore={WITHOUT_A_DATABASE}"]
            urls = {**redis, **postgres}
            codes.append(run("PostgreSQL", [*arguments, *rest], urls, closing))
    print("", *closing, sep="\n")  # noqa: T201 - a command
    return max(codes)


def obtain(variable: str, start: Start, stack: ExitStack, closing: list[str]) -> dict[str, str]:
    """Return the variable with a server's URL: the one given, else of one started here."""
    if given := os.environ.get(variable):
        return {variable: given}
    try:
        return {variable: stack.enter_context(start())}
    except servers.NoServerError as error:
        closing.append(f"LEFT OUT: every test on the server of {variable}: {error}")
        return {}


def run(name: str, arguments: list[str], urls: dict[str, str], closing: list[str]) -> int:
    """Run pytest once; add its closing lines and return its exit code."""
    print(f"\n=== on {name} ===", flush=True)  # noqa: T201 - a command
    begun = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        env = {k: v for k, v in os.environ.items() if not k.startswith("TEST_")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            env={**env, **urls, FILE: report.name},
            check=False,
            preexec_fn=end_with_parent,
        )
        told = json.loads(Path(report.name).read_text(encoding="utf-8") or "{}")
    outcome = told.get("outcome") or f"pytest ended with code {done.returncode}"
    closing.append(f"{name}: {outcome} in {time.monotonic() - begun:.0f} s")
    closing.extend(f"{name}: {line}" for line in told.get("left_out", []))
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
