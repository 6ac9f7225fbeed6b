"""How much memory the web process holds, and that it never loads the Genesys SDK."""

import subprocess
import sys
from pathlib import Path

from benchmarks.figures import Figure

ROOT = Path(__file__).parent.parent
# What a worker of gunicorn has loaded once every page has been asked for.
CODE = """
import dcm.wsgi, resource, sys
from django.urls import get_resolver
get_resolver().url_patterns
from django.template.loader import get_template
assert "PureCloudPlatformClientV2" not in sys.modules
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure() -> list[Figure]:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    resident = int(done.stdout.split()[-1]) / 1024
    return [
        Figure(
            what="web process, resident",
            rate=resident,
            unit="MiB",
            target=150,
            more_is_better=False,
        )
    ]
