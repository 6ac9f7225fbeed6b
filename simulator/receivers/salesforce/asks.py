"""One request to the REST API, and its answer: of HTTP, or one of several inside another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from simulator.receivers.salesforce.errors import SalesforceError
from simulator.receivers.salesforce.records import By

if TYPE_CHECKING:
    from simulator.receivers.salesforce.org import Org


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. path are the segments after the version, decoded; header names are small."""

    org: "Org"
    method: str
    version: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    user: str

    def json(self) -> Any:
        """Return the body. Raises SalesforceError where it is not JSON."""
        try:
            return msgspec.json.decode(self.raw)
        except msgspec.DecodeError as error:
            wording = f"Unexpected character in the request body: {error}"
            raise SalesforceError("JSON_PARSER_ERROR", wording) from error

    def object(self) -> dict[str, Any]:
        """Return the body where it is an object. Raises SalesforceError where it is not."""
        found = self.json()
        if not isinstance(found, dict):
            raise SalesforceError("JSON_PARSER_ERROR", "The request body must be a JSON object")
        return found

    def by(self) -> By:
        """Return as whom it writes. Assignment rules run unless a header says FALSE."""
        return By(self.user, assigns=self.headers.get("sforce-auto-assign", "").lower() != "false")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered. value is JSON's, or text of another media type; None: there is no body."""

    status: int
    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"
