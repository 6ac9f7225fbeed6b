"""What events of Genesys mean: news that they prove is recorded, and conversations are re-read."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from celery import current_app
from django.db import transaction

from chrono import instants
from conversations import live, presence, routing
from integrations.domain.events import Heard
from integrations.genesys import addresses, answering, counters, orders, proofs
from integrations.genesys.orders import Order
from integrations.genesys.proofs import Proof
from integrations.genesys.snapshots import Written
from integrations.genesys.wanted import WAKE_UP
from integrations.inbox.wakeup import EXPIRES_S, WakeUp

logger = logging.getLogger(__name__)


def _publish_poll() -> None:
    current_app.send_task(
        "integrations.genesys.poll", expires=EXPIRES_S, retry=False, ignore_result=True
    )


# A conversation that is named by its address alone and is not known yet: polling finds it.
POLL: Final = WakeUp(_publish_poll, pause_s=5.0)


# What lies further ahead than clocks differ is damage: it would stand for a proof until it came.
AHEAD: Final = timedelta(minutes=5)


def take(heard: Sequence[Heard], *, now: datetime) -> None:
    """Record what events prove, and order the conversations that they tell of to be read again.

    Raises MalformedPayloadError where the body of one cannot be read: then nothing is written.
    """
    found = [_credible(proofs.of(one), now + AHEAD) for one in heard]
    connected = answering.take([proof.rung for proof in found if proof.rung], now=now)
    news = [one for proof in found for one in proof.news]
    live.record_news(news=[*news, *connected], now=now)
    routing.record_routing(told=[one.routed for one in found if one.routed], now=now)
    presence.record_live(told=[one for proof in found for one in proof.presence], now=now)
    counters.note_written(written=_written(found), moved=_moved(found), now=now)
    wanted = [order for proof in found for order in _orders(proof, now)]
    if wanted and orders.want(orders=wanted, now=now):
        transaction.on_commit(WAKE_UP.tell)


def _credible(proof: Proof, latest: datetime) -> Proof:
    """Return a proof without what it says of a time to come; the conversation is read anyway."""
    news = tuple(one for one in proof.news if one.since <= latest)
    told = tuple(one for one in proof.presence if one.since <= latest)
    routed = proof.routed if proof.routed and proof.routed.at <= latest else None
    if (news, told, routed) == (proof.news, proof.presence, proof.routed):
        return proof
    logger.warning("genesys.event_lies_ahead", extra={"topic": proof.event.topic})
    latest_ms = instants.to_ms(latest)
    expects = tuple(one for one in proof.expects if one.since <= latest_ms)
    rung = proof.rung if proof.rung and proof.rung.news in news else None
    return proof._replace(news=news, presence=told, expects=expects, rung=rung, routed=routed)


def _written(found: Iterable[Proof]) -> dict[str, Written]:
    """Return what each conversation's snapshots tell together."""
    told: dict[str, Written] = {}
    for one in found:
        if one.written:
            known = told.get(one.event.conversation_id, Written(frozenset(), 0))
            ids, sent = one.written
            told[one.event.conversation_id] = Written(known.ids | ids, max(known.sent, sent))
    return told


def _moved(found: Iterable[Proof]) -> set[str]:
    return {one.event.conversation_id for one in found if one.moved}


def _orders(proof: Proof, now: datetime) -> list[Order]:
    if proof.event.conversation_id:
        return [Order(proof.event.conversation_id, proof.expects)]
    if not proof.address:
        return []
    candidates = addresses.conversations_of(proof.address, now=now)
    if not candidates:
        logger.warning("genesys.address_unknown", extra={"topic": proof.event.topic})
        transaction.on_commit(POLL.tell)
    return [Order(genesys_id) for genesys_id in candidates]
