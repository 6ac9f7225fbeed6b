"""The whole suite: once embedded (SQLite, files), once against PostgreSQL and Redis.

`python -m tests.suite [pytest's arguments]`. The servers are private ones of this machine, or those
of TEST_DATABASE_URL and TEST_REDIS_URL. Both runs go on side by side: the first is seen as it goes,
the second is shown when it is done; with TEST_ON=sqlite or TEST_ON=postgresql there is one. Every
run closes with one line, and so does every reason for which tests ran on neither database; with
TEST_NOTHING_LEFT_OUT=1 such a test fails the suite.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from dcm.processes import end_with_parent
from tests import servers
from tests.report import FILE, RAN, left_out
from tests.server import NoServerError

ROOT = Path(__file__).parents[1]
# What needs no database, or only asks what other tests ask on both, says nothing new on another:
# it runs once, where there is time. So does what kills whole houses for a minute: `make chaos` does
# so for half an hour, on both.
ON_SQLITE_ALONE = (
    *("tests/unit", "tests/browser", "tests/http/outbound", "tests/http/setup"),
    *("tests/http/chat/test_mail.py", "tests/http/chat/test_slack_bot.py"),
    *("tests/http/chat/test_slack_webhook.py", "tests/http/chat/test_teams.py"),
    *("tests/http/salesforce/test_client.py", "tests/http/salesforce/test_doctor.py"),
    *("tests/db/extensions/test_example.py", "tests/faults/test_outbox_kills.py"),
)
ON_POSTGRESQL_ALONE = (
    *("tests/http/simulator", "tests/http/receivers"),
    *("tests/faults/test_kills.py", "tests/faults/test_timers.py"),
)
BESIDE = "/10"
STRICT = "TEST_NOTHING_LEFT_OUT"
ONE = "TEST_ON"
# Pytest has told how its tests came out: so long it may take to end.
ENDS_WITHIN_S = float(os.environ.get("TEST_ENDS_WITHIN_S", "60"))
Start = Callable[[], AbstractContextManager[str]]


def main(arguments: list[str]) -> int:
    """Run the suite; return 0 when all that could run, or must, has passed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    closing: list[str] = []
    one = os.environ.get(ONE, "")
    if one not in {"", "sqlite", "postgresql"}:
        sys.exit(f"{ONE} is sqlite or postgresql, not {one!r}")
    with ExitStack() as stack:
        redis = obtain("TEST_REDIS_URL", servers.redis_server, stack, closing)
        postgres = {}
        if one != "sqlite":
            postgres = obtain("TEST_DATABASE_URL", servers.postgres, stack, closing)
        runs = []
        shared = not one and bool(postgres) and not _asked_for(arguments)
        if one != "postgresql":
            own = {name: beside(url) for name, url in redis.items()}
            mine = [*arguments, *_without(ON_POSTGRESQL_ALONE if shared else ())]
            runs.append(Run("SQLite", mine, own, stack))
        if postgres:
            mine = [*arguments, *_without(ON_SQLITE_ALONE if shared else ())]
            mine += ["-o", "cache_dir=.pytest_cache/postgresql"]
            urls = {**redis, **postgres}
            runs.append(Run("PostgreSQL", mine, urls, stack, shown_later=bool(runs)))
        codes = [run.ended(closing) for run in runs]
    closing += left_out(_nowhere(runs))
    if os.environ.get(STRICT) and any(line.startswith("LEFT OUT") for line in closing):
        closing.append(f"FAILED: nothing may be left out where {STRICT} is set")
        codes.append(1)
    print("", *closing, sep="\n")  # noqa: T201 - a command
    return max(codes, default=1)


def _asked_for(arguments: Sequence[str]) -> bool:
    """Tell whether somebody wants some tests and not all."""
    return any((ROOT / argument).exists() for argument in arguments)


def _without(places: Sequence[str]) -> list[str]:
    return [f"--ignore={place}" for place in places]


def _nowhere(runs: Sequence["Run"]) -> dict[str, str]:
    """Return the ids of the tests that ran in no run, and why."""
    ran = set[str]().union(*(run.ran for run in runs))
    skipped = {one: why for run in runs for one, why in run.skipped.items()}
    return {one: why for one, why in skipped.items() if one not in ran}


def beside(redis: str) -> str:
    """Return another database of the same Redis: two runs would empty each other's."""
    return urlsplit(redis)._replace(path=BESIDE).geturl()


def obtain(variable: str, start: Start, stack: ExitStack, closing: list[str]) -> dict[str, str]:
    """Return the variable with a server's URL: the one given, else of one started here."""
    if given := os.environ.get(variable):
        return {variable: given}
    try:
        return {variable: stack.enter_context(start())}
    except NoServerError as error:
        closing.append(f"LEFT OUT: every test on the server of {variable}: {error}")
        return {}


class Run:
    """Pytest on one database, in a process of its own that does not outlive the stack.

    ran: the ids of the tests that ran, once it has ended; skipped: those that did not, and why.
    """

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
        self.ran: set[str] = set()
        self.skipped: dict[str, str] = {}
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
        code = self._code(closing)
        took = time.monotonic() - self._begun
        if self._shown:
            self._head()
            self._shown.seek(0)
            sys.stdout.write(self._shown.read().decode(errors="replace"))
        outcome = self._outcome() or f"pytest ended with code {code}"
        closing.append(f"{self.name}: {outcome} in {took:.0f} s")
        return code

    def _code(self, closing: list[str]) -> int:
        """Wait until pytest ends, and end it where something that a test began goes on for ever."""
        while (code := self._process.poll()) is None and not self._report.exists():
            time.sleep(0.5)
        if code is not None:
            return code
        try:
            return self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._end()
            closing.append(
                f"FAILED: on {self.name} pytest did not end within {ENDS_WITHIN_S:g} s after its "
                "tests: a thread that one of them began goes on"
            )
            return 1

    def _outcome(self) -> str:
        """Take over what pytest reported, and return how many tests came out how."""
        if not self._report.exists():
            return ""
        told = json.loads(self._report.read_text(encoding="utf-8"))
        self.skipped = told["skipped"]
        self.ran = {one for kind in RAN for one in told["ran"][kind]}
        counts = {kind: len(told["ran"][kind]) for kind in RAN}
        return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)

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
