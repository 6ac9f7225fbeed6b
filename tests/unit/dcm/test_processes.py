"""Real processes, small ones: none may outlive its crew."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dcm.processes import Crew, commands_in

STUBBORN = "trap '' TERM INT; echo $$ > {file}; while :; do sleep 0.1; done"
ROOT = Path(__file__).parents[3]


def crew(output: io.StringIO, *, grace: float = 5.0) -> Crew:
    return Crew(clock=lambda: datetime(2026, 3, 27, 16, 45, tzinfo=UTC), grace=grace, output=output)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def is_gone(pid: int) -> bool:
    """Whether a process ends within moments: a signal takes its time."""
    deadline = time.monotonic() + 30
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not lives(pid)


def wait_for(path: Path) -> int:
    deadline = time.monotonic() + 30
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.02)
    return int(path.read_text())


def interrupt_once(ready: Path) -> Iterator[str]:
    wait_for(ready)
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        yield ""


def test_a_procfile_is_read_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("# web first\nweb: a --b $C\nworker: d\n")
    assert list(commands_in(tmp_path / "Procfile").items()) == [
        ("web", "a --b $C"),
        ("worker", "d"),
    ]


def test_when_one_falls_all_end_and_its_code_is_told(tmp_path: Path) -> None:
    output = io.StringIO()
    code = crew(output).run(
        {"web": "exec sleep 60", "worker": "echo no broker; exit 3"}, env=os.environ
    )
    lines = output.getvalue().splitlines()
    assert code == 3
    assert lines == [
        "16:45:00 worker | no broker",
        "16:45:00 dcm    | worker ended with code 3: stopping",
    ]


def test_a_process_that_leaves_of_itself_is_a_fall_too() -> None:
    assert crew(io.StringIO()).run({"web": "true"}, env=os.environ) == 1


def test_a_signal_ends_all_also_one_that_does_not_listen(tmp_path: Path) -> None:
    output, file = io.StringIO(), tmp_path / "pid"
    commands = {"web": "exec sleep 60", "worker": STUBBORN.format(file=file)}

    begun = time.monotonic()
    code = crew(output, grace=0.5).run(
        commands, env=os.environ, meanwhile=lambda: interrupt_once(file)
    )

    assert code == 0
    assert time.monotonic() - begun < 5
    assert is_gone(wait_for(file))
    assert "SIGINT: stopping, at a second one at once" in output.getvalue()


def test_what_a_process_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    leaves = f"({STUBBORN.format(file=file).replace('$$', '$BASHPID')}) & sleep 0.5; exit 0"
    crew(io.StringIO(), grace=1).run({"web": f'exec bash -c "{escaped(leaves)}"'}, env=os.environ)
    assert is_gone(wait_for(file))


def test_lines_of_what_runs_meanwhile_are_printed(tmp_path: Path) -> None:
    output = io.StringIO()
    crew(output).run(
        {"web": "sleep 1"}, env=os.environ, meanwhile=lambda: iter(["", "listening", ""])
    )
    assert "16:45:00 dcm | listening" in output.getvalue().splitlines()


def test_a_killed_crew_takes_its_processes_along(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = (
        "import os; from datetime import datetime; from dcm.processes import Crew;"
        f"web = 'echo $$ > {file}; exec sleep 60';"
        "Crew(clock=datetime.now).run({'web': web}, env=os.environ)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    pid = wait_for(file)

    parent.kill()
    parent.wait()

    assert is_gone(pid)


def escaped(command: str) -> str:
    return command.replace("$", "\\$").replace('"', '\\"')
