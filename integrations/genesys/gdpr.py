"""Erasure requests that were made in Genesys Cloud: whoever is deleted there is forgotten here."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from chrono import instants
from conversations.domain.personal import Identifier, Kind, identifier
from integrations import watermarks
from integrations.erasure import requests
from integrations.genesys.client import Client
from integrations.models import ErasureRequest
from integrations.watermarks import Told, quiet

MIRROR: Final = "genesys.mirror_erasures"
PATH: Final = "/api/v2/gdpr/requests"
DELETE: Final = "GDPR_DELETE"


class Wire(msgspec.Struct, rename="camel"):
    """A shape of Genesys's JSON: every key but a request's id may be absent or null."""


class Ref(Wire):
    id: str | None = None


class Handle(Wire):
    value: str | None = None


class Subject(Wire):
    """Who is meant. A name alone identifies nobody: others bear it too."""

    user_id: str | None = None
    external_contact_id: str | None = None
    external_id: str | None = None
    dialer_contact_id: Ref | None = None
    journey_customer: Ref | None = None
    social_handle: Handle | None = None
    addresses: list[str | None] | None = None
    phone_numbers: list[str | None] | None = None
    email_addresses: list[str | None] | None = None

    def identifiers(self) -> set[Identifier]:
        """Return what identifies this person, in normal form."""
        told = ((kind, text) for kind, text in self._told() if text)
        return {one for kind, text in told if (one := identifier(kind, text))}

    def _told(self) -> Iterator[tuple[Kind, str | None]]:
        yield Kind.USER, self.user_id
        yield Kind.EXTERNAL_CONTACT, self.external_contact_id
        yield Kind.OTHER, self.external_id
        for ref in (self.dialer_contact_id, self.journey_customer):
            yield Kind.OTHER, ref.id if ref else None
        yield Kind.OTHER, self.social_handle.value if self.social_handle else None
        for text in self.addresses or ():
            yield Kind.OTHER, text
        for text in self.email_addresses or ():
            yield Kind.EMAIL, text
        for text in self.phone_numbers or ():
            yield Kind.PHONE, text


class Request(Wire):
    id: str
    request_type: str | None = None
    created_date: str | None = None
    subject: Subject | None = None

    def person(self, now: datetime) -> requests.Person:
        """Return who is to be forgotten, as of the instant at which Genesys says it was asked.

        Where createdDate is absent or no instant, it is `now`: nobody can have asked later.
        """
        identifiers = self.subject.identifiers() if self.subject else set()
        asked_at = _instant(self.created_date) or now
        return requests.Person(frozenset(identifiers), asked_at, self.id)


class Mirrored(NamedTuple):
    """What a run did: deletions that Genesys lists, those that were new here, rows stripped."""

    listed: int = 0
    erased: int = 0
    rows: int = 0

    def __str__(self) -> str:
        return f"{self.listed} deletions listed, {self.erased} new, {self.rows} rows stripped"


def mirror_erasures(*, client: Client, now: datetime, tell: Told = quiet) -> Mirrored:
    """Forget whom Genesys Cloud was asked to delete since the last run, whatever it has done yet.

    Sweeps up what came late of those who were erased before. Raises RoadBusyError while another run
    is going on, PermissionMissingError without gdpr:request:view, TemporaryError.
    """
    with watermarks.run(MIRROR, clock=client.clock) as run:
        listed = [one for one in client.entities(PATH, Request) if one.request_type == DELETE]
        finished = _finished()
        news = [one.person(now) for one in listed if one.id not in finished]
        erased = requests.erase(persons=news, now=now)
        requests.sweep(now=now)
        done = Mirrored(len(listed), len(erased), sum(request.rows for request in erased))
        run.advance(now)
        run.detail = str(done)
    tell(str(done))
    return done


def _finished() -> frozenset[str]:
    """Return the ids of the requests that need no more work."""
    rows = ErasureRequest.objects.exclude(genesys_id=None).exclude(erased_at=None)
    return frozenset(filter(None, rows.values_list("genesys_id", flat=True)))


def _instant(text: str | None) -> datetime | None:
    try:
        return instants.parse(text) if text else None
    except ValueError:
        return None
