"""What a simulated centre knows, held against the mirror row for row."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from chrono.instants import to_ms
from conversations import selectors
from conversations.domain import facts
from conversations.models import Message
from simulator.world.records import Conversation

Told = dict[str, Any]
# Who wrote is read elsewhere and stands in rows of its own; why a session was held is computed.
ELSEWHERE: Final = frozenset({"messages", "last_writer", "last_written_at", "holds"})
# What only asynchronous jobs tell.
ATTRIBUTES: Final = frozenset({"attributes"})
SENDERS: Final = {
    "customer": "customer",
    "agent": "agent",
    "bot": "automatic",
    "auto_reply": "automatic",
}


def mirrored(truth: Told) -> dict[str, facts.Conversation]:
    """Return the conversations of a truth as the mirror has them; none may lack."""
    mirror = {c.genesys_id: c for c in selectors.conversation_facts(list(truth))}
    assert mirror.keys() == truth.keys()
    return mirror


def assert_same(fact: facts.Conversation, told: Told, *, besides: Collection[str]) -> None:
    """Hold one conversation against its truth, all below it included."""
    left_out = ELSEWHERE | set(besides)
    assert _shown(fact, told, left_out) == _kept(told, left_out)


def written() -> set[tuple[str, int, str, str]]:
    """Return who wrote what when, as the mirror has it."""
    rows = Message.objects.values_list("genesys_id", "sent_at", "sender", "user_id")
    return {(genesys_id, to_ms(at), sender, user_id) for genesys_id, at, sender, user_id in rows}


def said(known: Iterable[Conversation], truth: Told) -> set[tuple[str, int, str, str]]:
    """Return the same as it should be: a customer's out-of-office mail is automatic."""
    machines = {c.messages[0].id for c in known if c.auto_generated}
    return {
        (message["genesys_id"], message["at"], *_sender(message, machines))
        for told in truth.values()
        for message in told["messages"]
        if message["sender"] != "draft"
    }


def _sender(message: Told, machines: Collection[str]) -> tuple[str, str]:
    if message["genesys_id"] in machines:
        return "automatic", ""
    return SENDERS[message["sender"]], message["user_id"]


def _kept(told: Any, left_out: Collection[str]) -> Any:
    if isinstance(told, list):
        return [_kept(one, left_out) for one in told]
    if isinstance(told, dict):
        return {k: _kept(v, left_out) for k, v in told.items() if k not in left_out}
    return told


def _shown(fact: Any, told: Any, left_out: Collection[str]) -> Any:
    """Show a fact of the mirror in the shape in which the truth is told."""
    if isinstance(fact, datetime):
        return to_ms(fact)
    if isinstance(told, list):
        return [_shown(f, t, left_out) for f, t in zip_longest(fact, told)]
    if isinstance(told, dict):
        if isinstance(fact, str):  # attributes: a JSON text in the facts
            return json.loads(fact)
        kept = [name for name in told if name not in left_out]
        return {name: _shown(getattr(fact, name, ...), told[name], left_out) for name in kept}
    return fact
