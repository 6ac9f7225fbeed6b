"""Install a file of requirements, with a dot for each package: a silent minute looks like a fault.

`python scripts/install.py requirements.txt`. Where pip fails, its last lines are shown.
"""

import subprocess
import sys
from collections import deque

SHOWN = 30
MARKS = {"Collecting": ".", "Installing": " unpacking", "Building": "+"}


def main(requirements: str) -> int:
    """Return pip's exit code."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    pip += ["--progress-bar", "off", "-r", requirements]
    last: deque[str] = deque(maxlen=SHOWN)
    print(f"installing {requirements} ", end="", flush=True)
    with subprocess.Popen(  # noqa: S603 - our own words
        pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            last.append(line)
            print(MARKS.get(line.split(maxsplit=1)[0] if line.strip() else "", ""), end="")
            sys.stdout.flush()
    print(" done" if not running.returncode else " FAILED", flush=True)
    if running.returncode:
        sys.stderr.writelines(last)
    return running.returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
