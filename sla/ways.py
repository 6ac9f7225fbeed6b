"""By which ways somebody can be told: whoever sends says so, as SLA knows nobody outside."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

# What is said of a destination that is no way, or no more.
GONE: Final = "gone, or tells nobody of escalations"


class Way(NamedTuple):
    """A way to tell somebody. trouble says why nothing would arrive by it now, or is ""."""

    pk: int
    name: str
    trouble: str = ""


class Provider(NamedTuple):
    """Whoever sends: which ways there are, and how one is tried.

    test takes a way's number, what the notice of a rung tells beside its clock, as the events of
    timers have it, and the instant; it sends a test and says in words how that went.
    """

    ways: Callable[[], Iterable[Way]]
    test: Callable[[int, Mapping[str, str], datetime], str] | None = None


_PROVIDERS: Final[list[Provider]] = []


def provide(provider: Provider) -> None:
    """Have somebody asked for ways, each time they are needed."""
    if provider not in _PROVIDERS:
        _PROVIDERS.append(provider)


def every() -> dict[int, Way]:
    """Return all ways there are, by their numbers."""
    return {way.pk: way for provider in _PROVIDERS for way in provider.ways()}


def send_test(pk: int | None, about: Mapping[str, str], *, now: datetime) -> str:
    """Send a test by a way, and say how that went."""
    if pk is None:
        return "it has no way of its own: test the destinations that are told of SLA events"
    for provider in _PROVIDERS:
        if provider.test and any(way.pk == pk for way in provider.ways()):
            return provider.test(pk, about, now)
    return f"destination {pk} is gone"
