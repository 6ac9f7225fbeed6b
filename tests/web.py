"""The web server as the Procfile starts it, on the tests' own database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from django.db import connection

from tests import servers
from tests.settings import FOLDER

ROOT = Path(__file__).parents[1]


def environment() -> dict[str, str]:
    """Return what a process of the product finds in its environment: the tests' database."""
    named = connection.settings_dict
    url = (
        f"sqlite:///{named['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{named['USER']}:{named['PASSWORD']}@{named['HOST']}"
        f":{named['PORT'] or 5432}/{named['NAME']}"
    )
    mine = {"DATABASE_URL": url, "DCM_VAR_DIR": FOLDER, "DCM_ENV_FILE": os.devnull}
    mine |= {"DJANGO_SETTINGS_MODULE": "dcm.settings", "LOG_LEVEL": "WARNING"}
    return {**os.environ, **mine}


class Web:
    """A gunicorn that can be killed and started again at the same port."""

    def __init__(self, **env: str) -> None:
        self._env = env
        self.port = servers.free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:dcm.server", "dcm.wsgi"],
            cwd=ROOT,
            env=environment() | {"PORT": str(self.port)} | self._env,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(1200):
            try:
                requests.get(f"{self.url}/healthz", timeout=1)
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.05)
            else:
                return
        self.process.kill()
        raise AssertionError(f"gunicorn does not answer: {self.process.communicate()[1]}")

    def stop(self) -> str:
        """End it and return what it has logged."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[1]

    def kill_workers(self) -> None:
        """Kill the processes that answer; the one that started them starts others."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in path.read_text().split():
            os.kill(int(pid), signal.SIGKILL)

    def kill(self) -> None:
        self.kill_workers()
        self.process.kill()
        self.process.communicate()


@contextmanager
def web_server() -> Iterator[Web]:
    """Run it; what it logs must show no error and no key."""
    web = Web()
    web.start()
    try:
        yield web
    finally:
        told = web.stop()
    assert "Traceback" not in told, told
    assert "dcm_" not in told, "a key stands in the log"
