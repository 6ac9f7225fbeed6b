"""One object of an event's body, read leniently: whoever made it may have been a person.

A number may be a text, an instant milliseconds or ISO; "", NOT_SET and null are absent, and so is
what has another shape altogether.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from chrono import instants
from conversations.models import ID_LENGTH
from integrations.errors import MalformedPayloadError
from integrations.genesys.moments import credible
from integrations.genesys.payloads import MASKED

UNSET: Final = frozenset({"", "NOT_SET"})
# Programs that make a text of a large number may write 1.7746299E12.
_WHOLE: Final = re.compile(r"\d{1,15}(?:\.0*)?|\d(?:\.\d{1,15})?[eE]\+?(?:1[0-4]|\d)")


class Fields:
    """An object, and where in the body it stands: what is refused is named by that."""

    def __init__(self, values: dict[str, Any], place: str = "") -> None:
        self._values = values
        self._place = place

    def text(self, name: str, *, longest: int = 200) -> str:
        """Return a text; "" where it is absent. What is longer is cut: it is no id."""
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        found = value.strip().replace("\x00", "\ufffd") if isinstance(value, str) else ""
        return "" if found in UNSET else found[:longest]

    def id(self, name: str) -> str:
        """Return an id, whatever it looks like; "" where it is absent or masked.

        Raises MalformedPayloadError where it is longer than any of Genesys's.
        """
        found = self.text(name)
        if len(found) > ID_LENGTH:
            raise MalformedPayloadError(
                f"{self._place}{name} has more than {ID_LENGTH} characters: it is no id"
            )
        return "" if MASKED.fullmatch(found) else found

    def word(self, name: str, *, longest: int = 30) -> str:
        """Return a value of an enumeration in lower case, whether it is known or not."""
        return self.text(name, longest=longest).lower()

    def number(self, name: str) -> int:
        """Return a count; 0 where it is absent or is none."""
        found = self.text(name, longest=16)
        return int(float(found)) if _WHOLE.fullmatch(found) else 0

    def whole(self, name: str) -> int | None:
        """Return a whole number of 32 bits, which may be negative; None where it is none."""
        found = self.text(name, longest=16)
        number = int(found) if re.fullmatch(r"-?\d{1,10}", found) else None
        return number if number is not None and abs(number) < 2**31 else None

    def flag(self, name: str) -> bool | None:
        """Return a truth; None where it is not told."""
        value = self._values.get(name)
        if isinstance(value, bool):
            return value
        return {"true": True, "false": False}.get(self.word(name))

    def instant(self, name: str) -> datetime | None:
        """Return an instant; None where it is absent.

        Raises MalformedPayloadError where it is none, or none of this century.
        """
        value = self._values.get(name)
        if isinstance(value, float) and value == value // 1:
            value = int(value)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        found = str(value) if is_number else self.text(name, longest=60)
        if not found:
            return None
        try:
            at = instants.from_ms(int(float(found))) if _WHOLE.fullmatch(found) else _parsed(found)
            return credible(at)
        except (ValueError, OverflowError) as error:
            raise MalformedPayloadError(f"{self._place}{name}: {error}") from error

    def has(self, name: str) -> bool:
        """Tell whether an object stands under a name."""
        return isinstance(self._values.get(name), dict)

    def inner(self, name: str) -> "Fields":
        """Return an object within; an empty one where it is absent."""
        value = self._values.get(name)
        return Fields(value if isinstance(value, dict) else {}, f"{self._place}{name}.")

    def each(self, name: str) -> Iterator["Fields"]:
        """Yield the objects of a list within."""
        value = self._values.get(name)
        for at, one in enumerate(value if isinstance(value, list) else ()):
            if isinstance(one, dict):
                yield Fields(one, f"{self._place}{name}[{at}].")


def read(body: bytes) -> Fields:
    """Read a body, which is one JSON object.

    Raises MalformedPayloadError where it is none.
    """
    try:
        decoded = msgspec.json.decode(body)
    except RecursionError as error:
        raise MalformedPayloadError("the body is nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedPayloadError(f"the body is not JSON: {error}") from error
    if not isinstance(decoded, dict):
        raise MalformedPayloadError("the body is no JSON object")
    return Fields(decoded)


def _parsed(text: str) -> datetime:
    # The text itself is not repeated: it may be anything.
    try:
        return instants.parse(text)
    except ValueError:
        raise ValueError("is no instant such as 2026-03-27T16:45:00.000Z") from None
