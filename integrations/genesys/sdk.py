"""The official SDK, loaded when asked for, and kept from reaching into the process.

Importing it costs seconds and 200 MB; it silences urllib3's logger, reads a file in the home
directory that may change the host, watches that file from threads of its own, and its HTTP client
waits for ever, sends POSTs again and sleeps on Retry-After. Here it is loaded without those.
"""

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import msgspec

from integrations.genesys.transport import Answer, Request

NAME: Final = "PureCloudPlatformClientV2"
# Read from the home directory while the module is imported: a file that switches the watching off.
CONFIG: Final = "[general]\nlive_reload_config = false\n"
SILENCED: Final = ("urllib3", "watchdog")


class Sender(Protocol):
    """What carries a request: Client does, with its limits and its errors."""

    def send(self, request: Request) -> Answer: ...


@cache
def load() -> Any:
    """Import the SDK once a process: seconds of CPU, 200 MB. Call it before forking workers."""
    with _loggers_left_alone(), _another_home(), warnings.catch_warnings(action="ignore"):
        return import_module(NAME)


def api_client(host: str, sender: Sender) -> Any:
    """Return an ApiClient of the SDK whose requests all go through sender."""
    api = load().ApiClient(host=host)
    api.gateway_configuration = None
    api.set_http_client(_http_client(sender))
    return api


class Response:
    """An answer as the SDK wants to see it; body is what it would throw away: the raw bytes."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.status = answer.status
        self.reason = ""

    @property
    def data(self) -> str:
        return self.answer.body.decode(errors="replace")

    def getheaders(self) -> Mapping[str, str]:
        return self.answer.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self.answer.headers.get(name.lower(), default)


def _http_client(sender: Sender) -> Any:
    """Make an AbstractHttpClient of the SDK out of sender; the class exists only once loaded."""

    def request(_: Any, options: Any) -> Response:
        return Response(sender.send(_request(options)))

    base = import_module(f"{NAME}.abstract_http_client").AbstractHttpClient
    return type("HttpClient", (base,), {"request": request})()


def _request(options: Any) -> Request:
    """Read the SDK's HttpRequestOptions: a form where it has post_params, else JSON."""
    headers = {"Content-Type": "application/json", **options.headers}
    body: bytes | None = None
    if options.post_params:
        body = urlencode(options.post_params).encode()
    elif options.body is not None:
        body = msgspec.json.encode(options.body)
    query = {name: str(value) for name, value in options.query_params.items()}
    return Request(options.method, options.url, headers, query, body)


@contextmanager
def _loggers_left_alone() -> Iterator[None]:
    """Undo what the import does to the loggers of others."""
    before = [(name, (log := logging.getLogger(name)).level, log.propagate) for name in SILENCED]
    try:
        yield
    finally:
        for name, level, propagate in before:
            logging.getLogger(name).setLevel(level)
            logging.getLogger(name).propagate = propagate


@contextmanager
def _another_home() -> Iterator[None]:
    """Let the import find our configuration file instead of one in the user's home."""
    home = os.environ.get("HOME")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / ".genesyscloudpython" / "config"
        config.parent.mkdir()
        config.write_text(CONFIG, encoding="utf-8")
        os.environ["HOME"] = folder
        try:
            yield
        finally:
            if home is None:
                del os.environ["HOME"]
            else:
                os.environ["HOME"] = home
