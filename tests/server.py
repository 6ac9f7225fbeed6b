"""A server as a process of ours: started, stopped, and killed as a power cut would."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis

from dcm.processes import end_with_parent

READY_WITHIN = 30.0  # seconds


class NoServerError(Exception):
    """A server could not be had; the message says why."""


@dataclass
class Server:
    """A server in the foreground. look raises for as long as it gives no answer.

    who: whom it runs as, {} being ourselves. Start it in the main thread: the kernel ends it when
    the thread that started it ends (on Linux).
    """

    url: str
    command: Sequence[str]
    log: Path
    look: Callable[[], None]
    who: dict[str, Any] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it from its first answer on. Raises NoServerError where none comes."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,  # Ctrl-C is ours: tests still need the server to clean up
                preexec_fn=partial(end_with_parent, signal.SIGINT),  # noqa: PLW1509 - no thread
                **self.who,
            )
        self._wait_for_an_answer(self._process)

    def stop(self, sign: signal.Signals = signal.SIGINT) -> None:
        """Stop it by a signal at which it ends at once; kill it where it does not."""
        if self._process is None:
            return
        self._process.send_signal(sign)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill it with its children at one moment, as when the machine loses its power."""
        assert self._process is not None
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)  # no child is born unseen
        children = _children(pid)
        for each in (*children, pid):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._process.wait()
        while not all(map(_is_over, children)):
            time.sleep(0.01)

    def _wait_for_an_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                self.look()
            except (psycopg.OperationalError, redis.ConnectionError) as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = self.log.read_text(errors="replace").strip().splitlines()[-3:]
                    raise NoServerError(f"{process.args!r} gives no answer: {tail}") from error
                time.sleep(0.05)
            else:
                return


def _children(pid: int) -> list[int]:
    """Return the children of a process (on Linux)."""
    with suppress(FileNotFoundError):
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return []


def _is_over(pid: int) -> bool:
    """Tell whether a process has let go of all it had, though nobody may have asked for it yet."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return told.rpartition(")")[2].split()[0] in {"X", "Z"}
