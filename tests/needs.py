"""A pytest plugin: what a test needs that is not everywhere.

`@pytest.mark.needs("postgresql", reason="SQLite's connections cannot be lost")` leaves a test out
where that is not there, with this reason. tests.suite tells what was left out on every database.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from typing import Final

import pytest
from django.db import connection

from tests import servers


def chromium() -> str | None:
    """Return the path of this machine's Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


IS_HERE: Final[Mapping[str, Callable[[], bool]]] = {
    "chromium": lambda: chromium() is not None,
    "openssl": lambda: shutil.which("openssl") is not None,
    "postgresql": lambda: connection.vendor == "postgresql",
    "redis": lambda: "TEST_REDIS_URL" in os.environ or servers.redis_program() is not None,
    "sqlite": lambda: connection.vendor == "sqlite",
}


@pytest.hookimpl(tryfirst=True)  # before its fixtures are made
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out that needs what is not here."""
    for marker in item.iter_markers("needs"):
        (name,) = marker.args
        if not IS_HERE[name]():
            pytest.skip(marker.kwargs["reason"])
