"""Importing the SDK leaves the process as it was."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, logging, os, threading
logging.getLogger("urllib3").setLevel(logging.INFO)
from integrations.genesys import sdk
module = sdk.load()
print(json.dumps({
    "threads": threading.active_count(),
    "level": logging.getLogger("urllib3").level,
    "propagate": logging.getLogger("urllib3").propagate,
    "host": module.configuration.host,
    "home": os.environ["HOME"],
}))
"""


def test_no_thread_no_silenced_logger_and_no_file_of_the_home_directory(tmp_path: Path) -> None:
    config = tmp_path / ".genesyscloudpython" / "config"
    config.parent.mkdir()
    config.write_text("[general]\nhost = https://elsewhere.example\n", encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == {
        "threads": 1,
        "level": 20,
        "propagate": True,
        "host": "https://api.mypurecloud.com",
        "home": str(tmp_path),
    }
