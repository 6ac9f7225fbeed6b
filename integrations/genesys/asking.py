"""Asking again at once, and asking the next: what fails for a moment keeps nothing else waiting."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from integrations.errors import MalformedAnswerError, RateLimitedError, TemporaryError

T = TypeVar("T")

# One question is asked so often at once, where what came was no answer.
TRIES: Final = 3
# So many questions in a row without an answer: it is not the question, nobody answers.
MOST_IN_A_ROW: Final = 5


def is_fleeting(error: Exception) -> bool:
    """Tell whether asking again at once may help: nobody asked to wait, and it was quick."""
    if isinstance(error, RateLimitedError):
        return False
    if isinstance(error, TemporaryError):
        return not error.slow and not error.retry_after
    return isinstance(error, MalformedAnswerError)


def answered(ask: Callable[[], T], *, before: Callable[[], None] = lambda: None) -> T:
    """Ask, up to TRIES times where what comes is no answer; raise what came last.

    before is called before each: what asks may have a lease to keep.
    """
    left = TRIES
    while True:
        before()
        left -= 1
        try:
            return ask()
        except (TemporaryError, MalformedAnswerError) as error:
            if not left or not is_fleeting(error):
                raise


@dataclass(slots=True)
class Turns:
    """Questions that do not depend on one another: each has its turn, whatever came of the others.

    Without that, one thing for which the other system has no answer would be asked first in every
    run, and nothing behind it ever.
    """

    failed: Exception | None = None
    _in_a_row: int = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Let one have its turn. Raises at once what the next would meet too."""
        try:
            yield
        except (TemporaryError, MalformedAnswerError) as error:
            self._in_a_row += 1
            if not is_fleeting(error) or self._in_a_row >= MOST_IN_A_ROW:
                raise
            self.failed = self.failed or error
        else:
            self._in_a_row = 0

    def end(self) -> None:
        """Raise the first that failed: the run has not done all."""
        if self.failed:
            raise self.failed
