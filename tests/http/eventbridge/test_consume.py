"""From SQS into the inbox over real HTTP: once each, whatever goes wrong in between."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from integrations.errors import MalformedPayloadError
from integrations.eventbridge import envelope
from integrations.eventbridge.queue import region_of
from integrations.eventbridge.sqs import ROAD, Consumer, source_of
from integrations.inbox.receive import receive_many
from integrations.models import InboxItem, Source, Watermark

pytestmark = pytest.mark.django_db
Bodies = Sequence[tuple[bytes, str | None]]


def event(name: str) -> str:
    return json.dumps({"id": name, "detail-type": "t", "detail": {}})


def consumer(sqs: Any, *, visibility_s: int = 30, **given: Any) -> Consumer:
    queue = sqs.queue(visibility_s=visibility_s)
    source = source_of(queue, now=timezone.now())

    def store(bodies: Bodies) -> int:
        return receive_many(source_id=source.pk, bodies=bodies, now=timezone.now())

    tools: dict[str, Any] = {"store": store, "wake": lambda: None, "clock": timezone.now}
    return Consumer(queue, **(tools | {"pause_s": lambda _: 0.02} | given))


def run(one: Consumer, *, until: Callable[[], object], within: float = 60.0) -> None:
    """Run a consumer here until something is so, looked at from another thread."""

    def look() -> None:
        deadline = time.monotonic() + within
        while not one.stop.is_set() and not until() and time.monotonic() < deadline:
            time.sleep(0.02)
        one.stop.set()

    looker = threading.Thread(target=look)
    looker.start()
    try:
        one.run()
    finally:
        one.stop.set()
        looker.join()
    assert until()


def test_events_come_into_the_inbox_and_off_the_queue(sqs: Any) -> None:
    woken: list[None] = []
    sqs.send(*(event(f"e{n}") for n in range(23)))

    run(consumer(sqs, wake=lambda: woken.append(None)), until=lambda: not sqs.left)

    items = InboxItem.objects.order_by("pk")
    assert {item.sender_id for item in items} == {f"e{n}" for n in range(23)}
    assert {bytes(item.body) for item in items} == {event(f"e{n}").encode() for n in range(23)}
    source = Source.objects.get()
    assert (source.kind, source.authentication) == ("sqs", "none")
    assert source.name == f"SQS {sqs.url.rpartition('/')[2]}"
    assert 3 <= len(woken) <= 23
    road = Watermark.objects.get(road=ROAD)
    assert road.succeeded_at is not None
    assert road.failing_since is None


def test_what_sqs_delivers_twice_stands_once(sqs: Any) -> None:
    sqs.send(event("e1"), "no JSON has no id of its own")
    sqs.gate.refuse("DeleteMessageBatch", *[(503, "ServiceUnavailable")] * 8)
    mine = consumer(sqs, visibility_s=1)

    run(mine, until=lambda: not sqs.left)

    assert mine.received > 2
    assert mine.new == InboxItem.objects.count() == 2


def test_what_eventbridge_sends_twice_stands_once(sqs: Any) -> None:
    sqs.send(event("e1"), event("e1"), json.dumps({"Message": event("e1")}))

    run(consumer(sqs), until=lambda: not sqs.left)

    assert InboxItem.objects.count() == 1


def test_a_delete_that_failed_in_part_is_tried_again(sqs: Any) -> None:
    sqs.send(event("e1"))
    failed = {"Successful": [], "Failed": [{"Id": "0", "SenderFault": False, "Code": "Internal"}]}
    sqs.gate.planned["DeleteMessageBatch"] = [(200, json.dumps(failed).encode())]

    run(consumer(sqs), until=lambda: not sqs.left)

    assert sqs.gate.seen.count("DeleteMessageBatch") == 2


def test_poison_goes_to_the_inbox_and_does_not_come_again(sqs: Any) -> None:
    surrogate = {"MessageId": "m1", "ReceiptHandle": "r1", "Body": "\ud800"}
    answer = json.dumps({"Messages": [surrogate]}).encode()
    sqs.gate.planned["ReceiveMessage"] = [(200, answer)]
    sqs.gate.planned["DeleteMessageBatch"] = [(200, b'{"Successful": [], "Failed": []}')]
    sqs.send("<html>")

    run(consumer(sqs), until=lambda: not sqs.left)

    bodies = [bytes(item.body) for item in InboxItem.objects.order_by("pk")]
    assert bodies == [b"\xed\xa0\x80", b"<html>"]
    for body in bodies:
        with pytest.raises(MalformedPayloadError):
            envelope.read(body)


def test_throttling_is_waited_for_and_told(sqs: Any) -> None:
    sqs.send(event("e1"))
    sqs.gate.refuse(
        "ReceiveMessage", (400, "RequestThrottled"), (503, "ServiceUnavailable"), (500, "Internal")
    )
    told: list[str] = []
    waited: list[int] = []

    def pause_s(failures: int) -> float:
        waited.append(failures)
        assert Watermark.objects.get(road=ROAD).failing_since is not None
        return 0.02

    run(consumer(sqs, pause_s=pause_s, tell=told.append), until=lambda: not sqs.left)

    assert waited == [1, 2, 3]
    assert "SQS asks to slow down (RequestThrottled)" in told[0]
    assert Watermark.objects.get(road=ROAD).failing_since is None


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_kept_until_the_database_is_back(sqs: Any) -> None:
    """Given back, each time would count towards the dead-letter queue."""
    sqs.send(event("e1"))
    mine = consumer(sqs)
    store, failures = mine.store, [OperationalError("gone")] * 3

    def store_at_last(bodies: Bodies) -> int:
        if failures:
            raise failures.pop()
        return store(bodies)

    mine.store = store_at_last
    run(mine, until=lambda: not sqs.left)

    assert sqs.gate.seen.count("ChangeMessageVisibilityBatch") == 0
    assert (mine.received, InboxItem.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_who_is_stopped_while_the_database_is_away_gives_the_batch_back(sqs: Any) -> None:
    sqs.send(event("e1"))

    tried: list[None] = []

    def store(_: Bodies) -> int:
        tried.append(None)
        raise OperationalError("gone")

    run(
        consumer(sqs, store=store, pause_s=lambda _: 0.2),
        until=lambda: len(tried) > 1,
    )

    assert sqs.client.receive_message(QueueUrl=sqs.url)["Messages"]
    assert not InboxItem.objects.exists()


def test_a_long_work_keeps_its_messages_from_others(sqs: Any) -> None:
    sqs.send(event("e1"))
    seen_meanwhile: list[Any] = []
    mine = consumer(sqs, visibility_s=2)
    store = mine.store

    def store_slowly(bodies: Bodies) -> int:
        time.sleep(2.3)
        seen_meanwhile.extend(sqs.client.receive_message(QueueUrl=sqs.url).get("Messages", []))
        return store(bodies)

    mine.store = store_slowly
    run(mine, until=lambda: not sqs.left)

    assert seen_meanwhile == []
    assert "ChangeMessageVisibilityBatch" in sqs.gate.seen


@pytest.fixture
def command(sqs: Any, settings: Any) -> Callable[[], str]:
    settings.SQS_QUEUE_URL, settings.SQS_REGION = sqs.url, "eu-central-1"
    settings.SQS_ENDPOINT_URL = sqs.gate.url

    def called() -> str:
        output = StringIO()
        with pytest.raises(CommandError) as refusal:
            call_command("consume_sqs", stdout=output)
        return str(refusal.value)

    return called


def test_a_queue_that_is_not_named_or_not_there_is_told(
    command: Callable[[], str], settings: Any
) -> None:
    settings.SQS_QUEUE_URL += "-not"
    assert "there is no such queue; check DCM_SQS_QUEUE_URL" in command()
    assert "no such queue" in Watermark.objects.get(road=ROAD).detail

    settings.SQS_REGION = ""
    assert "DCM_SQS_REGION is not set" in command()
    settings.SQS_QUEUE_URL = ""
    assert "DCM_SQS_QUEUE_URL is not set" in command()


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (400, "AccessDeniedException", "allow sqs:ReceiveMessage on it in the role's policy"),
        (403, "InvalidClientTokenId", "the AWS credentials are not accepted"),
        (400, "InvalidParameterValue", "SQS answers 400 (InvalidParameterValue)"),
    ],
)
def test_what_only_somebody_can_mend_ends_the_command(
    command: Callable[[], str], sqs: Any, status: int, code: str, told: str
) -> None:
    sqs.gate.refuse("ReceiveMessage", (status, code))

    assert told in command()


def test_credentials_that_are_not_there_are_told(
    command: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")

    assert "no AWS credentials" in command()


def test_a_source_that_is_switched_off_is_left_alone(command: Callable[[], str], sqs: Any) -> None:
    source_of(sqs.queue(), now=timezone.now())
    Source.objects.update(active=False)

    assert "is switched off" in command()
    assert sqs.gate.seen == []


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-central-1.amazonaws.com/123456789012/q", "eu-central-1"),
        ("https://eu-west-2.queue.amazonaws.com/123456789012/q", "eu-west-2"),
        ("https://sqs.us-gov-west-1.amazonaws.com/1/q", "us-gov-west-1"),
        ("https://vpce-1a-2b.sqs.us-east-1.vpce.amazonaws.com/1/q", "us-east-1"),
        ("http://127.0.0.1:9324/1/q", ""),
    ],
)
def test_the_region_stands_in_the_url(url: str, region: str) -> None:
    assert region_of(url) == region
