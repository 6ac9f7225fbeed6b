"""Errors as the platform words them: an ErrorBody in JSON."""

from typing import Any


class ApiError(Exception):
    """An answer that is not a success. headers go out with it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.details = details or {}

    def body(self, context_id: str) -> dict[str, Any]:
        """Return the ErrorBody; context_id is the request's correlation id."""
        return {
            "message": self.message,
            "code": self.code,
            "status": self.status,
            "contextId": context_id,
            "details": [],
            "errors": [],
            **self.details,
        }


def bad_request(message: str) -> ApiError:
    return ApiError(400, "bad.request", message)


def not_found(what: str, id_: str) -> ApiError:
    return ApiError(
        404,
        "not.found",
        f"The requested {what} {id_} was not found",
        details={"entityId": id_, "entityName": what},
    )


def bad_credentials() -> ApiError:
    return ApiError(401, "bad.credentials", "Invalid login credentials.")


def too_many_requests(retry_after: int, allowed: int, *, headers: dict[str, str]) -> ApiError:
    return ApiError(
        429,
        "too.many.requests",
        f"Rate limit exceeded the maximum. Retry the request in [{retry_after}] seconds",
        headers=headers | {"Retry-After": str(retry_after)},
        details={
            "limit": {
                "key": "client.credentials.token.rate.per.minute",
                "namespace": "platform.api",
                "value": allowed,
            }
        },
    )
