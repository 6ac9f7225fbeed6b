"""The token that data actions send: made here, put into Genesys Cloud, kept nowhere else.

A credential cannot be read back. Its name ends in the first digits of the token's digest, so it can
be told whether what Genesys has is a key that we accept.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from integrations.errors import IntegrationError
from integrations.genesys.setup import names
from integrations.genesys.setup.steps import Found, Kind, Step
from integrations.inbox import sources
from integrations.models import Source, SourceKey

PATH: Final = "/api/v2/integrations/credentials"
DIGITS: Final = 12


class Credential(msgspec.Struct):
    """A credential, as it is listed."""

    id: str
    name: str = ""


class Made(msgspec.Struct):
    """What was written."""

    id: str


def credential(found: Found) -> Iterator[Step]:
    """Look at the credential, and whether its token is one of ours that stays valid."""
    known = find(found)
    what = f'credential "{names.CREDENTIAL}"'
    if known is None:
        yield Step(Kind.CREATE, what, "with a new token of our own", lambda: _write(found, None))
        return
    found.credential_id = known.id
    if _key_of(known, now=found.client.clock()):
        yield Step(Kind.EXISTS, what)
    else:
        why = "its token is not, or no longer, one that we accept: a new one is made"
        yield Step(Kind.CHANGE, what, why, lambda: _write(found, known))


def find(found: Found) -> Credential | None:
    listed = found.client.entities(PATH, Credential)
    return next((each for each in listed if each.name.startswith(names.CREDENTIAL)), None)


def is_in_use(*, now: datetime) -> bool:
    """Tell whether our source would accept anything."""
    source = Source.objects.filter(name=names.SOURCE, active=True).first()
    return source is not None and bool(sources.valid_keys(source_id=source.pk, now=now))


def retire(*, now: datetime) -> None:
    """Switch our source off and end its keys."""
    for source in Source.objects.filter(name=names.SOURCE).order_by("pk"):
        for key in sources.valid_keys(source_id=source.pk, now=now):
            sources.revoke(key_id=key.pk, now=now)
        Source.objects.filter(pk=source.pk).update(active=False)


def _key_of(known: Credential, *, now: datetime) -> SourceKey | None:
    """Return the key that a credential holds, if we accept it for good."""
    mark = known.name.removeprefix(names.CREDENTIAL).strip()
    source = Source.objects.filter(name=names.SOURCE, active=True).first()
    if source is None or len(mark) != DIGITS:
        return None
    keys = sources.valid_keys(source_id=source.pk, now=now)
    return next((k for k in keys if k.digest.startswith(mark) and k.expires_at is None), None)


def _write(found: Found, known: Credential | None) -> None:
    now = found.client.clock()
    source, _ = Source.objects.get_or_create(
        name=names.SOURCE, defaults={"kind": Source.Kind.GENESYS, "created_at": now}
    )
    Source.objects.filter(pk=source.pk).update(active=True)
    _forget_strays(source, known)
    _handed_over(source, now, lambda token: _put(found, known, token))


def _put(found: Found, known: Credential | None, token: str) -> None:
    body = {
        "name": f"{names.CREDENTIAL} {sources.digest_of(token).hex()[:DIGITS]}",
        "type": {"name": names.CREDENTIAL_TYPE},
        "credentialFields": {names.TOKEN_FIELD: token},
    }
    if known is None:
        found.credential_id = found.client.change("POST", PATH, body).decode(Made).id
    else:
        found.client.change("PUT", f"{PATH}/{known.id}", body | {"id": known.id})


def _forget_strays(source: Source, known: Credential | None) -> None:
    """Delete newer keys than the one that Genesys has: a run that died has made them for nobody."""
    mark = known.name.removeprefix(names.CREDENTIAL).strip() if known else ""
    used = source.keys.filter(digest__startswith=mark).first() if len(mark) == DIGITS else None
    if used:
        source.keys.filter(pk__gt=used.pk).delete()


def _handed_over(source: Source, now: datetime, put: Callable[[str], None]) -> None:
    """Make a key and hand it over; where that is refused, all is as before."""
    before = list(source.keys.values_list("pk", "expires_at"))
    token = sources.new_key(source_id=source.pk, now=now)
    try:
        put(token)
    except IntegrationError:
        source.keys.filter(digest=sources.digest_of(token).hex()).delete()
        for pk, expires_at in before:
            SourceKey.objects.filter(pk=pk).update(expires_at=expires_at)
        sources.KEYS.forget()
        raise
