"""Which case a conversation belongs to: what is known, what is looked for, and when again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from conversations.models import Conversation, Participant
from integrations.domain.delivery import Order
from integrations.models import Destination, SalesforceLink
from integrations.salesforce.domain import ids, linking
from integrations.salesforce.form import Settings, names, plain
from integrations.salesforce.jobs import LINK, LinkJob

# When it is looked again, after the first time: people often make the case later.
PAUSES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (30, 120, 600, 1800, 2 * 3600, 6 * 3600, 24 * 3600, 48 * 3600)
)
_LONGEST_MESSAGE_ID: Final = 250


def of(destination: Destination, pks: Iterable[int], *, now: datetime) -> dict[int, SalesforceLink]:
    """Return the links of conversations by their pk; those that are new have no case yet."""
    wanted = set(pks)
    rows = SalesforceLink.objects.filter(destination=destination, conversation__in=wanted)
    known = {row.conversation_id: row for row in rows}
    if lacking := wanted - known.keys():
        made = [
            SalesforceLink(destination=destination, conversation_id=pk, next_at=now + PAUSES[0])
            for pk in sorted(lacking)
        ]
        SalesforceLink.objects.bulk_create(made, ignore_conflicts=True)
        known = {row.conversation_id: row for row in rows.all()}
    return known


def order(link: SalesforceLink, genesys_id: str, cause: str) -> Order:
    """Order that a case is looked for, once for each cause."""
    payload = {"try": link.tries, "cause": cause}
    return Order(f"link:{genesys_id}", LINK, genesys_id, payload, lane="", again=True)


def due(destination: Destination, *, now: datetime, limit: int) -> list[Order]:
    """Return orders to look again where it is time; the caller writes them down."""
    rows = SalesforceLink.objects.filter(
        destination=destination, case_id="", next_at__lte=now
    ).select_related("conversation")
    found = []
    for row in rows.order_by("next_at", "pk")[:limit]:
        row.tries += 1
        row.next_at = now + PAUSES[row.tries] if row.tries < len(PAUSES) else None
        row.save(update_fields=["tries", "next_at"])
        found.append(order(row, row.conversation.genesys_id, "again"))
    return found


def keep(link: SalesforceLink, found: linking.Found, *, now: datetime) -> bool:
    """Note what a look came to; return whether there is a case now. One set by hand stays."""
    if link.case_id:
        return False
    link.reason = found.reason
    if found.case_id:
        link.case_id, link.how, link.found_at, link.next_at = found.case_id, found.how, now, None
    link.save(update_fields=["case_id", "how", "found_at", "next_at", "reason"])
    return bool(found.case_id)


def jobs(destination: Destination, genesys_ids: Sequence[str]) -> dict[str, LinkJob]:
    """Return what is to be looked for, by conversation."""
    rows = Conversation.objects.filter(genesys_id__in=genesys_ids)
    known = {row.genesys_id: row for row in rows}
    attributes = _attributes([row.pk for row in known.values()])
    settings = plain(destination.config)
    found = {}
    for genesys_id in genesys_ids:
        row = known.get(genesys_id)
        told = attributes.get(row.pk, {}) if row else {}
        tag = row.external_tag if row and settings.external_tag else ""
        found[genesys_id] = _job(genesys_id, told, tag, settings)
    return found


def _job(genesys_id: str, told: Mapping[str, list[str]], tag: str, settings: Settings) -> LinkJob:
    by_attribute = linking.named(_values(told, settings.attributes))
    by_tag = linking.named([tag])
    message_ids = _values(told, settings.message_id_attributes)
    return LinkJob(
        conversation_id=genesys_id,
        attribute_ids=by_attribute.ids,
        attribute_numbers=by_attribute.numbers,
        tag_ids=by_tag.ids,
        tag_numbers=by_tag.numbers,
        message_ids=tuple(one for one in message_ids if len(one) <= _LONGEST_MESSAGE_ID),
    )


def _values(told: Mapping[str, list[str]], wanted: str) -> list[str]:
    return [value for name in names(wanted) for value in told.get(name.casefold(), ())]


def _attributes(pks: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    """Return the participants' attributes of conversations; names in small letters."""
    found: dict[int, dict[str, list[str]]] = {}
    rows = Participant.objects.filter(conversation__in=pks).exclude(attributes={})
    for pk, attributes in rows.order_by("pk").values_list("conversation_id", "attributes"):
        mine = found.setdefault(pk, {})
        for name, value in attributes.items():
            mine.setdefault(str(name).casefold(), []).append(str(value).strip())
    return found


def set_by_hand(link: SalesforceLink, given: str, *, now: datetime) -> None:
    """Set a conversation's case as an administrator says, or take it away.

    Raises ValueError where it is no id of a case.
    """
    case_id = ids.full(given, ids.CASE_PREFIX) if given.strip() else ""
    if case_id is None:
        raise ValueError("this is no id of a case: 15 or 18 letters and digits that begin with 500")
    how = SalesforceLink.How.HAND if case_id else ""
    link.case_id, link.how, link.found_at = case_id, how, now if case_id else None
    link.next_at, link.tries, link.reason = (None if case_id else now), 0, ""
    link.save(update_fields=["case_id", "how", "found_at", "next_at", "tries", "reason"])


def unlinked(destination: Destination) -> int:
    """Return of how many conversations the case is not known."""
    return SalesforceLink.objects.filter(destination=destination, case_id="").count()
