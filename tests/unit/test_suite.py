"""What tests.suite tells of tests that could not run: the real thing, on tests made up for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# No test here talks to a server: that settings name one is enough.
NAMED = {
    "TEST_DATABASE_URL": "postgres://x@127.0.0.1:1/x",
    "TEST_REDIS_URL": "redis://127.0.0.1:1/0",
}
INI = f"""[pytest]
addopts = --ds=tests.settings --strict-markers -q -p tests.needs -p tests.report
pythonpath = {ROOT}
markers = needs
"""
ON_ONE_EACH = """
import pytest

@pytest.mark.needs("postgresql", reason="it is about PostgreSQL")
def test_of_postgresql():
    pass

@pytest.mark.needs("sqlite", reason="it is about SQLite")
def test_of_sqlite():
    pass
"""
ON_NONE = """
@pytest.mark.needs("sqlite", reason="it is about a PostgreSQL in SQLite")
@pytest.mark.needs("postgresql", reason="it is about a SQLite in PostgreSQL")
def test_of_both():
    pass

def test_of_neither():
    pytest.skip("nobody has that")
"""

WITHOUT_END = """
import threading

def test_that_leaves_a_thread():
    threading.Thread(target=threading.Event().wait).start()
"""


def _suite(folder: Path, tests: str, **env: str) -> tuple[list[str], int]:
    """Run the suite on a file of tests; return its closing lines, without seconds, and its code."""
    (folder / "pytest.ini").write_text(INI)
    file = folder / "test_made_up.py"
    file.write_text(tests)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.suite", "-c", str(folder / "pytest.ini"), str(file)],
        cwd=ROOT,
        env={**kept, **NAMED, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ran.stdout.rpartition("\n\n")[2].splitlines()
    return [
        line.partition(" in ")[0] if " passed" in line else line for line in lines
    ], ran.returncode


@pytest.mark.slow
def test_what_ran_on_one_database_was_not_left_out(tmp_path: Path) -> None:
    lines, code = _suite(tmp_path, ON_ONE_EACH, TEST_NOTHING_LEFT_OUT="1")

    assert (lines, code) == (["SQLite: 1 passed", "PostgreSQL: 1 passed"], 0)


@pytest.mark.slow
@pytest.mark.parametrize("strict", [True, False])
def test_what_ran_nowhere_is_told_and_fails_where_nothing_may_be_left_out(
    tmp_path: Path, *, strict: bool
) -> None:
    lines, code = _suite(
        tmp_path, ON_ONE_EACH + ON_NONE, **({"TEST_NOTHING_LEFT_OUT": "1"} if strict else {})
    )

    assert lines[:2] == ["SQLite: 1 passed", "PostgreSQL: 1 passed"]
    assert lines[2:4] == [
        "LEFT OUT: it is about a PostgreSQL in SQLite (tests: 1)",
        "LEFT OUT: nobody has that (tests: 1)",
    ]
    assert lines[4:] == (
        ["FAILED: nothing may be left out where TEST_NOTHING_LEFT_OUT is set"] if strict else []
    )
    assert code == int(strict)


@pytest.mark.slow
def test_a_run_that_does_not_end_after_its_tests_is_ended_and_fails(tmp_path: Path) -> None:
    lines, code = _suite(tmp_path, WITHOUT_END, TEST_ENDS_WITHIN_S="1")

    said = "pytest did not end within 1 s after its tests: a thread that one of them began goes on"
    assert lines == [
        f"FAILED: on SQLite {said}",
        "SQLite: 1 passed",
        f"FAILED: on PostgreSQL {said}",
        "PostgreSQL: 1 passed",
    ]
    assert code == 1


@pytest.mark.slow
def test_one_database_may_be_asked_for(tmp_path: Path) -> None:
    lines, code = _suite(tmp_path, ON_ONE_EACH, TEST_ON="postgresql")

    told = ["PostgreSQL: 1 passed", "LEFT OUT: it is about SQLite (tests: 1)"]
    assert (lines, code) == (told, 0)
