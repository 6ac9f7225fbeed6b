"""The secrets of destinations: written, used to send, and never shown again."""

import json
from collections.abc import Mapping

from integrations import seal
from integrations.models import Destination


def of(destination: Destination) -> dict[str, str]:
    """Return a destination's secrets by their field's name.

    Raises SealBrokenError where no configured key opens them.
    """
    sealed = bytes(destination.sealed)
    found: dict[str, str] = json.loads(seal.unseal(sealed)) if sealed else {}
    return found


def names_of(destination: Destination) -> frozenset[str]:
    """Return which secrets a destination has; none where they cannot be opened any more."""
    try:
        return frozenset(of(destination))
    except seal.SealBrokenError:
        return frozenset()


def put(destination: Destination, given: Mapping[str, str]) -> None:
    """Set the secrets that are given, keep the others: the caller saves."""
    known = of(destination) if names_of(destination) else {}
    merged = {**known, **{name: value for name, value in given.items() if value}}
    destination.sealed = seal.seal(json.dumps(merged, sort_keys=True)) if merged else b""


def reseal() -> int:
    """Encrypt all secrets with the first of the configured keys; return of how many."""
    rows = list(Destination.objects.exclude(sealed=b"").order_by("pk"))
    for row in rows:
        sealed = seal.resealed(bytes(row.sealed))
        Destination.objects.filter(pk=row.pk).update(sealed=sealed)
    return len(rows)
