"""Fixtures that every test may use."""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import servers

pytest_plugins = ["tests.emptying", "tests.needs", "tests.report"]
pytest.register_assert_rewrite("tests.truth")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that talks to any host but this one."""
    connect = socket.socket.connect

    def guarded(sock: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            pytest.fail(f"a test reached for the network: {address[0]}")
        connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis that may be emptied; a test that takes it needs "redis"."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    with servers.redis_server() as url:
        yield url
