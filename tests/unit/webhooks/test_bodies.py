"""What a webhook's body is, whatever is written in names and templates."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from integrations.outbox.messages import Message
from integrations.webhooks import bodies

AT = datetime(2026, 3, 27, 16, 45, 0, 120_000, tzinfo=UTC)
MESSAGE = Message(
    id="msg_1",
    name="agent.connected",
    at=AT,
    recorded_at=AT + timedelta(seconds=1),
    conversation_id="c1",
    subject="s1",
    participant_id="p1",
    session_id="s1",
    user_id="u1",
    user_name="Ada",
    queue_id="q1",
    queue_name="Claims",
    media_type="message",
    message_type="open",
    direction="inbound",
    provider="PureCloud Messaging",
    address_to="to",
    address_from="from",
    started_at=AT - timedelta(minutes=5),
    link="https://dcm.example.org/conversations/c1/",
)


def test_the_documented_body_has_every_property_always() -> None:
    assert json.loads(bodies.standard(MESSAGE)) == {
        "type": "agent.connected",
        "timestamp": "2026-03-27T16:45:00.120Z",
        "data": {
            "conversationId": "c1",
            "subject": "s1",
            "participantId": "p1",
            "sessionId": "s1",
            "purpose": "",
            "userId": "u1",
            "userName": "Ada",
            "queueId": "q1",
            "queueName": "Claims",
            "mediaType": "message",
            "messageType": "open",
            "direction": "inbound",
            "disconnectType": "",
            "provider": "PureCloud Messaging",
            "addressTo": "to",
            "addressFrom": "from",
            "externalTag": "",
            "link": "https://dcm.example.org/conversations/c1/",
            "recordedAt": "2026-03-27T16:45:01.120Z",
            "startedAt": "2026-03-27T16:40:00.120Z",
        },
    }
    little = Message(id="m", name="n", at=AT, recorded_at=AT, conversation_id="c")
    data = json.loads(bodies.standard(little))["data"]
    assert data["startedAt"] is None
    assert set(data) == set(json.loads(bodies.standard(MESSAGE))["data"])


def test_a_template_is_filled_in_inside_its_texts() -> None:
    template = """{"text": "{user_name} took {conversation_id}", "n": 3, "no": null, "of": [true,
        {"when": "{timestamp}", "braces": "{{type}} is {type}", "id": "{message_id}"}]}"""
    bodies.check(template)
    assert json.loads(bodies.filled(template, MESSAGE)) == {
        "text": "Ada took c1",
        "n": 3,
        "no": None,
        "of": [
            True,
            {
                "when": "2026-03-27T16:45:00.120Z",
                "braces": "{type} is agent.connected",
                "id": "msg_1",
            },
        ],
    }


def test_every_placeholder_that_is_named_can_be_used() -> None:
    template = json.dumps({name: f"{{{name}}}" for name in bodies.PLACEHOLDERS})
    told = json.loads(bodies.filled(template, MESSAGE))
    assert told["address_from"] == "from"
    assert told["started_at"] == "2026-03-27T16:40:00.120Z"
    assert len(told) == len(bodies.PLACEHOLDERS) == 23


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_a_name_stays_a_text_whatever_it_is(name: str) -> None:
    hostile = replace(MESSAGE, user_name=name)
    template = '{"a": "{user_name}", "b": ["x{user_name}y"]}'
    assert json.loads(bodies.filled(template, hostile)) == {"a": name, "b": [f"x{name}y"]}
    assert json.loads(bodies.standard(hostile))["data"]["userName"] == name


@pytest.mark.parametrize(
    "name", ['","admin":true,"x":"', "{conversation_id}", "{{", "\\u0022", "</script>", "\r\n\t"]
)
def test_hostile_names_are_not_read_again(name: str) -> None:
    hostile = replace(MESSAGE, user_name=name)
    assert json.loads(bodies.filled('{"a": "{user_name}"}', hostile)) == {"a": name}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{"a": "{user.name}"}', "there is no placeholder {user.name}"),
        ('{"a": "{user_name.__class__}"}', "there is no placeholder {user_name.__class__}"),
        ('{"a": "{user_name!r}"}', "there is no placeholder {user_name!r}"),
        ('{"a": "{user_name:>999999999}"}', "there is no placeholder {user_name:>999999999}"),
        ('{"a": "{0}"}', "there is no placeholder {0}"),
        ('{"a": "{}"}', "there is no placeholder {}"),
        ('{"a": "{ user_name }"}', "there is no placeholder { user_name }"),
        ('{"a": "v2.{id}.acw"}', "there is no placeholder {id}"),
        ('{"{user_name}": 1}', "“{user_name}” is a name: placeholders stand in values"),
        ('{"a": {user_name}}', "it is not JSON"),
        ("Agent {user_name} is there", "it is not JSON"),
        ("[" * 4000 + "]" * 4000, "it is nested too deeply"),
        ('"' + "a" * 10_000 + '"', "it is longer than 10000 characters"),
        (json.dumps(["{user_name}"] * 600), "filled in it would be longer than 20000 bytes"),
    ],
)
def test_a_template_that_is_none_is_refused_with_its_reason(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        bodies.check(template)


@pytest.mark.parametrize("letter", ["a", "ß", "\U0001d538", "\x01", '"'])
def test_long_names_are_cut_so_that_the_body_fits(letter: str) -> None:
    fields: Any = dict.fromkeys(sorted(bodies._OTHERS), letter * 3_000)
    long = replace(MESSAGE, **fields)
    template = json.dumps(["{user_name}{queue_name}"] * 20)
    for body in (bodies.standard(long), bodies.filled(template, long)):
        assert len(body.encode()) <= 20_000
    assert json.loads(bodies.standard(long))["data"]["conversationId"] == "c1"
