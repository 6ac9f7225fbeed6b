"""What Salesforce answers when it does not do what it was asked for."""

from collections.abc import Sequence
from typing import Any


class SalesforceError(Exception):
    """A refusal: HTTP's status, Salesforce's code and wording, and the fields it is about."""

    def __init__(
        self, code: str, message: str, *, fields: Sequence[str] | None = None, status: int = 400
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
        self.status = status

    def body(self) -> list[dict[str, Any]]:
        """Return the body of an answer about one thing: always a list."""
        told: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [told if self.fields is None else told | {"fields": list(self.fields)}]

    def result(self) -> dict[str, Any]:
        """Return what stands for one record among several: its code has another name there."""
        told = {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}
        return {"success": False, "errors": [told]}


def not_found(message: str = "The requested resource does not exist") -> SalesforceError:
    """Return what says that there is no such thing."""
    return SalesforceError("NOT_FOUND", message, status=404)


def no_column(field: str, name: str) -> SalesforceError:
    """Return what says that records of this object have no such field, or not for this user."""
    return SalesforceError("INVALID_FIELD", f"No such column '{field}' on sobject of type {name}")
