"""Workers, readers and pollers that meet at the same conversations wait, but never in a ring."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest
from django.db import OperationalError, connection, transaction

from chrono.instants import isoformat
from conversations import services
from conversations.models import Conversation
from integrations.genesys import counters, meaning, reading, unread
from integrations.genesys.snapshots import Written
from tests.documents import at, conversation, participant, segment, session
from tests.heard import heard, snapshot

pytestmark = pytest.mark.django_db(transaction=True)
IDS = [f"c{n}" for n in range(12)]
ROUNDS = 25
NOW = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


def _reading(name: str, minute: int) -> object:
    agent = session(f"s-{name}", segment("alert", 1))
    mail = session(f"t-{name}", segment("interact", 0, minute), mediaType="email")
    return snapshot(
        conversation(
            name,
            participant(f"q-{name}", "customer", mail),
            participant(f"p-{name}", "agent", agent, userId="u1"),
        ),
        at(minute),
    )


def _events(chance: Random) -> None:
    told = []
    for name in chance.sample(IDS, 6):
        body = {
            "conversationId": name,
            "sessionId": f"s-{name}",
            "currentState": "INTERACT",
            "currentStateStart": isoformat(at(chance.choice((1.5, 2)))),
        } | chance.choice(({}, {"queueId": "q"}, {"mediaType": "email", "userId": "u1"}))
        told.append(heard("v2.detail.events.agent.u1.state", body))
    meaning.take(told, now=NOW)


def _polls(chance: Random) -> None:
    names = chance.sample(IDS, 6)
    some = [_reading(name, chance.randrange(10, 9_000)) for name in names]
    with transaction.atomic():
        services.record(snapshots=some, now=NOW)  # type: ignore[arg-type]
        unread.note(names)


def _counts(chance: Random) -> None:
    some = chance.sample(IDS, 8)
    counters.note_written(
        written={one: Written(frozenset(), chance.randrange(10**6)) for one in some}, now=NOW
    )


def _notes(chance: Random) -> None:
    pks = list(Conversation.objects.values_list("pk", flat=True))
    chance.shuffle(pks)
    reading.note_readings(pks[:8], at=NOW)


def test_nobody_waits_in_a_ring() -> None:
    services.record(snapshots=[_reading(name, 5) for name in IDS], now=NOW)  # type: ignore[misc]
    rings: list[str] = []

    def work(step: Callable[[Random], None], seed: int) -> None:
        chance = Random(seed)
        try:
            for _ in range(ROUNDS):
                try:
                    step(chance)
                except OperationalError as error:
                    rings.append(f"{step.__name__}: {error}"[:300])
        finally:
            connection.close()

    steps = (_events, _events, _polls, _polls, _counts, _notes, _notes)
    threads = [threading.Thread(target=work, args=(s, n)) for n, s in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rings == []
