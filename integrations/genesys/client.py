"""Reads from one Genesys Cloud organisation. Only here is the SDK put to work.

The SDK authenticates, builds paths and carries writes; the bytes of an answer are taken as they
came, since its models are a hundred times slower than JSON and lose a whole answer to one null.
Where loading it costs too much, plain does as much of it as is needed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from django.conf import settings
from django.core.cache import cache as shared

from integrations.errors import (
    CredentialsError,
    MalformedAnswerError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TemporaryError,
)
from integrations.genesys import sdk
from integrations.genesys.asking import answered
from integrations.genesys.budget import Budget, Priority
from integrations.genesys.plain import TOKEN_PATH
from integrations.genesys.refusals import TokenRefusedError, check
from integrations.genesys.transport import Answer, Request, Wire

T = TypeVar("T")

PAGE_SIZE: Final = 100
MOST_PAGES: Final = 10_000
DEFAULT_LIFE_S: Final = 3600  # of a token whose answer does not tell, a day is usual
JSON: Final = {"Accept": "application/json", "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth client of the grant type client credentials, and the API host it is for."""

    base_url: str
    client_id: str
    client_secret: str

    @classmethod
    def of_settings(cls) -> "Credentials":
        """Return those of the organisation in the settings."""
        return cls(
            settings.GENESYS_BASE_URL, settings.GENESYS_CLIENT_ID, settings.GENESYS_CLIENT_SECRET
        )

    @property
    def fingerprint(self) -> str:
        """A name for these credentials that does not give them away."""
        told = f"{self.base_url}\n{self.client_id}\n{self.client_secret}"
        return blake2b(told.encode(), digest_size=12).hexdigest()

    @property
    def token_key(self) -> str:
        """Where in the cache the token stands that all processes share."""
        return f"genesys:token:{self.fingerprint}"


class Reply(NamedTuple):
    """The body of one answer as it came, and the instant at which it was asked for."""

    body: bytes
    sent_at: datetime
    where: str

    def decode(self, shape: type[T]) -> T:
        """Read the body; absent keys take the shape's defaults, unknown ones are passed over.

        Raises MalformedAnswerError where it is not JSON of this shape.
        """
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedAnswerError(
                f"{self.where}: the answer is not what the API documents: {error}"
            ) from error


class Entities(msgspec.Struct, Generic[T], rename="camel"):
    """One page of a listing."""

    entities: list[T] | None = None
    page_count: int | None = None


class Client:
    """One run's way to Genesys. Not for several threads at once.

    clock is asked for the instant of each request; priority says what it leaves to others. api
    makes the SDK's ApiClient, or what stands in for it, out of the API host and whoever sends.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        clock: Callable[[], datetime],
        wire: Wire | None = None,
        priority: Priority = Priority.INTERACTIVE,
        api: Callable[[str, sdk.Sender], Any] = sdk.api_client,
    ) -> None:
        self.clock = clock
        self.priority = priority
        self.budget = Budget(credentials.fingerprint)
        self._credentials = credentials
        self._wire = wire or Wire()
        self._make_api = api
        self._last: Answer | None = None

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Reply:
        """Read one resource. path is ready to send; lists in query become comma-separated."""
        return self._call("GET", path, query=dict(query or {}))

    def read(self, path: str, shape: type[T], query: Mapping[str, Any] | None = None) -> T:
        """Read one resource of a shape; where what came was no answer, it is asked again at once.

        Raises MalformedAnswerError where it never is of this shape.
        """
        return answered(lambda: self.get(path, query).decode(shape))

    def ask(self, path: str, body: Any) -> Reply:
        """POST a question that changes nothing. It is never sent twice."""
        return self._call("POST", path, body=body)

    def change(
        self, method: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None
    ) -> Reply:
        """Write: POST, PUT, PATCH or DELETE. It is never sent twice."""
        return self._call(method, path, query=dict(query or {}), body=body)

    def entities(
        self, path: str, shape: type[T], query: Mapping[str, Any] | None = None
    ) -> Iterator[T]:
        """Read all pages of a listing by pageNumber; the last says so, or is short."""
        for number in range(1, MOST_PAGES + 1):
            asked = {**(query or {}), "pageSize": PAGE_SIZE, "pageNumber": number}
            page = self.read(path, Entities[shape], asked)  # type: ignore[valid-type]
            found = page.entities or []
            yield from found
            told = page.page_count
            if not found or (number >= told if told is not None else len(found) < PAGE_SIZE):
                return
        raise MalformedAnswerError(f"{path}: the listing does not end after {MOST_PAGES} pages")

    def send(self, request: Request) -> Answer:
        """Carry a request for the SDK: within the rate limit, and errors sorted."""
        if wait := self.budget.blocked_s(request.scope):
            raise RateLimitedError(
                f"{request.where}: not sent, Genesys asked to wait", retry_after=wait
            )
        if not request.url.endswith(TOKEN_PATH):
            self.budget.take(self.priority)
        answer = self._wire.send(request)
        self.budget.note(answer.headers)
        try:
            check(answer)
        except RateLimitedError as error:
            self.budget.block(error.retry_after or 0.0)
            raise
        except TemporaryError as error:
            if error.retry_after:
                self.budget.block(error.retry_after, request.scope)
            raise
        self._last = answer
        return answer

    def _call(self, method: str, path: str, *, query: Any = None, body: Any = None) -> Reply:
        self._authenticate()
        return self._ask_renewing(method, path, query=query, body=body)

    def _ask_renewing(self, method: str, path: str, *, query: Any, body: Any) -> Reply:
        """Ask; where the token is refused, with another one. What was refused was not done."""
        try:
            return self._ask(method, path, query=query, body=body)
        except TokenRefusedError:
            self._authenticate(refused=self._api.access_token)
        return self._ask(method, path, query=query, body=body)

    def _ask(self, method: str, path: str, *, query: Any, body: Any) -> Reply:
        sent_at = self.clock()
        self._api.call_api(
            path,
            method,
            query_params=query,
            header_params=dict(JSON),
            body=body,
            auth_settings=["PureCloud OAuth"],
        )
        answer = self._answer()
        return Reply(answer.body, sent_at, answer.where)

    @cached_property
    def _api(self) -> Any:
        return self._make_api(self._credentials.base_url, self)

    def _answer(self) -> Answer:
        if self._last is None:
            raise AssertionError("the SDK returned without having sent a request")
        return self._last

    def _authenticate(self, *, refused: str = "") -> None:
        """Take the token that all processes share, or fetch one where it is gone or refused."""
        token: str | None = shared.get(self._credentials.token_key)
        if not token or token == refused:
            token, life_s = self._fetch_token()
            shared.set(self._credentials.token_key, token, timeout=life_s)
        self._api.access_token = token

    def _fetch_token(self) -> tuple[str, float]:
        """Return a new token and for how many seconds it is good; the SDK forgets the latter."""
        asked = self._credentials
        try:
            self._api.get_client_credentials_token(asked.client_id, asked.client_secret)
            told = msgspec.json.decode(self._answer().body, type=Token)
        except (CredentialsError, NotFoundError, RefusedError) as error:
            raise CredentialsError(
                f"{asked.base_url} gives this OAuth client no token. Check GENESYS_REGION, "
                "GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, and that its grant type is Client "
                f"Credentials. ({error})"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedAnswerError(
                f"{TOKEN_PATH} of {asked.base_url}: what came is no token; check GENESYS_REGION"
            ) from error
        return told.access_token, told.good_for_s


class Token(msgspec.Struct):
    """The answer of the login host."""

    access_token: str
    expires_in: float | None = None

    @property
    def good_for_s(self) -> float:
        """Nine tenths of its life, so that it does not run out on the way."""
        return (self.expires_in or DEFAULT_LIFE_S) * 0.9


@cache
def _wire() -> Wire:
    """Return the connections of this process, kept between runs."""
    return Wire()


def connect(clock: Callable[[], datetime], priority: Priority = Priority.INTERACTIVE) -> Client:
    """Return a client for the organisation in the settings."""
    return Client(Credentials.of_settings(), clock=clock, wire=_wire(), priority=priority)
