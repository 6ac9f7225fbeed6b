"""EventBridge's envelope: what is taken out of it, and what is refused by which reason."""

import json
from typing import Any

import pytest

from integrations.errors import MalformedPayloadError
from integrations.eventbridge.envelope import read, sender_id

CUSTOMER_END = "v2.detail.events.conversation.{id}.customer.end"
AUDIT = "v2.audits.entitytype.{id}.entityid.{id}"
CONVERSATION = "2f7bf00a-0fc2-4d6a-9b56-92238191433e"
ENVELOPE: dict[str, Any] = {
    "version": "0",
    "id": "58fb5dac-f077-4eec-a25f-c638dbdd4368",
    "detail-type": CUSTOMER_END,
    "source": "aws.partner/genesys.com/cloud/32aa07aa-db1b-4987-abd0-9483601ec29d/dcm",
    "account": "123456789012",
    "time": "2022-04-06T09:30:45Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "topicName": CUSTOMER_END.format(id=CONVERSATION),
        "version": "2",
        "eventBody": {"eventTime": 1649237504949, "conversationId": CONVERSATION},
        "metadata": {"CorrelationId": "7272d362-23b2-4c14-9d40-dc7b7683153a"},
        "timestamp": "2022-04-06T09:30:45.013Z",
    },
}


def made(**changes: Any) -> bytes:
    return json.dumps(ENVELOPE | changes).encode()


def detail(**changes: Any) -> bytes:
    return made(detail=ENVELOPE["detail"] | changes)


def test_an_event_comes_out_with_its_topic_its_id_and_its_body_as_it_came() -> None:
    (carried,) = read(made())

    assert carried.topic == CUSTOMER_END
    assert carried.topic_id == CONVERSATION
    assert json.loads(carried.body) == ENVELOPE["detail"]["eventBody"]


@pytest.mark.parametrize(
    ("detail_type", "topic_name", "topic", "topic_id"),
    [
        (CUSTOMER_END, CUSTOMER_END, CUSTOMER_END, ""),
        (None, CUSTOMER_END.format(id="c1"), CUSTOMER_END, "c1"),
        (
            "v2.something.but.conversation.{id}.customer.start",
            CUSTOMER_END.format(id=CONVERSATION),
            "v2.something.but.conversation.{id}.customer.start",
            CONVERSATION,
        ),
        (AUDIT, f"v2.audits.entitytype.UserPresence.entityid.{CONVERSATION}", AUDIT, CONVERSATION),
    ],
)
def test_the_topic_that_was_subscribed_to_holds(
    detail_type: str | None, topic_name: str, topic: str, topic_id: str
) -> None:
    told = ENVELOPE["detail"] | {"topicName": topic_name}
    (carried,) = read(made(**{"detail-type": detail_type, "detail": told}))

    assert (carried.topic, carried.topic_id) == (topic, topic_id)


def test_whatever_else_stands_in_the_envelope_is_left_alone() -> None:
    """The version is a text, its time lies before the event's, an input transformer was at work."""
    strange = made(version=0, time="1999", account=None, resources={}, region=[])

    assert read(strange)[0].topic == CUSTOMER_END
    assert read(detail(version=2, metadata=None, timestamp=7))[0].topic == CUSTOMER_END


def test_a_list_of_envelopes_is_each_of_them() -> None:
    batch = b" \n[" + made() + b"," + made(id="another") + b"]"

    assert len(read(batch)) == 2
    assert read(b"[]") == []
    assert sender_id(batch) is None


def test_a_notification_of_sns_is_unwrapped() -> None:
    wrapped = json.dumps(
        {"Type": "Notification", "MessageId": "sns-1", "Message": made().decode()}
    ).encode()

    assert read(wrapped) == read(made())
    assert sender_id(wrapped) == ENVELOPE["id"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is not JSON: "),
        (b"<html>", "the body is not JSON: "),
        (b"\xff\xfe{}", "the body is not JSON: "),
        (b'{"detail": {"topicName": "\\ud800"}}', "the body is not JSON: "),
        (b"null", "Expected `object`, got `null`"),
        (b"{}", "detail is missing: this is no EventBridge envelope"),
        (made(detail=None), "detail is missing: this is no EventBridge envelope"),
        (made(detail="text"), "Expected `object | null`, got `str` - at `detail`"),
        (detail(topicName=None), "detail.topicName is missing"),
        (detail(topicName=7), "Expected `str | null`, got `int` - at `detail.topicName`"),
        (detail(eventBody=None), "detail.eventBody is missing"),
        (detail(eventBody=[1]), "detail.eventBody is no object"),
        (b"[" + made() + b",{}]", "[1].detail is missing: this is no EventBridge envelope"),
        (json.dumps({"Message": "{}"}).encode(), "Message.detail is missing: "),
        (made(**{"detail-type": "x" * 101}), "detail-type is no topic of Genesys Cloud"),
        (b"[" * 100_000, "the body is nested too deeply"),
        (b'{"detail":{"eventBody":' + b"[" * 100_000, "the body is nested too deeply"),
    ],
)
def test_what_is_no_envelope_is_refused_by_its_place(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedPayloadError) as refusal:
        read(body)

    assert str(refusal.value).startswith(reason)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"id": 7}',
        b'{"id": ""}',
        b'{"id": "a\\u0000b"}',
        made(id=None),
        made(id="x" * 201),
        b"[" * 100000,
    ],
)
def test_an_id_that_could_not_be_kept_is_none(body: bytes) -> None:
    assert sender_id(body) is None


def test_the_senders_id_is_eventbridges_own() -> None:
    assert sender_id(made()) == ENVELOPE["id"]
    assert sender_id(made(id="x" * 200)) == "x" * 200
