"""Messages that administrators write: plain text with a few fixed placeholders, and no more."""

import re
from collections.abc import Mapping
from typing import Final

PLACEHOLDERS: Final = ("conversation", "queue", "agent", "presence", "since", "due", "link")
LONGEST: Final = 1_000  # characters
_PLACE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_BRACES: Final = {"{{": "{", "}}": "}"}


def check(template: str) -> None:
    """Raise ValueError, worded for whoever wrote it, where a template is none."""
    if len(template) > LONGEST:
        raise ValueError(f"It is longer than {LONGEST} characters.")
    filled(template, dict.fromkeys(PLACEHOLDERS, ""))


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its placeholders replaced; what replaces them is not looked into.

    values has all PLACEHOLDERS. Two braces stand for one. Raises ValueError where it names another.
    """
    return _PLACE.sub(lambda found: _meant(found, values), template)


def _meant(found: re.Match[str], values: Mapping[str, str]) -> str:
    if brace := _BRACES.get(found[0]):
        return brace
    if found[1] not in PLACEHOLDERS:
        offered = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(f"There is no placeholder {found[0][:60]}: write one of {offered}.")
    return values[found[1]]
