"""A webhook as its receiver sees it, over real HTTP, verified with the public library."""

import base64
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from conversations.models import Agent, CommonEvent, Conversation, Queue
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce, relay, replies, secrets
from simulator.clock import RunningClock
from simulator.receivers.server import Served, serving
from simulator.receivers.state import Call

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Destination]


def whsec(letter: bytes) -> str:
    return "whsec_" + base64.b64encode(letter * 32).decode()


FIRST, SECOND, OTHER = whsec(b"1"), whsec(b"2"), whsec(b"3")


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(RunningClock(timezone.now())) as running:
        yield running


@pytest.fixture
def make(served: Served, now: datetime) -> Make:
    def made(hidden: dict[str, str] | None = None, **config: Any) -> Destination:
        row = Destination(
            name="CRM",
            kind="webhook",
            mode="live",
            topics=["agent.connected"],
            config={"url": f"{served.url}/hooks/crm", **config},
            created_at=now,
        )
        secrets.put(row, hidden or {})
        row.save()
        announce.listen(row)
        happens(now, "s1")
        return row

    return made


def happens(now: datetime, session: str) -> None:
    row, _ = Conversation.objects.get_or_create(
        genesys_id="c1",
        defaults={"started_at": now, "observed_at": now, "content_hash": b"1" * 16},
    )
    Agent.objects.get_or_create(genesys_id="u1", name='Ada "the \U0001f41d" <b>')
    Queue.objects.get_or_create(genesys_id="q1", name="Claims")
    CommonEvent.objects.create(
        conversation=row,
        name="agent.connected",
        subject=session,
        at=now,
        recorded_at=now,
        payload={"userId": "u1", "queueId": "q1", "sessionId": session},
        announced=False,
    )


def heard(served: Served) -> Call:
    (call,) = served.receivers.heard("/hooks/crm")
    return call


def verified(call: Call, secret: str) -> Any:
    return Webhook(secret).verify(call.raw, dict(call.headers))


def test_the_public_library_verifies_what_is_sent(make: Make, served: Served) -> None:
    make({"secret": FIRST})
    assert relay.relay(now=timezone.now()).through == 1
    call = heard(served)
    told = verified(call, FIRST)
    assert told["type"] == "agent.connected"
    assert told["data"]["userName"] == 'Ada "the \U0001f41d" <b>'
    assert told["data"]["queueName"] == "Claims"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["webhook-id"].startswith("msg_")
    with pytest.raises(WebhookVerificationError):
        verified(call, OTHER)
    with pytest.raises(WebhookVerificationError):
        Webhook(FIRST).verify(call.raw + b" ", dict(call.headers))


@pytest.mark.parametrize(
    ("signs_with", "good", "bad"),
    [
        ("every", [FIRST, SECOND], [OTHER]),
        ("first", [FIRST], [SECOND]),
        ("second", [SECOND], [FIRST]),
    ],
)
def test_secrets_are_changed_over_without_a_gap(
    make: Make, served: Served, signs_with: str, good: list[str], bad: list[str]
) -> None:
    make({"secret": FIRST, "second_secret": SECOND}, signs_with=signs_with)
    relay.relay(now=timezone.now())
    call = heard(served)
    for secret in good:
        assert verified(call, secret)["type"] == "agent.connected"
    for secret in bad:
        with pytest.raises(WebhookVerificationError):
            verified(call, secret)
    assert len(call.headers["webhook-signature"].split(" ")) == len(good)


def test_without_a_secret_it_is_not_signed(make: Make, served: Served) -> None:
    make()
    relay.relay(now=timezone.now())
    assert "webhook-signature" not in heard(served).headers


@pytest.mark.parametrize(
    ("hidden", "signs_with", "said"),
    [
        ({"secret": FIRST}, "second", "the secret that it is to be signed with is not there"),
        ({"secret": "whsec_AAAA"}, "every", "its signing secret: it holds 3 bytes"),
    ],
)
def test_what_cannot_be_signed_as_asked_is_not_sent(
    make: Make, served: Served, hidden: dict[str, str], signs_with: str, said: str
) -> None:
    row = make(hidden, signs_with=signs_with)
    relay.relay(now=timezone.now())
    row.refresh_from_db()
    assert said in row.disabled_reason
    assert served.receivers.heard("/") == []


def test_headers_and_authorization_go_along(make: Make, served: Served) -> None:
    make({"authorization": "Bearer s3cret"}, headers="X-Tenant: north\nX-Two: a: b")
    relay.relay(now=timezone.now())
    told = heard(served).headers
    assert (told["authorization"], told["x-tenant"], told["x-two"]) == (
        *("Bearer s3cret", "north", "a: b"),
    )


def test_a_template_of_ones_own_is_sent(make: Make, served: Served) -> None:
    make({"secret": FIRST}, template='{"text": "{user_name} → {conversation_id}"}')
    relay.relay(now=timezone.now())
    assert verified(heard(served), FIRST) == {"text": 'Ada "the \U0001f41d" <b> → c1'}


def test_a_try_after_a_lost_answer_has_the_same_id_and_a_new_signature(
    make: Make, served: Served
) -> None:
    make({"secret": FIRST})
    served.receivers.faults.put([{"kind": "drop_after", "count": 1}])
    assert relay.relay(now=timezone.now()).through == 0
    row = Delivery.objects.get()
    assert (row.in_doubt, row.reason) == (True, "127.0.0.1: no answer came")
    assert relay.relay(now=row.due_at).through == 1
    first, second = served.receivers.heard("/hooks/crm")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.raw == second.raw
    verified(second, FIRST)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_for_good_stops_the_destination_and_keeps_what_waits(
    make: Make, served: Served, now: datetime, status: int
) -> None:
    row = make()
    served.receivers.faults.put([{"kind": "error", "status": status}])
    relay.relay(now=timezone.now())
    row.refresh_from_db()
    assert row.disabled_reason == f"HTTP {status}: {replies.says(status)}"
    happens(now, "s2")
    assert relay.relay(now=timezone.now()).tried == 0
    assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}
    assert Attempt.objects.count() == 1


def test_what_is_logged_of_an_answer_is_cut_and_clean(make: Make, served: Served) -> None:
    make()
    served.receivers.faults.put([{"kind": "html", "status": 400}])
    relay.relay(now=timezone.now())
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.status, attempt.reason) == (
        "refused",
        400,
        "HTTP 400: it does not take this message",
    )
    assert attempt.said.startswith("<html>")
