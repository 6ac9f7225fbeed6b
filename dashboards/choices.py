"""What the fields of a page's filter offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboards import names
from dashboards.timeline import media_name


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a field."""

    value: str
    text: str
    chosen: bool


def among(known: Mapping[str, str], chosen: str) -> tuple[Choice, ...]:
    """Return what may be chosen, by value, in its order."""
    return tuple(Choice(value, text, value == chosen) for value, text in known.items())


def by_name(ids: Iterable[str], known: Mapping[str, str], chosen: str) -> tuple[Choice, ...]:
    """Return agents or queues by their Genesys ids in the order of their names, the chosen too."""
    named = {i: names.named(i, known) for i in {*ids, chosen} - {""}}
    return among(dict(sorted(named.items(), key=lambda n: (n[1].casefold(), n[0]))), chosen)


def channels(media_types: Iterable[str], chosen: str) -> tuple[Choice, ...]:
    """Return channels, the chosen one too."""
    wanted = sorted({*media_types, chosen} - {""})
    return among({media: media_name(media) for media in wanted}, chosen)
