"""What docs/webhooks-out.md shows, held to what is sent."""

import json
import re
import time
from pathlib import Path
from typing import Any

import msgspec

from conversations.domain.events import Name
from integrations.cognigy.kind import Cognigy
from integrations.cognigy.kind import Settings as OfCognigy
from integrations.domain.delivery import PAUSES
from integrations.lynn.kind import Lynn
from integrations.lynn.kind import Settings as OfLynn
from integrations.outbox.messages import Message
from integrations.webhooks import bodies
from integrations.webhooks.kind import Settings, signed
from integrations.webhooks.secret import fresh

GUIDE = (Path(__file__).parents[3] / "docs/webhooks-out.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def message(told: dict[str, Any]) -> Message:
    """Return the message that says what the documented body says."""
    data = {re.sub("([A-Z])", r"_\1", name).lower(): told["data"][name] for name in told["data"]}
    data |= {"id": "msg_1", "name": told["type"], "at": told["timestamp"]}
    return msgspec.convert(data, Message)


def test_the_bodies_of_the_guide_are_those_that_are_sent() -> None:
    shown, own, lynn, cognigy = map(json.loads, blocks("json"))
    told = message(shown)
    assert json.loads(bodies.standard(told)) == shown
    assert json.loads(bodies.filled(json.dumps(own), told))["source"] == "dcm"
    assert json.loads(Lynn().render(OfLynn("https://lynn.example"), told).body) == lynn
    ended = msgspec.structs.replace(told, disconnect_type="client")
    assert json.loads(Cognigy().render(OfCognigy("https://c.example"), ended).body) == cognigy


def test_the_guide_tells_how_a_test_is_known() -> None:
    (shown, *_) = map(json.loads, blocks("json"))
    told = msgspec.structs.replace(message(shown), is_test=True)
    assert json.loads(bodies.standard(told)) == {**shown, "test": True}
    assert '`"test": true`' in GUIDE


def test_every_event_stands_in_the_guide() -> None:
    assert all(f"`{name}`" in GUIDE for name in Name)


def test_the_receiver_of_the_guide_takes_what_is_signed_once_and_refuses_the_rest() -> None:
    (source,) = blocks("python")
    secret, body = fresh(), b'{"type": "agent.connected"}'
    worked: list[Any] = []
    known: set[str] = set()

    def remember(id_: str) -> bool:
        new = id_ not in known
        known.add(id_)
        return new

    names: dict[str, Any] = {"remember": remember, "work_through": worked.append}
    exec(source.replace("whsec_...", secret), names)
    at = int(time.time())
    settings = Settings("https://hook.example", secret=secret)
    headers = {"webhook-id": "msg_1", **signed(settings, "msg_1", body, at=at)}
    assert [names["take"](body, headers) for _ in range(2)] == [204, 204]
    assert worked == [{"type": "agent.connected"}]
    assert names["take"](body + b" ", headers) == 401
    assert names["take"](body, headers | {"webhook-id": "msg_2"}) == 401


def test_the_pauses_of_the_guide_are_those_that_are_made() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    (line,) = re.findall(r"A try is made after (.*?): 27 hours", GUIDE, re.DOTALL)
    found = [int(n) * units[unit] for n, unit in re.findall(r"(\d+) (s|min|h)\b", line)]
    assert found == [pause.total_seconds() for pause in PAUSES]
