"""From Common Events, found cases and passing time to orders. Whoever calls holds no lock yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from conversations.domain.events import HOLDS, Name
from conversations.models import CommonEvent, Conversation
from integrations.domain.delivery import Order, Told
from integrations.models import Destination, SalesforceHold, SalesforceLink
from integrations.outbox import announce, orders
from integrations.salesforce import holds, links, transport
from integrations.salesforce.form import plain
from integrations.salesforce.jobs import OWNER

# Conversations that are gone through in one transaction.
AT_ONCE: Final = 100


def hold_still(destination: Destination) -> None:
    """Lock a destination to the end of the transaction, before any of its rows.

    Outcomes are noted under the same lock: so nobody waits in a ring.
    """
    Destination.objects.select_for_update().get(pk=destination.pk)


def of_events(destination: Destination, told: Sequence[Told], *, now: datetime) -> list[Order]:
    """Return what is to be done because of events: holds, owners, and cases to look for."""
    hold_still(destination)
    names = {one.conversation_id for one in told}
    pks = dict(Conversation.objects.filter(genesys_id__in=names).values_list("genesys_id", "pk"))
    known = links.of(destination, pks.values(), now=now)
    found = [
        links.order(known[pks[one.conversation_id]], one.conversation_id, str(one.pk))
        for one in told
        if one.conversation_id in pks and not known[pks[one.conversation_id]].case_id
    ]
    held = {
        pks[one.conversation_id] for one in told if one.name in HOLDS and one.conversation_id in pks
    }
    found += _of_holds(destination, {pk: known[pk].case_id for pk in held}, now)
    for one in told:
        if _moves_owner(one) and one.conversation_id in pks:
            link = known[pks[one.conversation_id]]
            found += _of_owner(destination, one, link.case_id)
    return found


def of_case(link: SalesforceLink, *, now: datetime) -> int:
    """Order all that waited for a conversation's case; return how many deliveries wait.

    Of the agents who were connected the last one counts.
    """
    destination = link.destination
    cases = {link.conversation_id: link.case_id}
    found = holds.orders_of(holds.Around(destination, "", cases, now))
    if Name.AGENT_CONNECTED in destination.topics:
        for event in connections([link.conversation_id])[-1:]:
            found += _of_owner(destination, event, link.case_id)
    return orders.write(destination_id=destination.pk, orders=found, now=now)


def sweep(*, now: datetime) -> int:
    """Order what time alone has made due: holds whose figures stand, cases to be looked for.

    Returns how many deliveries wait because of it. Safe to run twice, and by several at once.
    """
    live = (Destination.Mode.SHADOW, Destination.Mode.LIVE)
    rows = Destination.objects.filter(kind="salesforce", mode__in=live, disabled_at=None)
    return sum(_sweep(row, now) for row in rows.order_by("pk"))


@transaction.atomic
def _sweep(destination: Destination, now: datetime) -> int:
    hold_still(destination)
    saves = over_budget(destination)
    due = SalesforceHold.objects.filter(destination=destination, due_at__lte=now)
    pks = list(due.order_by("due_at", "pk").values_list("conversation_id", flat=True)[:AT_ONCE])
    known = links.of(destination, pks, now=now) if pks else {}
    cases = {pk: known[pk].case_id for pk in pks}
    found = holds.refresh(holds.around(destination, cases, now=now, saves=saves)) if pks else []
    if destination.mode == Destination.Mode.LIVE and not saves:
        found += links.due(destination, now=now, limit=AT_ONCE)
    return orders.write(destination_id=destination.pk, orders=found, now=now)


def over_budget(destination: Destination) -> bool:
    """Tell whether so many API calls are used that what is not urgent waits."""
    settings = plain(destination.config)
    usage = transport.usage_note(settings.login_url, settings.client_id).get()
    return usage is not None and usage.percent >= settings.budget_percent


def _moves_owner(told: Told) -> bool:
    """Tell whether an agent has the customer now: one who is only consulted has not."""
    has_user = bool(told.about.get("userId"))
    return told.name == Name.AGENT_CONNECTED and has_user and not told.is_aside


def connections(pks: Iterable[int]) -> list[Told]:
    """Return how agents were connected in conversations, in order of time."""
    rows = CommonEvent.objects.filter(
        conversation__in=list(pks), name=Name.AGENT_CONNECTED, historic=False
    ).select_related("conversation")
    found = map(announce.told_of, rows.order_by("at", "pk"))
    return [one for one in found if _moves_owner(one)]


def _of_holds(destination: Destination, cases: dict[int, str], now: datetime) -> list[Order]:
    return holds.refresh(holds.around(destination, cases, now=now)) if cases else []


def _of_owner(destination: Destination, event: Told, case_id: str) -> list[Order]:
    if not case_id and destination.mode != Destination.Mode.SHADOW:
        return []
    payload = {
        "case": case_id,
        "event": event.key,
        "at": event.at.isoformat(),
        "user": event.about["userId"],
    }
    key = f"owner:{event.key}"
    return [Order(key, OWNER, event.conversation_id, payload, lane=case_id)]
