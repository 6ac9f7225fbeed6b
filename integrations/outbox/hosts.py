"""Whether an address in a form is one of those that a kind of destination has.

It is a first look, to tell whoever pasted the wrong thing. Where a message may go is decided when
it is sent: integrations.outbound.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.forms import ValidationError

from integrations.domain import addresses


def check(url: str, *, ours: Iterable[str], hint: str) -> None:
    """Raise ValidationError, with the hint, unless the URL's host is, or is below, one of ours.

    An address (not a name) that DCM_OUTBOUND_ALLOW holds is taken too, by plain HTTP as well: a
    relay inside, or a trial.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if _is_admitted(host):
        return
    if not is_one_of(url, ours):
        raise ValidationError(f"This is another address: {hint}.")
    if parts.scheme != "https":
        raise ValidationError("It must begin with https://.")


def is_one_of(url: str, hosts: Iterable[str]) -> bool:
    """Tell whether a URL's host is, or is below, one of some hosts."""
    host = (urlsplit(url).hostname or "").lower()
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def _is_admitted(host: str) -> bool:
    try:
        return addresses.is_allowed(host, settings.OUTBOUND_ALLOW)
    except ValueError:
        return False
