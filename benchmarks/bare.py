"""The limit of a webhook: a WSGI application that verifies a token, inserts the body, and is done.

No framework, no key of the sender, no index but the primary key. BARE_URL names the database.
"""

import hashlib
import hmac
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

URL = os.environ.get("BARE_URL", "")
DIGEST = hashlib.sha256(os.environ.get("BARE_TOKEN", "").encode()).digest()
TABLE = "CREATE TABLE IF NOT EXISTS bare_inbox (id {serial} PRIMARY KEY, body {bytes})"
_here = threading.local()


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    if not hmac.compare_digest(hashlib.sha256(token.encode()).digest(), DIGEST):
        start("401 Unauthorized", [("Content-Length", "0")])
        return [b""]
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    _insert()(body)
    start("202 Accepted", [("Content-Length", "2"), ("Content-Type", "application/json")])
    return [b"{}"]


def _insert() -> Callable[[bytes], object]:
    """Return how this thread inserts, over a connection of its own."""
    if not hasattr(_here, "insert"):
        _here.insert = _postgresql() if URL.startswith("postgres") else _sqlite()
    found: Callable[[bytes], object] = _here.insert
    return found


def _postgresql() -> Callable[[bytes], object]:
    link = psycopg.connect(URL, autocommit=True)
    link.execute("SELECT pg_advisory_lock(1)")
    link.execute(TABLE.format(serial="bigserial", bytes="bytea"))
    link.execute("SELECT pg_advisory_unlock(1)")
    return lambda body: link.execute("INSERT INTO bare_inbox (body) VALUES (%s)", [body])


def _sqlite() -> Callable[[bytes], object]:
    path = URL.removeprefix("sqlite:///")
    link = sqlite3.connect(path, timeout=15, isolation_level=None)
    link.execute("PRAGMA synchronous = FULL")
    link.execute(TABLE.format(serial="integer", bytes="blob"))
    return lambda body: link.execute("INSERT INTO bare_inbox (body) VALUES (?)", [body])
