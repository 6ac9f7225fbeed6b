"""A press of "Acknowledge" in Slack: whose it is, and what is written down because of it."""

import logging
import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

import msgspec
from django.db import transaction

from integrations import seal
from integrations.domain.delivery import Order
from integrations.models import Acknowledgement, Delivery, Destination
from integrations.outbox import alerts, orders, secrets
from integrations.outbox.wording import one_line
from integrations.slack import signatures
from integrations.slack.blocks import ACKNOWLEDGE

logger = logging.getLogger(__name__)

KIND: Final = "slack"
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_ID: Final = re.compile(r"[A-Za-z0-9.]{1,100}", re.ASCII)


class _User(msgspec.Struct):
    id: str
    name: str = ""
    username: str = ""


class _Action(msgspec.Struct):
    action_id: str = ""
    value: str = ""


class _Container(msgspec.Struct):
    channel_id: str = ""
    message_ts: str = ""


class _Payload(msgspec.Struct):
    type: str
    user: _User | None = None
    container: _Container = msgspec.field(default_factory=_Container)
    actions: list[_Action] = msgspec.field(default_factory=list)


class Press(NamedTuple):
    """Somebody has pressed the button of a delivery's message."""

    delivery: int
    user_id: str
    user_name: str
    channel: str
    ts: str


def signers(timestamp: str, signature: str, body: bytes) -> set[int]:
    """Return the destinations whose app has signed this; several may share an app."""
    found = set()
    for row in Destination.objects.filter(kind=KIND).exclude(sealed=b""):
        try:
            secret = secrets.of(row).get("signing_secret", "")
        except seal.SealBrokenError:
            continue
        if secret and signatures.is_genuine(secret, timestamp, body, signature):
            found.add(row.pk)
    return found


def press_of(body: bytes) -> Press | None:
    """Return the press that a form tells of; None for whatever else Slack sends, or a test's."""
    payload = _payload(body)
    if payload is None or payload.type != "block_actions" or payload.user is None:
        return None
    pressed = [one.value for one in payload.actions if one.action_id == ACKNOWLEDGE]
    told, place = "".join(pressed), payload.container
    ids = (payload.user.id, place.channel_id, place.message_ts)
    if not _NUMBER.fullmatch(told) or not all(_ID.fullmatch(one) for one in ids):
        return None
    name = one_line(payload.user.name or payload.user.username)
    return Press(int(told), payload.user.id, name, place.channel_id, place.message_ts)


def _payload(body: bytes) -> _Payload | None:
    try:
        told = parse_qs(body.decode(), max_num_fields=5).get("payload", [""])[0]
        return msgspec.json.decode(told, type=_Payload)
    except (ValueError, msgspec.MsgspecError):
        return None


@transaction.atomic
def record(press: Press, destinations: Collection[int], *, now: datetime) -> bool:
    """Write down who acknowledged, and order that the message says so; only the first counts."""
    rows = Delivery.objects.filter(pk=press.delivery, destination__in=destinations)
    row = rows.first()
    if row is None:
        return False
    who: dict[str, Any] = {"user_id": press.user_id, "user_name": press.user_name, "at": now}
    _, is_first = Acknowledgement.objects.get_or_create(delivery=row, defaults=who)
    if is_first:
        alerts.acknowledged(row, by=press.user_name or press.user_id, at=now)
        order = _change(row, press)
        orders.write(destination_id=row.destination_id, orders=[order], now=now)
        logger.info("slack.acknowledged", extra={"delivery": row.pk})
    return is_first


def _change(row: Delivery, press: Press) -> Order:
    """Return the order to change a message: names are looked up when it is sent."""
    more = {"of": row.pk, "channel": press.channel, "ts": press.ts}
    return Order(
        key=f"acknowledged:{row.pk}",
        topic=row.topic,
        conversation_id=row.conversation_id,
        payload={**row.payload, "more": more},
    )
