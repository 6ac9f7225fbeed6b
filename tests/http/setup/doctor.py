"""genesys_doctor, run, and its lines."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).parents[3]
SECRET = "a-secret-that-nobody-may-see"


def doctor(*options: str) -> tuple[list[str], int]:
    """Run it; return its lines and its exit code."""
    out = StringIO()
    try:
        call_command("genesys_doctor", *options, stdout=out)
    except SystemExit as end:
        return out.getvalue().splitlines(), int(str(end.code))
    return out.getvalue().splitlines(), 0


def lines_of(lines: list[str], check: str) -> str:
    """Return the lines of one check, with their fixes, as one text."""
    told, mine = [], False
    for line in lines:
        mine = line[5:20].strip() == check if line[:4].strip() else mine
        told += [line] if mine else []
    return "\n".join(told)
