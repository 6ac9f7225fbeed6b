"""What a refusal of Salesforce's means to a delivery. Reasons name codes, never what was sent."""

from collections.abc import Mapping
from typing import Any, Final

from simple_salesforce.exceptions import SalesforceError

from integrations.domain.delivery import Outcome, Result
from integrations.errors import CredentialsError, PermanentError, TemporaryError
from integrations.outbound import NoAnswerError
from integrations.salesforce.client import Problem

LIMIT: Final = "REQUEST_LIMIT_EXCEEDED"
DUPLICATE: Final = "DUPLICATE_VALUE"
PRECONDITION: Final = 412
DOCTOR: Final = "run manage.py salesforce_doctor, see docs/salesforce-setup.md"
# How long nothing is tried after the limit was met: it is one of a rolling day.
LIMIT_PAUSE_S: Final = 60.0
# Somebody else is writing the same rows, or the platform is busy: another try does it.
_AGAIN: Final = frozenset(
    {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "API_CURRENTLY_DISABLED", "UNKNOWN_EXCEPTION"}
    | {"REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT", DUPLICATE, "TXN_SECURITY_METERING_ERROR"}
)
# Fields, objects or permissions are lacking: whatever else we write would be refused too.
_SETUP: Final = frozenset(
    {"INVALID_FIELD", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE", "API_DISABLED_FOR_ORG"}
    | {"FUNCTIONALITY_NOT_ENABLED"}
)
_WORDS: Final = {
    "ENTITY_IS_DELETED": "the record was deleted in Salesforce",
    "INVALID_CROSS_REFERENCE_KEY": "the case, or what else it names, is not there",
    "INACTIVE_OWNER_OR_USER": "the user is inactive",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule refuses it",
    "UNABLE_TO_LOCK_ROW": "the record was locked",
}


def of_problem(problem: Problem) -> Outcome:
    """Return what it means that one record of several was not written."""
    said = problem.message
    if problem.code == LIMIT:
        return _over_the_limit(said)
    if problem.code in _AGAIN:
        return Outcome(Result.FAILED, _told(problem.code), said=said, blames_them=False)
    disables = problem.code in _SETUP
    reason = f"{_told(problem.code)}; {DOCTOR}" if disables else _told(problem.code)
    return Outcome(Result.REFUSED, reason, said=said, disables=disables)


def of_error(error: Exception) -> Outcome:
    """Return what it means that a whole call failed; raises what is none of Salesforce's."""
    if isinstance(error, SalesforceError):
        return _of_status(error)
    if isinstance(error, NoAnswerError):
        return Outcome(Result.LOST, str(error))
    if isinstance(error, TemporaryError):
        return Outcome(Result.FAILED, str(error), retry_after=error.retry_after)
    if isinstance(error, PermanentError):
        fix = f"; {DOCTOR}" if isinstance(error, CredentialsError) else ""
        return Outcome(Result.REFUSED, f"{error}{fix}", disables=True)
    raise error


def of_record(error: SalesforceError) -> Outcome:
    """Return what it means that a call about one record failed: that may be the record's fault."""
    code = code_of(error)
    judged = of_error(error)
    if code and judged.result is Result.REFUSED:
        return of_problem(Problem(code, str(error.content)))._replace(status=error.status)
    return judged


def code_of(error: SalesforceError) -> str:
    """Return Salesforce's code of a refusal; "" where it told none."""
    content: Any = error.content
    first = content[0] if isinstance(content, list) and content else content
    return str(first.get("errorCode", "")) if isinstance(first, Mapping) else ""


def _of_status(error: SalesforceError) -> Outcome:
    code, status = code_of(error), error.status
    said = str(error.content)
    reason = f"HTTP {status} {_told(code)}".strip()
    if code == LIMIT:
        return _over_the_limit(said, status)
    if status in {401, 408, 429} or status >= 500:  # noqa: PLR2004 - HTTP's
        return Outcome(Result.FAILED, reason, status=status, said=said)
    if code in _AGAIN or status == PRECONDITION:
        return Outcome(Result.FAILED, reason, status=status, said=said, blames_them=False)
    if status == 300:  # noqa: PLR2004 - HTTP's
        reason = f"several records have one key: its field must be unique; {DOCTOR}"
        return Outcome(Result.REFUSED, reason, status=status, said=said, disables=True)
    return Outcome(Result.REFUSED, f"{reason}; {DOCTOR}", status=status, said=said, disables=True)


def _over_the_limit(said: str, status: int | None = None) -> Outcome:
    """All wait; no try is used up, since the limit gives way by itself."""
    return Outcome(
        Result.FAILED,
        "the organisation's API calls are used up (REQUEST_LIMIT_EXCEEDED)",
        status=status,
        said=said,
        retry_after=LIMIT_PAUSE_S,
        breaks=True,
        counts=False,
    )


def _told(code: str) -> str:
    known = code if code.replace("_", "").isalnum() else ""
    return f"{_WORDS[known]} ({known})" if known in _WORDS else known
