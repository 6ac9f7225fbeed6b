"""The house as the Procfile has it, and a nemesis that kills what lives in it.

Which process dies when, and how, is drawn from a seed. Start processes in the main thread: the
kernel ends them when the thread that started them ends.
"""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from dcm.processes import end_with_parent

ROOT: Final = Path(__file__).parents[2]
CHILD, MAIN, GROUP = "child", "main", "group"
# One of a process's children, the process alone, or all of them at once. other-worker is a worker.
MANNERS: Final = {"web": (CHILD, GROUP, CHILD, MAIN), "worker": (CHILD, GROUP, CHILD, MAIN)}


class Kill(NamedTuple):
    """One death: of whom, in what manner, and when."""

    name: str
    manner: str
    at: datetime


@dataclass
class Member:
    """One process of the house; each of its lives has a log of its own."""

    name: str
    command: str
    env: Mapping[str, str]
    logs: Path
    lives: int = 0
    process: subprocess.Popen[bytes] | None = None
    _orphaned: list[int] = field(default_factory=list)

    def start(self) -> None:
        self.lives += 1
        with self.log(self.lives).open("wb") as out:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", self.command],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, signal.SIGKILL),  # noqa: PLW1509 - short
            )

    def log(self, life: int) -> Path:
        return self.logs / f"{self.name}-{life:03}.log"

    @property
    def said(self) -> str:
        """What it has said in all its lives."""
        logs = (self.log(life) for life in range(1, self.lives + 1))
        return "".join(log.read_text(errors="replace") for log in logs)

    @property
    def said_now(self) -> str:
        """What it has said in this life."""
        return self.log(self.lives).read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self, manner: str) -> bool:
        """Kill it; return False where nobody was there to be killed."""
        if manner == CHILD:
            return self._kill_child()
        if manner == MAIN:
            self._orphaned.append(self.pid)
        with suppress(ProcessLookupError):
            (os.killpg if manner == GROUP else os.kill)(self.pid, signal.SIGKILL)
        self._reap()
        return True

    def end(self, within_s: float = 20.0) -> int:
        """Ask it to end, and return its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(within_s)

    def sweep(self) -> None:
        """Kill whatever of its sessions is left."""
        for group in (*self._orphaned, *([self.pid] if self.process else [])):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        self._reap()

    def _kill_child(self) -> bool:
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with suppress(OSError):
            if pids := path.read_text().split():
                os.kill(int(pids[-1]), signal.SIGKILL)
                return True
        return False

    def _reap(self) -> None:
        if self.process is not None:
            self.process.wait(10)


@dataclass
class House:
    """Processes by name."""

    members: dict[str, Member] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Member:
        return self.members[name]

    @property
    def told(self) -> str:
        """The last words of each, for whoever must find out why something did not come to pass."""
        last = {name: member.said[-2000:] for name, member in self.members.items()}
        return "\n".join(f"--- {name}:\n{said}" for name, said in last.items())

    def look(self) -> None:
        """Fail where one has ended by itself."""
        for member in self.members.values():
            ended = member.process is not None and member.process.poll() is not None
            assert not ended, f"{member.name} has ended by itself:\n{member.said[-3000:]}"


@contextmanager
def house(commands: Mapping[str, str], env: Mapping[str, str], logs: Path) -> Iterator[House]:
    """Run these processes as long as the block lasts; nothing of them is left afterwards."""
    members = {name: Member(name, told, env, logs) for name, told in commands.items()}
    try:
        for member in members.values():
            member.start()
        yield House(members)
    finally:
        for member in members.values():
            member.sweep()


@dataclass
class Nemesis:
    """Kills those named in turns of random order, every so many seconds, and starts them again."""

    house: House
    draw: Random
    names: tuple[str, ...]
    pause_s: tuple[float, float] = (0.5, 2.0)
    kills: list[Kill] = field(default_factory=list)
    _turn: list[str] = field(default_factory=list)

    def rage(self, *, go_on: Callable[[], bool]) -> None:
        """Kill on for as long as it is to go on."""
        while go_on():
            time.sleep(self.draw.uniform(*self.pause_s))
            self.house.look()
            self._kill_one()

    @property
    def counts(self) -> dict[str, int]:
        """How many deaths each has died, by name and manner."""
        return dict(sorted(Counter(f"{k.name}/{k.manner}" for k in self.kills).items()))

    def of(self, name: str) -> list[Kill]:
        return [kill for kill in self.kills if kill.name == name]

    def _kill_one(self) -> None:
        if not self._turn:
            self._turn = self.draw.sample(self.names, len(self.names))
        name = self._turn.pop()
        member, manners = self.house[name], MANNERS.get(name.rpartition("-")[2], (GROUP,))
        manner = manners[len(self.of(name)) % len(manners)]
        if not member.kill(manner):
            self._turn.insert(0, name)  # it has only begun: its children's turn comes later
            return
        self.kills.append(Kill(name, manner, datetime.now(UTC)))
        if manner != CHILD:
            member.start()
