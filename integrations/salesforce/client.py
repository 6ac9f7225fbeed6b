"""One organisation of Salesforce, by simple-salesforce, unmodified and in direct mode.

Direct mode, since its own log-in loses a call's headers when it renews a session, and may recurse
without end. The token is ours (tokens), time and size are capped below it (transport).
`Client.salesforce()` is what extension code may use.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import requests  # noqa: TID251 - its errors
from django.core.cache import cache
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession
from simple_salesforce.format import format_soql

from integrations import outbound
from integrations.outbound import NoAnswerError
from integrations.salesforce import transport
from integrations.salesforce.form import Settings
from integrations.salesforce.tokens import Token, Tokens
from integrations.salesforce.transport import Usage

T = TypeVar("T")
Row = Mapping[str, Any]

COLLECTIONS: Final = "composite/sobjects"
# Records to a call.
MOST_RECORDS: Final = 200
# Values to a query: a URL takes 16,000 characters, and an id in quotes some 45.
MOST_VALUES: Final = 100
# How long what an organisation is like is taken for granted.
KNOWN_FOR_S: Final = 3600
# Organisations whose connections a process keeps.
KEPT: Final = 8


class Problem(NamedTuple):
    """Why one record was not written: Salesforce's code, and its words."""

    code: str
    message: str


class Written(NamedTuple):
    """What became of one record: its id, or the first of its problems."""

    id: str
    problem: Problem | None = None


class Client:
    """The way to one organisation. Threads may share it.

    Its calls raise simple_salesforce's SalesforceError for what Salesforce refuses,
    CredentialsError where it lets nobody in, and what integrations.outbound raises.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        plain = urlsplit(settings.login_url).scheme == "http"
        self._note = transport.usage_note(settings.login_url, settings.client_id)
        self.name = self._note.name
        self._session = transport.session(plain=plain, note=self._note.put)
        self.token_session = outbound.session()
        self.tokens = Tokens(settings, self.token_session)

    @property
    def usage(self) -> Usage | None:
        """API calls used and allowed, as any process was told within the last minutes."""
        return self._note.get()

    def user_id(self) -> str:
        """Return whom we act as."""
        return self.tokens.get().user_id

    def known(self, what: str, ask: Callable[[], T]) -> T:
        """Return what the organisation is like, as any process was told within the last hour."""
        where = f"salesforce:{what}:{self.name}"
        found: T | None = cache.get(where)
        if found is None:
            found = ask()
            cache.set(where, found, timeout=KNOWN_FOR_S)
        return found

    def salesforce(self, token: Token | None = None) -> Salesforce:
        """Return simple-salesforce, logged in; it does not log in anew by itself."""
        found = token or self.tokens.get()
        where = urlsplit(found.instance_url)
        return Salesforce(
            session_id=found.access_token,
            instance=where.netloc + where.path.rstrip("/"),
            version=self._settings.api_version,
            session=self._session,
        )

    def call(self, do: Callable[[Salesforce], T]) -> T:
        """Do something with simple-salesforce; once more where the session had expired.

        What was refused for that was not done. The second call is the first one, headers included.
        """
        token = self.tokens.get()
        try:
            return _read(do, self.salesforce(token))
        except SalesforceExpiredSession:
            renewed = self.tokens.get(refused=token.access_token)
        return _read(do, self.salesforce(renewed))

    # -- reading -------------------------------------------------------------------------------
    def query(self, soql: str, **values: Any) -> list[Row]:
        """Return all rows of a query; values stand in it as {name}, and are quoted."""
        asked = format_soql(soql, **values)
        rows: list[Row] = self.call(lambda sf: sf.query_all(asked))["records"]
        return rows

    def query_each(self, soql: str, values: Collection[str]) -> list[Row]:
        """Return all rows of a query for {values}, so many at a time as a request takes."""
        return [row for some in chunks(sorted(values), MOST_VALUES) for row in self.query(
            soql, values=some)]  # fmt: skip

    def describe(self, name: str) -> Row:
        """Return the description of an object."""
        told: Row = self.call(lambda sf: getattr(sf, name).describe())
        return told

    def limits(self) -> Row:
        """Return the organisation's limits."""
        told: Row = self.call(lambda sf: sf.limits())
        return told

    # -- writing -------------------------------------------------------------------------------
    def upsert(self, name: str, key: str, records: Sequence[Row]) -> list[Written]:
        """Write records by their external id, at most 200; return what became of each, in order."""
        return self._collection("PATCH", f"{COLLECTIONS}/{name}/{key}", name, records)

    def create(self, name: str, records: Sequence[Row]) -> list[Written]:
        """Make records, at most 200; return what became of each, in order."""
        return self._collection("POST", COLLECTIONS, name, records)

    def update(self, name: str, records: Sequence[Row]) -> list[Written]:
        """Change records by their id, which stands in each as "id", at most 200."""
        return self._collection("PATCH", COLLECTIONS, name, records)

    def update_unless_changed(self, name: str, id_: str, record: Row, since: datetime) -> None:
        """Change a record unless somebody has changed it since, to the second (else status 412)."""
        headers = {"If-Unmodified-Since": format_datetime(since.astimezone(UTC), usegmt=True)}
        self.call(lambda sf: getattr(sf, name).update(id_, dict(record), headers=headers))

    def _collection(
        self, method: str, path: str, name: str, records: Sequence[Row]
    ) -> list[Written]:
        if not records:
            return []
        body = {
            "allOrNone": False,
            "records": [{"attributes": {"type": name}, **record} for record in records],
        }
        told = self.call(lambda sf: sf.restful(path, method=method, json=body))
        found = [_written(one) for one in told or ()]
        if len(found) != len(records):
            raise NoAnswerError(f"{path}: {len(found)} answers came to {len(records)} records")
        return found


@lru_cache(maxsize=KEPT)
def client(settings: Settings) -> Client:
    """Return the client of an organisation, one for each process: it keeps its connections."""
    return Client(settings)


def chunks(values: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Yield so many at a time."""
    for start in range(0, len(values), most):
        yield values[start : start + most]


def instant(told: str | None) -> datetime | None:
    """Read an instant as Salesforce tells it: 2026-11-20T08:00:00.000+0000."""
    return datetime.fromisoformat(told) if told else None


def _read(do: Callable[[Salesforce], T], salesforce: Salesforce) -> T:
    try:
        return do(salesforce)
    except requests.RequestException as error:  # its JSON errors are such, too
        raise NoAnswerError("Salesforce: the answer cannot be read") from error


def _written(told: Row) -> Written:
    if told.get("success"):
        return Written(str(told.get("id") or ""))
    first: Row = next(iter(told.get("errors") or ()), {})
    code, message = first.get("statusCode", "UNKNOWN"), first.get("message", "")
    return Written("", Problem(str(code), str(message)))
