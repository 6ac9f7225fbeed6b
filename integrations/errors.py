"""What can go wrong with another system, by what to do about it.

Messages name the host, the path and the status; never what was sent or answered.
"""


class IntegrationError(Exception):
    """Another system did not do as asked. Base of the kinds below; never raised itself."""


class TemporaryError(IntegrationError):
    """Worth another try later: no connection, a timeout, a 5xx.

    retry_after: seconds after which the other system asked to be tried again, where it said so.
    slow: it took its time to come to nothing, so that trying again at once would only wait as long.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, slow: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.slow = slow


class RateLimitedError(TemporaryError):
    """Asked too often. Ask nothing more before retry_after seconds have gone by."""


class BudgetSpentError(RateLimitedError):
    """Not asked at all: what is left of the rate limit is for more urgent work."""


class PermanentError(IntegrationError):
    """No retry can help: somebody must change something. Base of the kinds below."""


class CredentialsError(PermanentError):
    """The credentials are not accepted."""


class PermissionMissingError(PermanentError):
    """The credentials are good, but a permission is missing: its name, where it was told."""

    def __init__(self, message: str, *, permissions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.permissions = permissions


class NotFoundError(PermanentError):
    """What was asked for is not there, or not visible to these credentials."""


class RefusedError(PermanentError):
    """The request itself was refused. code: what the other system calls the reason.

    said is its own text. That may quote what was sent: it is shown only where that was ours.
    """

    def __init__(self, message: str, *, status: int = 400, code: str = "", said: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.said = said


class MalformedAnswerError(PermanentError):
    """The answer is not what the API documents: another product answers, or a proxy."""


class MalformedPayloadError(Exception):
    """A document is not what the API documents: names the place, and quotes instants only."""


class RoadBusyError(IntegrationError):
    """Another run of the same road is under way: there is nothing to do here."""


def in_words(error: Exception) -> str:
    """Say an error for everybody to read: ours in its words, of others only the kind is told."""
    if isinstance(error, IntegrationError):
        return str(error)
    return f"internal error ({type(error).__name__}): see the log"
