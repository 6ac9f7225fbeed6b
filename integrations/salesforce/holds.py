"""Holds as rows of ours, brought to what reading and events imply, and what follows for Salesforce.

A row keeps the key that it got first. What the mirror no longer shows is withdrawn, never deleted:
its record in Salesforce may be in somebody's report.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from conversations import selectors
from conversations.models import Change, Conversation
from conversations.selectors import HeldNow
from handling.models import Interruption
from integrations.domain.delivery import Order
from integrations.models import Delivery, Destination, Organization, SalesforceHold
from integrations.salesforce.domain import matching
from integrations.salesforce.domain.matching import Hold
from integrations.salesforce.form import plain
from integrations.salesforce.jobs import RECORD, TASK

State = SalesforceHold.State
# A hold whose end no reading has shown yet is looked at again after this, at least.
LOOK_AGAIN: Final = timedelta(seconds=30)
_SHOWN: Final = ("session_id", "user_id", "media_type", "queue_id", "started_at", "ended_at")
_COLUMNS: Final = (*_SHOWN, "state", "interrupted", "due_at")


class Around(NamedTuple):
    """What a refreshing needs beside the conversations. saves: what is not urgent waits."""

    destination: Destination
    organization_id: str
    cases: Mapping[int, str]  # by the conversation's pk; "" is a case that is not known yet
    now: datetime
    saves: bool = False

    @property
    def final_after(self) -> timedelta:
        return timedelta(seconds=plain(self.destination.config).final_after_s)


def around(
    destination: Destination, cases: Mapping[int, str], *, now: datetime, saves: bool = False
) -> Around:
    """Return what a refreshing needs."""
    organization = Organization.objects.exclude(genesys_id="").order_by("pk").first()
    return Around(destination, organization.genesys_id if organization else "", cases, now, saves)


def refresh(here: Around) -> list[Order]:
    """Bring the holds of conversations to what the mirror implies; return what to order.

    The caller holds the destination's row. Orders are those of all their holds: what has not
    changed since it was ordered is not sent again.
    """
    rows = list(Conversation.objects.filter(pk__in=list(here.cases)).order_by("pk"))
    held = selectors.holds(rows)
    known = _known(here, [row.pk for row in rows])
    interruptions = _interruptions([row.pk for row in rows])
    derived = _underived([row.pk for row in rows])
    kept: list[tuple[Conversation, SalesforceHold]] = []
    for row in rows:
        mine = known.get(row.pk, [])
        for hold, now_is in _matched(here, row, held[row.pk], mine):
            _bring(here, hold, now_is, interruptions, waits=row.pk in derived)
            kept.append((row, hold))
    _write([hold for _, hold in kept])
    return list(_orders(here, kept))


def orders_of(here: Around) -> list[Order]:
    """Return what to order of the holds of conversations as they stand. The caller as refresh's."""
    rows = SalesforceHold.objects.filter(
        destination=here.destination, conversation__in=list(here.cases)
    ).select_related("conversation")
    return list(_orders(here, [(row.conversation, row) for row in rows.order_by("pk")]))


@transaction.atomic
def touch(*, user_id: str, start: datetime | None, end: datetime | None, now: datetime) -> int:
    """Have an agent's holds looked at again that lie in a window in which their work changed."""
    rows = SalesforceHold.objects.select_for_update().filter(user_id=user_id)
    if start is not None:
        rows = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=start))
    if end is not None:
        rows = rows.filter(started_at__lte=end)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    return SalesforceHold.objects.filter(pk__in=pks).update(due_at=now) if pks else 0


def _known(here: Around, pks: Sequence[int]) -> dict[int, list[SalesforceHold]]:
    rows = SalesforceHold.objects.select_for_update().filter(
        destination=here.destination, conversation__in=pks
    )
    found: dict[int, list[SalesforceHold]] = {}
    for row in rows.order_by("pk"):
        found.setdefault(row.conversation_id, []).append(row)
    return found


def _interruptions(pks: Sequence[int]) -> dict[tuple[int, str], list[Interruption]]:
    """Return what took the holds of conversations, by conversation and agent."""
    rows = Interruption.objects.filter(handling__conversation__in=pks)
    found: dict[tuple[int, str], list[Interruption]] = {}
    for row in rows.select_related("handling", "interrupter").order_by("started_at", "pk"):
        found.setdefault((row.handling.conversation_id, row.handling.user_id), []).append(row)
    return found


def _underived(pks: Sequence[int]) -> set[int]:
    """Return the conversations whose handle time follows a change only in a moment."""
    waiting = Change.objects.filter(conversation__in=pks)
    return set(waiting.values_list("conversation_id", flat=True))


def _matched(
    here: Around, row: Conversation, held: Sequence[HeldNow], known: Sequence[SalesforceHold]
) -> Iterator[tuple[SalesforceHold, HeldNow | None]]:
    """Yield each hold's row with what the mirror shows of it now; None: nothing any more."""
    found = [Hold(one.session_id, one.started_at, one.ended_at) for one in held]
    stored = [Hold(one.session_id, one.started_at, one.ended_at) for one in known]
    matched = matching.match(found, stored)
    for i, j in matched.pairs:
        yield known[j], held[i]
    for j in matched.gone:
        yield known[j], None
    for i in matched.new:
        if _concerns(here.destination, held[i]):
            key = matching.key(here.organization_id, row.genesys_id, found[i])
            yield SalesforceHold(destination=here.destination, conversation=row, key=key), held[i]


def _concerns(destination: Destination, held: HeldNow) -> bool:
    queues, media = destination.queue_ids, destination.media_types
    return (not queues or held.queue_id in queues) and (not media or held.media_type in media)


def _bring(
    here: Around,
    hold: SalesforceHold,
    shown: HeldNow | None,
    interruptions: Mapping[tuple[int, str], Sequence[Interruption]],
    *,
    waits: bool,
) -> None:
    """Make a row say what is shown. waits: its handle time is computed in a moment."""
    hold.due_at = None
    if shown is None:
        hold.state, hold.ended_at, hold.interrupted = State.WITHDRAWN, hold.started_at, []
        return
    for name in _SHOWN:
        setattr(hold, name, getattr(shown, name))
    mine = interruptions.get((hold.conversation_id, hold.user_id), ())
    hold.interrupted = _interrupted(hold, mine) if hold.ended_at else []
    hold.state, hold.due_at = _state(here, hold, settled=shown.settled and not waits)


def _state(
    here: Around, hold: SalesforceHold, *, settled: bool
) -> tuple[SalesforceHold.State, datetime | None]:
    """Return where a hold stands, and when that is to be looked at again."""
    if hold.ended_at is None:
        return State.OPEN, None
    final_at = hold.ended_at + here.final_after
    if here.now < final_at:
        return State.ENDED, final_at
    # What was final stays so while it is over: a correction is told as one, not as a step back.
    if hold.state == State.FINAL or (settled and not here.saves):
        return State.FINAL, None
    # The longer it has waited, the longer it may wait still.
    return State.ENDED, here.now + max(LOOK_AGAIN, here.now - final_at)


def _interrupted(hold: SalesforceHold, mine: Sequence[Interruption]) -> list[list[Any]]:
    """Return the conversations that took time of a hold, and the seconds of each, in order."""
    parts: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in mine:
        parts.setdefault(one.interrupter.genesys_id, []).append((one.started_at, one.ended_at))
    whole = Hold(hold.session_id, hold.started_at, hold.ended_at)
    found = ((name, matching.seconds_within(whole, some)) for name, some in parts.items())
    return [[name, seconds] for name, seconds in found if seconds > 0]


def _write(holds: Collection[SalesforceHold]) -> None:
    known = [hold for hold in holds if hold.pk]
    SalesforceHold.objects.bulk_create([hold for hold in holds if not hold.pk])
    SalesforceHold.objects.bulk_update(known, _COLUMNS)


def _orders(here: Around, kept: Sequence[tuple[Conversation, SalesforceHold]]) -> Iterator[Order]:
    told = _told(here.destination, [hold for _, hold in kept])
    tasks = plain(here.destination.config).write_tasks
    for row, hold in kept:
        case_id = here.cases[row.pk]
        if not case_id and here.destination.mode != Destination.Mode.SHADOW:
            continue
        gone = hold.state == State.WITHDRAWN
        payload = {"case": case_id, **_payload(hold)}
        if not gone or f"hold:{hold.key}" in told:
            yield Order(
                f"hold:{hold.key}", RECORD, row.genesys_id, payload, lane=case_id, again=True
            )
        is_final = hold.state == State.FINAL and tasks
        if is_final or (gone and f"task:{hold.key}" in told):
            lane = f"later:{case_id}"  # what waits for the API budget holds back nothing urgent
            yield Order(f"task:{hold.key}", TASK, row.genesys_id, payload, lane=lane, again=True)


def _told(destination: Destination, holds: Sequence[SalesforceHold]) -> set[str]:
    """Return the keys of withdrawn holds that Salesforce was, or is to be, told of."""
    keys = [hold.key for hold in holds if hold.state == State.WITHDRAWN]
    wanted = [f"{prefix}:{key}" for key in keys for prefix in ("hold", "task")]
    rows = Delivery.objects.filter(destination=destination, key__in=wanted)
    return set(rows.values_list("key", flat=True))


def _payload(hold: SalesforceHold) -> dict[str, Any]:
    return {
        "key": hold.key,
        "session": hold.session_id,
        "user": hold.user_id,
        "media": hold.media_type,
        "queue": hold.queue_id,
        "started": hold.started_at.isoformat(),
        "ended": hold.ended_at.isoformat() if hold.ended_at else None,
        "state": str(hold.state),
        "interrupted": hold.interrupted,
    }
