"""The whole house, started as a newcomer starts it: real processes on free ports."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from dcm.processes import end_with_parent
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
POPULATED_WITHIN = 60.0  # seconds from the servers' start, as the README promises
STOPPED_WITHIN = 20.0

pytestmark = pytest.mark.slow


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment of its own: folder, ports, and an empty database where servers are used."""
    mine = {k: v for k, v in os.environ.items() if k not in {"DJANGO_SETTINGS_MODULE", "REDIS_URL"}}
    mine |= {
        "DCM_VAR_DIR": str(tmp_path / "var"),
        "PORT": str(free_port()),
        "DCM_SIMULATOR_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
    }
    with database(os.environ.get("TEST_DATABASE_URL")) as own:
        yield mine | own


@contextmanager
def database(server: str | None) -> Iterator[dict[str, str]]:
    """Make an empty database on the PostgreSQL server under test, and name it and Redis."""
    if server is None:
        yield {}
        return
    name, given = f"run_{uuid4().hex}", os.environ.get("TEST_REDIS_URL", "")
    redis = given and urllib.parse.urlsplit(given)._replace(path="/9").geturl()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            url = urllib.parse.urlsplit(server)._replace(path=f"/{name}").geturl()
            yield {"DATABASE_URL": url, "REDIS_URL": redis}
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def launched(env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "launch"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(holds: Callable[[], bool], *, within: float, log: Path) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"waited {within} s in vain:\n{log.read_text()[-4000:]}"
        time.sleep(0.2)


def living(env: dict[str, str]) -> list[int]:
    """The processes that live in this environment, wherever they have gone."""
    mark, found = f"DCM_VAR_DIR={env['DCM_VAR_DIR']}".encode(), []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def logged_in(env: dict[str, str], name: str) -> urllib.request.OpenerDirector:
    caller = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    url = f"http://127.0.0.1:{env['PORT']}/login/"
    form = caller.open(url).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    fields = {"username": name, "password": name, "csrfmiddlewaretoken": token[1]}
    answer = caller.open(url, urllib.parse.urlencode(fields).encode())
    assert answer.url == f"http://127.0.0.1:{env['PORT']}/"
    return caller


def test_one_command_brings_a_moving_board_and_ctrl_c_ends_every_process(
    env: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with launched(env, log) as process:
        wait_until(lambda: "starting simulator" in log.read_text(), within=60, log=log)
        wait_until(
            lambda: "log in as admin / admin or as supervisor / supervisor" in log.read_text(),
            within=POPULATED_WITHIN,
            log=log,
        )
        for name in ("admin", "supervisor"):
            caller = logged_in(env, name)
            board = f"http://127.0.0.1:{env['PORT']}/"
            wait_until(
                lambda: b'href="/conversations/' in caller.open(board).read(),  # noqa: B023
                within=POPULATED_WITHIN,
                log=log,
            )

        second = subprocess.run(
            [sys.executable, "manage.py", "launch"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert f"port {env['PORT']} on 127.0.0.1 is taken" in second.stderr

        assert len(living(env)) >= 6
        process.send_signal(signal.SIGINT)
        assert process.wait(STOPPED_WITHIN) == 0
    assert "Traceback" not in log.read_text()
    assert living(env) == []


def test_a_killed_launcher_leaves_no_orphan(env: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    with launched(env, log) as process:
        wait_until(lambda: "/ supervisor" in log.read_text(), within=120, log=log)
        process.kill()
        wait_until(lambda: living(env) == [], within=STOPPED_WITHIN, log=log)


def test_the_demo_refuses_to_listen_beyond_this_machine(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "launch"],
        cwd=ROOT,
        env=env | {"DCM_BIND": "0.0.0.0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "DCM_BIND is '0.0.0.0', but the demo listens on loopback only" in done.stderr
    assert living(env) == []
