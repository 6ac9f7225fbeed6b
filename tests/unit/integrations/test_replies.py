"""What an answer over HTTP means to a delivery."""

from datetime import UTC, datetime

import pytest

from integrations.domain.delivery import Outcome, Result
from integrations.errors import TemporaryError
from integrations.outbound import ForbiddenAddressError, NoAnswerError, NotSentError, Reply
from integrations.outbox import replies


@pytest.mark.parametrize(
    ("status", "result", "disables"),
    [
        (200, Result.DELIVERED, False),
        (204, Result.DELIVERED, False),
        (302, Result.REFUSED, True),
        (400, Result.REFUSED, False),
        (401, Result.REFUSED, True),
        (403, Result.REFUSED, True),
        (404, Result.REFUSED, True),
        (408, Result.FAILED, False),
        (410, Result.REFUSED, True),
        (422, Result.REFUSED, False),
        (425, Result.FAILED, False),
        (429, Result.FAILED, False),
        (500, Result.FAILED, False),
        (503, Result.FAILED, False),
    ],
)
def test_a_status_decides(status: int, result: Result, disables: bool) -> None:  # noqa: FBT001
    found = replies.of(Reply(status, {}, b"it said"))
    assert (found.result, found.status, found.disables, found.said) == (
        *(result, status, disables, "it said"),
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, "it redirects, which is not followed. Write the final address"),
        (401, "it does not accept our credentials"),
        (403, "it does not accept our credentials"),
        (404, "nothing is there. Is the address right?"),
        (410, "it is gone for good. Ask for its new address"),
        (413, "the message is too long for it"),
        (422, "it does not take this message"),
        (429, "it is sent too much at once"),
        (500, "it has failed"),
        (503, "it is not available now"),
    ],
)
def test_a_reason_is_in_words_beside_the_number(status: int, reason: str) -> None:
    assert replies.of(Reply(status, {}, b"")).reason == f"HTTP {status}: {reason}"


@pytest.mark.parametrize(
    ("error", "result", "disables"),
    [
        (ForbiddenAddressError("a: inside"), Result.REFUSED, True),
        (NotSentError("a: no connection"), Result.FAILED, False),
        (NoAnswerError("a: no answer"), Result.LOST, False),
    ],
)
def test_a_call_that_came_to_nothing_decides_too(
    error: TemporaryError,
    result: Result,
    disables: bool,  # noqa: FBT001
) -> None:
    def send() -> Reply:
        raise error

    assert replies.outcome(send) == Outcome(result, str(error), disables=disables)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        (
            {
                "retry-after": "Fri, 27 Mar 2026 16:46:30 GMT",
                "date": "Fri, 27 Mar 2026 16:45:00 GMT",
            },
            90.0,
        ),
        ({"retry-after": "Fri, 27 Mar 2026 16:46:30 GMT"}, None),
    ],
)
def test_how_long_we_are_asked_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert replies.of(Reply(503, headers, b"")).retry_after == seconds


def test_a_date_is_measured_against_our_clock_where_theirs_is_not_told() -> None:
    now = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)
    headers = {"retry-after": "Fri, 27 Mar 2026 16:46:30 GMT"}
    assert replies.retry_after(headers, now) == 90.0


def test_what_they_said_is_kept_whatever_bytes_it_has() -> None:
    body = b"a\0b\xff" + b"c" * 5000
    said = replies.of(Reply(200, {}, body)).said
    assert said == "a␀b\ufffd" + "c" * (replies.LONGEST_SAID - 4)
