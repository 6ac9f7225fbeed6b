"""The example of docs/extending.md, run as its author would run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_its_tests_pass(tmp_path: Path) -> None:
    given = os.environ.get("TEST_DATABASE_URL", "")
    own = {
        "DATABASE_URL": f"{given}_acme" if given else "",
        "REDIS_URL": os.environ.get("TEST_REDIS_URL", ""),
        "DCM_ENV_FILE": os.devnull,
        "DCM_EXTENSIONS": "acme_dcm",
        "DCM_VAR_DIR": str(tmp_path),
        "PYTHONPATH": "docs/examples",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--ds=dcm.settings", "--create-db", "docs/examples"],
        cwd=ROOT,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
