"""python -m benchmarks: measure everything in one run, print a table, write RESULTS.md."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks import business_time, memory, sweep
from benchmarks.figures import Figure
from tests import servers

HERE = Path(__file__).parent
ROOT = HERE.parent
MODULES = tuple(
    f"benchmarks.{name}"
    for name in (
        *("ingest", "reconcile", "webhooks", "inbox", "latency"),
        *("outbox", "beside", "holds", "notices", "recompute", "backtest", "timers"),
    )
)


def main() -> None:
    broken: list[str] = []
    measured = _on_databases(broken)
    figures = [*measured, *sweep.measure(), *business_time.measure(), *memory.measure()]
    table = _table(figures)
    sys.stdout.write(f"\n{table}\n")
    missed = [figure.what for figure in figures if not figure.holds]
    if broken:
        sys.exit(f"not measured, so RESULTS.md stays: {', '.join(broken)}")
    (HERE / "RESULTS.md").write_text(f"{_head()}\n\n{table}\n")
    if missed:
        sys.exit(f"not reached: {', '.join(missed)}")


def _on_databases(broken: list[str]) -> list[Figure]:
    """Measure each database in processes of their own, on an empty database made for them.

    What breaks off is added to broken, and keeps nothing else from being measured.
    """
    found = []
    with servers.redis_server() as redis:
        for module in MODULES:
            with tempfile.TemporaryDirectory() as folder:
                found += _shown(module, f"sqlite:///{folder}/bench.sqlite3", broken)
            with servers.postgres(durable=True) as url:
                found += _shown(module, url, broken, REDIS_URL=redis)
    return found


def _shown(module: str, url: str, broken: list[str], **more: str) -> list[Figure]:
    """Measure, and show at once what was found."""
    name = f"{module} on {url.partition(':')[0]}"
    sys.stdout.write(f"{name} ...\n")
    sys.stdout.flush()
    try:
        found = _in_process(module, url, **more)
    except subprocess.CalledProcessError:
        broken.append(name)
        return []
    sys.stdout.write("".join(f"  {one.what}: {one.rate:,.4g} {one.unit}\n" for one in found))
    return found


def _in_process(module: str, url: str, **more: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        mine = {"DATABASE_URL": url, "DCM_VAR_DIR": folder, "DCM_ENV_FILE": os.devnull, **more}
        done = subprocess.run(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**os.environ, **mine, "DJANGO_SETTINGS_MODULE": "dcm.settings"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [Figure(**row) for row in json.loads(done.stdout)]


def _table(figures: Iterable[Figure]) -> str:
    lines = ["| what | measured | to reach | ratio |", "|---|---:|---:|---|"]
    for figure in figures:
        target = "" if figure.target is None else f"{figure.target:,.0f}{figure.verdict}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:,.3g} x {figure.against}"
        lines.append(f"| {figure.what} | {figure.rate:,.4g} {figure.unit} | {target} | {ratio} |")
    return "\n".join(lines)


def _head() -> str:
    return (
        "# What was measured\n\n"
        "Written by `make bench`: every figure comes from one run on one machine, and the two "
        "sides of a ratio were measured in alternation.\n"
        f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores."
    )


if __name__ == "__main__":
    main()
