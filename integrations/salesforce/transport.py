"""The connections to one organisation: what simple-salesforce sends goes out through here.

simple-salesforce knows no timeouts, follows redirects and speaks HTTPS only. This adapter caps
time and size, follows nothing, and for an organisation that is configured without TLS (which
integrations.outbound allows inside DCM_OUTBOUND_ALLOW alone) speaks HTTP.
"""

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import requests  # noqa: TID251 - the types of a session
from django.core.cache import cache
from requests.adapters import BaseAdapter  # noqa: TID251 - the same

from integrations import outbound

# A describe of Case has some hundred kilobytes, a page of 2,000 rows a few megabytes.
MOST_BYTES: Final = 16 * 1024 * 1024
CHUNK: Final = 64 * 1024
# What is used of the limit is forgotten then, so that somebody asks again.
USAGE_KEPT_S: Final = 600
AUTO_ASSIGN: Final = "Sforce-Auto-Assign"
_USAGE: Final = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")


class Usage(NamedTuple):
    """API calls of the organisation in the last 24 hours, whoever made them, and their limit."""

    used: int
    limit: int

    @property
    def percent(self) -> float:
        return 100 * self.used / self.limit if self.limit else 0.0


def session(*, plain: bool, note: Callable[[Usage], None]) -> requests.Session:
    """Return the connections for data; every call says that no assignment rule is to run."""
    made = outbound.session(most_bytes=MOST_BYTES, whole=True)
    guarded = made.get_adapter("https://")
    made.mount("https://", _Adapter(guarded, plain=plain, note=note))
    made.headers.update({AUTO_ASSIGN: "FALSE", "User-Agent": outbound.AGENT})
    return made


def usage_of(told: str) -> Usage | None:
    """Return what Sforce-Limit-Info tells: "api-usage=18/5000; per-app-api-usage=..."."""
    found = _USAGE.search(told)
    return Usage(int(found[1]), int(found[2])) if found else None


class UsageNote:
    """What all processes know of an organisation's API calls."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = f"salesforce:usage:{name}"

    def put(self, usage: Usage) -> None:
        cache.set(self._key, list(usage), timeout=USAGE_KEPT_S)

    def get(self) -> Usage | None:
        kept: list[int] | None = cache.get(self._key)
        return Usage(*kept) if kept else None


def usage_note(login_url: str, client_id: str) -> UsageNote:
    """Return where what is known of an organisation's API calls stands."""
    told = f"{login_url}\n{client_id}".encode()
    return UsageNote(blake2b(told, digest_size=12).hexdigest())


class _Adapter(BaseAdapter):
    """Sends by another adapter; reads the whole answer within its limits."""

    def __init__(self, guarded: BaseAdapter, *, plain: bool, note: Callable[[Usage], None]) -> None:
        super().__init__()
        self._guarded = guarded
        self._plain = plain
        self._note = note

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Send a request; raises what integrations.outbound raises."""
        if self._plain and request.url:
            request.url = request.url.replace("https://", "http://", 1)
        url = request.url or ""
        try:
            answer = self._guarded.send(request)
        except requests.RequestException as error:
            raise outbound.error_of(error, url) from error
        answer.headers.pop("location", None)
        if usage := usage_of(answer.headers.get("Sforce-Limit-Info", "")):
            self._note(usage)
        return answer

    def close(self) -> None:
        self._guarded.close()
