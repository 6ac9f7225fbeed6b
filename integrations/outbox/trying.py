"""Destinations as SLA knows them: by which ways somebody can be told, and how one is tried."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import uuid4

import msgspec

from conversations.domain.events import Name
from integrations import seal
from integrations.domain.delivery import Parcel
from integrations.models import Destination
from integrations.outbox import messages, registry, samples, secrets
from sla.ways import Provider, Way


def ways() -> Iterator[Way]:
    """Yield by which destinations somebody can be told, and what keeps one from it now."""
    for row in Destination.objects.order_by("name", "pk"):
        if not registry.takes(row, Name.SLA_ESCALATED):
            continue
        yield Way(row.pk, f"{row.name} ({registry.label_of(row.kind)})", _trouble(row))


def _trouble(row: Destination) -> str:
    if row.mode == Destination.Mode.OFF:
        return "it is off"
    if row.mode == Destination.Mode.SHADOW:
        return "it is in shadow mode, so nothing is sent"
    return f"it is stopped: {row.disabled_reason}" if row.disabled_at else ""


def try_out(pk: int, about: Mapping[str, str], now: datetime) -> str:
    """Send a made-up escalation by a destination, as about tells of it; say how that went."""
    row = Destination.objects.get(pk=pk)
    kind = registry.kind(row.kind)
    try:
        settings = kind.settings_of(row, secrets.of(row))
    except (msgspec.ValidationError, seal.SealBrokenError) as error:
        return f"{row.name}: its settings cannot be read: {error}"
    sample = samples.sample(Name.SLA_ESCALATED, test_id=f"test_{uuid4().hex}", now=now)
    named = sample.subject.replace(":rung:0", f":{about['rung']}")
    sample = msgspec.structs.replace(sample, subject=named)
    parcel = Parcel(
        pk=0,
        key=sample.id,
        topic=sample.name,
        conversation_id=sample.conversation_id,
        payload={"about": {**sample.more, **about}},
        version=1,
        attempts=1,
        in_doubt=False,
        remote_id="",
        fence=0,
        destination_id=row.pk,
    )
    outcome = kind.test(settings, messages.told_of(sample, parcel))
    how = "it got through" if outcome.got_through else f"{outcome.result}: {outcome.reason}"
    return f"{row.name}: {how}"


PROVIDER: Final = Provider(ways, try_out)
