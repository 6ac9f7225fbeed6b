"""Run the Procfile's processes as one: what they say in one stream, and one end for all.

Honcho reads the Procfile and prints; its own manager is not used, since it waits for ever for a
process that ignores SIGTERM and leaves orphans when it is killed itself.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Any

from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

LOOK_EVERY = 0.2  # seconds
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Have the kernel signal this process when the one that started it dies (Linux only)."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number))


def commands_in(procfile: Path) -> dict[str, str]:
    """Return the commands of a Procfile by name, in their order."""
    return dict(parse_procfile(procfile.read_text(encoding="utf-8")).processes)


@dataclass(slots=True)
class Member:
    """One process with its colour and the beginning of a line not yet ended."""

    name: str
    process: subprocess.Popen[bytes]
    colour: str
    rest: bytes = b""

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process itself: it ends its own children in its own way."""
        if self.lives:
            self.process.terminate()

    def kill(self) -> None:
        """Kill the process and whatever of its session is left."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


@dataclass(slots=True)
class Crew:
    """Processes that run and end together.

    Each runs in a session of its own, so that Ctrl-C reaches only us and they are ended in order:
    SIGTERM, after `grace` seconds or at a second Ctrl-C SIGKILL, and last of all whatever a
    process has left behind. `clock` gives the time that stands before each line.
    """

    clock: Callable[[], datetime]
    grace: float = 10.0
    output: IO[str] = field(default_factory=lambda: sys.stdout)
    code: int = 0
    _members: list[Member] = field(default_factory=list)
    _signals: list[int] = field(default_factory=list)
    _deadline: float | None = None
    _printer: Any = None

    def run(
        self,
        commands: Mapping[str, str],
        *,
        env: Mapping[str, str],
        meanwhile: Callable[[], Iterator[str]] = lambda: iter(()),
    ) -> int:
        """Run shell commands by name until one ends or a signal comes; then end all.

        `meanwhile` is a generator taken one step further every fifth of a second while all run;
        what it yields is printed, "" is not. Returns 0 after a signal, else what the process
        that ended first returned, 1 where that was 0.
        """
        self._printer = Printer(self.output, width=max(map(len, commands)))
        with self._listening(), selectors.DefaultSelector() as selector:
            try:
                self._start(commands, env, selector)
                self._attend(selector, meanwhile())
            finally:
                self._sweep()
        return self.code

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Take SIGINT, SIGTERM and SIGHUP for the time of a run."""

        def heard(number: int, _frame: FrameType | None) -> None:
            self._signals.append(number)

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, heard) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(
        self, commands: Mapping[str, str], env: Mapping[str, str], selector: selectors.BaseSelector
    ) -> None:
        for (name, command), colour in zip(commands.items(), get_colours(), strict=False):
            process = subprocess.Popen(  # noqa: S602 - the Procfile is a shell's
                command,
                shell=True,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs here
            )
            member = Member(name, process, colour)
            self._members.append(member)
            selector.register(process.stdout or 0, selectors.EVENT_READ, member)

    def _attend(self, selector: selectors.BaseSelector, meanwhile: Iterator[str]) -> None:
        """Print what they say until all have ended, and end all when it is time."""
        while True:
            self._hear(selector, LOOK_EVERY)
            if self._signals:
                name = signal.Signals(self._signals[0]).name
                self._end(f"{name}: stopping, at a second one at once")
            elif fallen := next((m for m in self._members if not m.lives), None):
                self.code = self.code or fallen.process.returncode or 1
                self._end(f"{fallen.name} ended with code {fallen.process.returncode}: stopping")
            elif line := next(meanwhile, ""):
                self._say(line)
            if not any(member.lives for member in self._members):
                break
        self._hear(selector, 0)

    def _hear(self, selector: selectors.BaseSelector, seconds: float) -> None:
        """Print the lines that have come, waiting at most this long for one."""
        for key, _ in selector.select(seconds):
            chunk = os.read(key.fd, 65_536)
            if not chunk:
                selector.unregister(key.fileobj)
            *lines, key.data.rest = (key.data.rest + (chunk or b"\n")).split(b"\n")
            for line in filter(None, lines):
                self._say(line, key.data)

    def _end(self, reason: str) -> None:
        """Ask all to end; insist when patience is over or a second signal has come."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self.grace
            self._say(reason)
            for member in self._members:
                member.ask_to_end()
        elif time.monotonic() > self._deadline or len(self._signals) > 1:
            for member in self._members:
                member.kill()

    def _sweep(self) -> None:
        """Kill what is left of each process's group, and take leave of all."""
        for member in self._members:
            member.kill()
            member.process.wait()
            if member.process.stdout:
                member.process.stdout.close()

    def _say(self, line: str | bytes, member: Member | None = None) -> None:
        name, colour = (member.name, member.colour) if member else ("dcm", None)
        self._printer.write(
            Message(type="line", data=line, time=self.clock(), name=name, colour=colour)
        )
