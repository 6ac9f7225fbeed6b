"""HTTP to Genesys Cloud, with the limits that the SDK's own client lacks.

Every request ends: 5 s to connect, 30 s between bytes, 120 s and 64 MB for a whole answer. Only a
GET is sent again, and at once or not at all: waiting is the task queue's business, so a server
that says Retry-After becomes an error that carries the seconds. No redirect is followed.
"""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import urllib3

from integrations.errors import MalformedAnswerError, TemporaryError

TIMEOUT: Final = urllib3.Timeout(connect=5, read=30)
DEADLINE_S: Final = 120.0
MOST_BYTES: Final = 64 * 1024 * 1024
TRIES_OF_A_GET: Final = 3
CHUNK: Final = 1024 * 1024

# Worth another try at once: a gateway lost its backend for a moment.
FLEETING: Final = {
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


# Where one kind is another's parent, the child stands first.
SAID: Final = (
    (urllib3.exceptions.NameResolutionError, "the host name is unknown"),
    (urllib3.exceptions.NewConnectionError, "the connection was refused"),
    (urllib3.exceptions.ConnectTimeoutError, "no connection within the time limit"),
    (urllib3.exceptions.TimeoutError, "no answer within the time limit"),
    (urllib3.exceptions.SSLError, "the host's certificate is not trusted"),
)


class Request(NamedTuple):
    """What is to be sent. body is ready-made bytes; query values are texts."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None = None

    @property
    def scope(self) -> str:
        """The part of the API that it asks, as /api/v2/analytics/conversations."""
        return "/".join(urlsplit(self.url).path.split("/")[:5])

    @property
    def where(self) -> str:
        """The method, host and path: what an error message may name."""
        parts = urlsplit(self.url)
        return f"{self.method} {parts.netloc}{parts.path}"


class Answer(NamedTuple):
    """What came back, whatever its status. Header names are lower case."""

    where: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """A pool of connections. It may be shared by threads, but not across a fork."""

    def __init__(
        self,
        *,
        timeout: urllib3.Timeout = TIMEOUT,
        deadline_s: float = DEADLINE_S,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=4, block=True, retries=False)
        self._timeout = timeout
        self._deadline_s = deadline_s
        self._most_bytes = most_bytes

    def send(self, request: Request) -> Answer:
        """Send a request and return the answer, whatever its status.

        Raises TemporaryError where no answer came, MalformedAnswerError where it never ended.
        """
        left = TRIES_OF_A_GET if request.method == "GET" else 1
        while True:
            left -= 1
            try:
                answer = self._send_once(request)
            except urllib3.exceptions.HTTPError as error:
                if left and not _took_its_time(error):
                    continue
                told = f"{request.where}: {_named(error)}"
                raise TemporaryError(told, slow=_took_its_time(error)) from error
            if not left or answer.status not in FLEETING or "retry-after" in answer.headers:
                return answer

    def _send_once(self, request: Request) -> Answer:
        url = f"{request.url}?{urlencode(request.query)}" if request.query else request.url
        response = self._pool.request(
            request.method,
            url,
            body=request.body,
            headers=dict(request.headers),
            timeout=self._timeout,
            redirect=False,
            preload_content=False,
        )
        try:
            body = self._read(response, request.where)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(request.where, response.status, headers, body)

    def _read(self, response: urllib3.BaseHTTPResponse, where: str) -> bytes:
        end = time.monotonic() + self._deadline_s
        chunks: list[bytes] = []
        length = 0
        while chunk := response.read1(CHUNK):
            chunks.append(chunk)
            length += len(chunk)
            if length > self._most_bytes:
                raise MalformedAnswerError(f"{where}: more than {self._most_bytes} bytes came")
            if time.monotonic() > end:
                told = f"{where}: not all had come after {self._deadline_s:.0f} s"
                raise TemporaryError(told, slow=True)
        return b"".join(chunks)


def _took_its_time(error: urllib3.exceptions.HTTPError) -> bool:
    """Tell whether trying at once again would only wait as long again."""
    return isinstance(error, urllib3.exceptions.TimeoutError) and not isinstance(
        error, urllib3.exceptions.NewConnectionError
    )


def _named(error: urllib3.exceptions.HTTPError) -> str:
    """Say what went wrong in plain words."""
    return next((said for kind, said in SAID if isinstance(error, kind)), "the connection broke")
