"""Kinds whose every message is one POST, to an address that somebody has written into a form."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests  # noqa: TID251 - the type of a session
from django import forms

from integrations import outbound
from integrations.domain.delivery import Outcome
from integrations.outbound import Reply
from integrations.outbox import replies
from integrations.outbox.kinds import Kind, Letter, S


class AddressField(forms.CharField):
    """An address to POST to: https, or http inside the networks that DCM_OUTBOUND_ALLOW names."""

    widget = forms.URLInput

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 2_000, **options})

    def clean(self, value: Any) -> str:
        address = str(super().clean(value))
        if address and (reason := _wrong_with(address)):
            raise forms.ValidationError(reason)
        return address


def _wrong_with(address: str) -> str:
    """Return why nothing is sent to an address; "" where nothing can be seen against it."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"https", "http"} or not address.isprintable():
        return "Enter a valid URL, whole, as https://example.org/hook."
    if "@" in parts.netloc:
        return "Leave user name and password out of the address: they would be seen in it."
    if parts.fragment or " " in address:
        return "Leave out the blank, or what follows #."
    return _forbidden(host, tls=parts.scheme == "https")


def _forbidden(host: str, *, tls: bool) -> str:
    try:
        outbound.foresee(host, tls=tls)
    except outbound.ForbiddenAddressError as error:
        return f"{error}."
    return ""


class Posting(Kind[S]):
    """A kind that POSTs what it renders. Each try carries the delivery's id in webhook-id."""

    @abstractmethod
    def address(self, settings: S) -> str:
        """Return where to POST."""

    def headers(self, settings: S, letter: Letter, body: bytes) -> Mapping[str, str]:
        """Return what else stands in the head, secrets included."""
        return {}

    def read(self, reply: Reply) -> Outcome:
        """Return what an answer means."""
        return replies.of(reply)

    def send(self, settings: S, letters: Sequence[Letter]) -> Sequence[Outcome]:
        return [self.post(settings, letter) for letter in letters]

    def post(self, settings: S, letter: Letter) -> Outcome:
        """Send one letter."""
        body = letter.rendered.body.encode()
        headers = {
            **letter.rendered.headers,
            **self.headers(settings, letter, body),
            "Content-Type": letter.rendered.content_type,
            "webhook-id": letter.message.id,
        }
        address = self.address(settings)
        return replies.outcome(lambda: outbound.post(_session(), address, body, headers), self.read)


@cache
def _session() -> requests.Session:
    """Return the connections of this process."""
    return outbound.session()
