"""The one way out to addresses that people have written into forms.

No redirect is followed and no proxy asked; what takes longer than DEADLINE_S in all is cut off, and
of an answer no more than MOST_BYTES are read. Nothing is decompressed. integrations.connections
sees to where it goes.
"""

import ssl
from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, NamedTuple

import requests  # noqa: TID251 - the one place
import urllib3
from requests.adapters import HTTPAdapter  # noqa: TID251 - the one place
from requests.utils import DEFAULT_CA_BUNDLE_PATH  # noqa: TID251 - the one place
from urllib3.exceptions import HTTPError

from integrations import connections
from integrations.connections import CALL, ForbiddenAddressError, check, foresee
from integrations.errors import TemporaryError

DEADLINE_S: Final = 10.0
MOST_BYTES: Final = 64 * 1024
POOL: Final = 32
AGENT: Final = "DCM-for-Genesys-Cloud"


class NotSentError(TemporaryError):
    """It did not reach the other side: no connection came about."""


class NoAnswerError(TemporaryError):
    """It may have reached the other side: the connection broke, or took too long to answer."""


class Reply(NamedTuple):
    """An answer, whatever its status. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(session: requests.Session, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """POST and return the answer; one longer than the session takes is cut.

    Raises ForbiddenAddressError, NotSentError or NoAnswerError; messages name the host only.
    """
    try:
        answer = session.post(url, data=body, headers=dict(headers))
    except requests.RequestException as error:
        raise error_of(error, url) from error
    named = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status_code, named, answer.content)


def error_of(error: requests.RequestException, url: str) -> Exception:
    """Return what a failure means, straight after it: what had been sent by then decides."""
    host = host_of(url)
    if isinstance(error, ValueError):  # requests says so of every address that is none
        return ForbiddenAddressError(f"{host}: this is no address to send to")
    if CALL.sent:
        return NoAnswerError(f"{host}: no answer came")
    reason = next((str(c.verify_message) for c in _causes(error) if _is_untrusted(c)), "")
    return NotSentError(f"{host}: {CALL.trouble}" + (f" ({reason})" if reason else ""))


def host_of(url: str) -> str:
    """Return whom an address names; never what else stands in it, which may be secret."""
    try:
        return urllib3.util.parse_url(url).host or "the address"
    except HTTPError:
        return "the address"


def _is_untrusted(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def _causes(error: BaseException | None) -> Iterator[Any]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def session(
    *,
    deadline_s: float = DEADLINE_S,
    most_bytes: int = MOST_BYTES,
    whole: bool = False,
    **options: Any,
) -> requests.Session:
    """Return a session that goes nowhere but out. It may be shared by threads, not across forks.

    An answer is read within deadline_s of the call's begin, up to most_bytes: what is longer is
    cut, or is no answer where it must be whole. options are those of requests' adapter. Beside
    requests' own errors a call raises ForbiddenAddressError; error_of says what the others mean.
    """
    made = _Session()
    made.trust_env = False
    made.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # destinations share it
    adapter = _Guarded(_Limits(deadline_s, most_bytes, whole), **options)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


class _Limits(NamedTuple):
    deadline_s: float
    most_bytes: int
    whole: bool


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None  # it would lead where nobody has looked


class _Guarded(HTTPAdapter):
    """An adapter whose connections look where they lead, and whose calls end in time."""

    def __init__(self, limits: _Limits, **options: Any) -> None:
        self.limits = limits
        super().__init__(**{"pool_connections": POOL, "pool_maxsize": POOL, **options})

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = connections.context(DEFAULT_CA_BUNDLE_PATH)
        super().init_poolmanager(*args, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = connections.POOLS

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Leave the authorities to the context, which has read them once."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send, and read the answer, whatever the caller says of time, proxies or trust."""
        url = request.url or ""
        if urllib3.util.parse_url(url).auth:
            raise ForbiddenAddressError(f"{host_of(url)}: no name and password in an address")
        CALL.begin(self.limits.deadline_s)
        answer = super().send(request, stream=True)
        answer._content = self._read(answer)  # noqa: SLF001 - as requests itself keeps it
        answer._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - the same
        return answer

    def _read(self, answer: requests.Response) -> bytes:
        """Return the body. A compressed one, which was not asked for, is not looked into."""
        packed = answer.headers.get("Content-Encoding", "identity").lower() != "identity"
        try:
            found = self._received(answer.raw)
        except (HTTPError, OSError) as error:
            raise requests.ConnectionError(error, request=answer.request) from error
        finally:
            answer.raw.close()  # one that was read to its end is in the pool by now
        return b"" if packed else found

    def _received(self, raw: Any) -> bytes:
        found, most = b"", self.limits.most_bytes
        while more := raw.read(most - len(found), decode_content=False):
            found += more
        if self.limits.whole and raw.read(1, decode_content=False):
            raise HTTPError(f"the answer is longer than {most} bytes")
        return found


__all__ = [
    "ForbiddenAddressError",
    "NoAnswerError",
    "NotSentError",
    "Reply",
    "check",
    "error_of",
    "foresee",
    "host_of",
    "post",
    "session",
]
