"""What is sent in is kept or refused; asserted to the row, through the whole stack of a request."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.inbox import signatures, sources
from integrations.models import InboxItem, Source, SourceKey
from tests.http.hooks.conftest import Sender

pytestmark = pytest.mark.django_db
GENESYS, EVENTBRIDGE = "/hooks/genesys/", "/hooks/eventbridge/"
BODY = b'{"topic": "v2.detail.events.conversation.{id}.acw", "conversationId": "c"}'


def post(url: str, body: bytes = BODY, key: str = "", **headers: Any) -> Any:
    given: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
    client = Client(raise_request_exception=False)
    return client.generic("POST", url, body, "application/json", **given, **headers)


def kept() -> list[bytes]:
    return [bytes(body) for body in InboxItem.objects.order_by("pk").values_list("body", flat=True)]


def test_what_is_sent_stands_in_the_inbox_as_it_came(genesys: Sender) -> None:
    body = b'\x00\xff not JSON at all {"a": 1e999}'
    answer = post(GENESYS, body, genesys.key)

    assert (answer.status_code, answer.json()) == (202, {"accepted": True, "repeated": False})
    item = InboxItem.objects.get()
    assert bytes(item.body) == body
    assert (item.source, item.state, item.sender_id) == (genesys.source, "waiting", None)


def test_the_header_for_keys_takes_a_token_too(eventbridge: Sender) -> None:
    assert post(EVENTBRIDGE, HTTP_X_API_KEY=eventbridge.key).status_code == 202


def test_the_envelopes_id_makes_a_repetition(eventbridge: Sender) -> None:
    body = b'{"version": "0", "id": "e-1", "detail": {"eventBody": {"x": 1e999}}}'
    answers = [post(EVENTBRIDGE, body, eventbridge.key).json() for _ in range(3)]

    assert [answer["repeated"] for answer in answers] == [False, True, True]
    assert InboxItem.objects.get().sender_id == "e-1"


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"id": 5}', b'{"id": "%s"}' % (b"x" * 201), b'{"id": "\\u0000"}', b"[]"]
)
def test_an_envelope_without_an_id_of_use_is_kept_each_time(
    eventbridge: Sender, body: bytes
) -> None:
    for _ in range(2):
        assert post(EVENTBRIDGE, body, eventbridge.key).status_code == 202
    assert kept() == [body] * 2


def test_webhook_id_makes_a_repetition_of_each_source_by_itself(
    genesys: Sender, eventbridge: Sender
) -> None:
    told = [
        post(url, key=sender.key, HTTP_WEBHOOK_ID="id-1").json()["repeated"]
        for url, sender in [(GENESYS, genesys), (EVENTBRIDGE, eventbridge)] * 2
    ]
    assert told == [False, False, True, True]


REFUSED: dict[str, Callable[[str, str], Any]] = {
    "no token": lambda _g, _b: post(GENESYS),
    "empty token": lambda _g, _b: post(GENESYS, HTTP_AUTHORIZATION="Bearer "),
    "wrong token": lambda genesys, _b: post(GENESYS, key=genesys[:-1]),
    "other case": lambda genesys, _b: post(GENESYS, key=genesys.swapcase()),
    "another scheme": lambda genesys, _b: post(GENESYS, HTTP_AUTHORIZATION=f"Basic {genesys}"),
    "twice in one header": lambda genesys, _b: post(GENESYS, key=f"{genesys},{genesys}"),
    "a token of another kind of source": lambda _g, bus: post(GENESYS, key=bus),
    "and the reverse": lambda genesys, _b: post(EVENTBRIDGE, key=genesys),
    "another source's name": lambda genesys, _b: post(f"{GENESYS}Nobody/", key=genesys),
    "unicode digits": lambda _g, _b: post(GENESYS, key="\u0661\u0662"),
    "the digest itself": lambda genesys, _b: post(GENESYS, key=sources.digest_of(genesys).hex()),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_is_not_known_is_refused(case: str, genesys: Sender, eventbridge: Sender) -> None:
    answer = REFUSED[case](genesys.key, eventbridge.key)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["accepted"] is False
    assert kept() == []


def test_a_source_is_found_by_its_name_too(genesys: Sender) -> None:
    assert post(f"{GENESYS}Flow/", key=genesys.key).status_code == 202


def test_a_source_that_is_switched_off_is_refused(genesys: Sender) -> None:
    Source.objects.update(active=False)
    sources.KEYS.forget()
    assert post(GENESYS, key=genesys.key).status_code == 401


@pytest.mark.parametrize("query", ["key=", "token=x", "source=Flow", "?"])
def test_nothing_is_taken_from_a_query_string(genesys: Sender, query: str) -> None:
    answer = post(f"{GENESYS}?{query}", key=genesys.key)
    assert answer.status_code == 400
    assert "header" in answer.json()["reason"]
    assert post(f"{GENESYS}?key={genesys.key}").status_code == 400
    assert kept() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_only_post_is_taken(genesys: Sender, method: str) -> None:
    answer = Client().generic(method, GENESYS, HTTP_AUTHORIZATION=f"Bearer {genesys.key}")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_no_content_encoding_is_taken(genesys: Sender, encoding: str) -> None:
    assert post(GENESYS, key=genesys.key, HTTP_CONTENT_ENCODING=encoding).status_code == 415
    assert kept() == []


def test_no_cookie_and_no_header_of_pages_is_sent(genesys: Sender) -> None:
    answer = post(GENESYS, key=genesys.key)
    assert not answer.cookies
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Length"] == str(len(answer.content))


# -- keys ------------------------------------------------------------------------------------


def test_two_keys_are_valid_while_one_is_rotated(genesys: Sender) -> None:
    now = datetime.now(UTC)
    second = sources.new_key(source_id=genesys.source.pk, now=now)
    assert [post(GENESYS, key=key).status_code for key in (genesys.key, second)] == [202, 202]
    old = SourceKey.objects.order_by("pk")[0]
    assert old.expires_at == now + sources.OVERLAP

    third = sources.new_key(source_id=genesys.source.pk, now=datetime.now(UTC))
    codes = [post(GENESYS, key=key).status_code for key in (genesys.key, second, third)]
    assert codes == [401, 202, 202]


def test_an_old_key_ends_after_a_day(genesys: Sender) -> None:
    sources.new_key(source_id=genesys.source.pk, now=datetime.now(UTC) - timedelta(hours=25))
    sources.KEYS.forget()
    assert post(GENESYS, key=genesys.key).status_code == 401


def test_a_revoked_key_is_refused_at_once_where_it_was_revoked(genesys: Sender) -> None:
    key = SourceKey.objects.get()
    assert sources.revoke(key_id=key.pk, now=datetime.now(UTC))
    assert not sources.revoke(key_id=key.pk, now=datetime.now(UTC))
    assert post(GENESYS, key=genesys.key).status_code == 401


def test_no_key_stands_in_the_database(genesys: Sender, signing: Sender) -> None:
    for row in SourceKey.objects.all():
        told = f"{row.digest} {row.hint} {bytes(row.sealed)!r}"
        for key in (genesys.key, signing.key):
            assert key not in told
            assert key[10:] not in told


# -- signatures ------------------------------------------------------------------------------

OWN = f"{GENESYS}Own%20program/"


def signed(sender: Sender, body: bytes = BODY, *, age: float = 0, key: str = "") -> dict[str, Any]:
    secret = base64.b64decode((key or sender.key).removeprefix("whsec_"))
    at = int(timezone.now().timestamp() - age)
    return {
        "HTTP_WEBHOOK_ID": "msg-1",
        "HTTP_WEBHOOK_TIMESTAMP": str(at),
        "HTTP_WEBHOOK_SIGNATURE": signatures.sign("msg-1", at, body, secret=secret),
    }


def test_a_signed_body_is_kept_once(signing: Sender) -> None:
    answers = [post(OWN, **signed(signing)) for _ in range(2)]
    assert [answer.json()["repeated"] for answer in answers] == [False, True]
    assert InboxItem.objects.get().sender_id == "msg-1"


def test_one_right_signature_among_several_is_enough(signing: Sender) -> None:
    headers = signed(signing)
    headers["HTTP_WEBHOOK_SIGNATURE"] = "v1a,x v1,AAAA v1,%% " + headers["HTTP_WEBHOOK_SIGNATURE"]
    assert post(OWN, **headers).status_code == 202


def test_both_keys_sign_while_one_is_rotated(signing: Sender) -> None:
    new = sources.new_key(source_id=signing.source.pk, now=datetime.now(UTC))
    assert post(OWN, **signed(signing)).status_code == 202
    assert post(OWN, **signed(signing, key=new)).json()["repeated"]


@pytest.fixture
def _clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.mark.usefixtures("_clock_stands")
@pytest.mark.parametrize("age", [-301, 301, 1e10])
def test_a_signature_of_another_time_is_refused(signing: Sender, age: float) -> None:
    assert post(OWN, **signed(signing, age=age)).status_code == 401
    assert kept() == []


@pytest.mark.usefixtures("_clock_stands")
@pytest.mark.parametrize("age", [-300, 300])
def test_clocks_may_differ_by_five_minutes(signing: Sender, age: float) -> None:
    assert post(OWN, **signed(signing, age=age)).status_code == 202


FORGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another id": lambda h: h | {"HTTP_WEBHOOK_ID": "msg-2"},
    "another time": lambda h: (
        h | {"HTTP_WEBHOOK_TIMESTAMP": str(int(h["HTTP_WEBHOOK_TIMESTAMP"]) + 1)}
    ),
    "a time in unicode digits": lambda h: h | {"HTTP_WEBHOOK_TIMESTAMP": "\u0661" * 10},
    "a time that is none": lambda h: h | {"HTTP_WEBHOOK_TIMESTAMP": "now"},
    "no time": lambda h: h | {"HTTP_WEBHOOK_TIMESTAMP": ""},
    "no signature": lambda h: h | {"HTTP_WEBHOOK_SIGNATURE": ""},
    "another version": lambda h: (
        h | {"HTTP_WEBHOOK_SIGNATURE": h["HTTP_WEBHOOK_SIGNATURE"].replace("v1,", "v2,")}
    ),
    "cut": lambda h: h | {"HTTP_WEBHOOK_SIGNATURE": h["HTTP_WEBHOOK_SIGNATURE"][:-5]},
    "not base64": lambda h: h | {"HTTP_WEBHOOK_SIGNATURE": "v1,\xe9\xe9"},
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_signature_is_refused(case: str, signing: Sender) -> None:
    assert post(OWN, **FORGED[case](signed(signing))).status_code == 401
    assert kept() == []


def test_every_bit_of_a_signature_counts(signing: Sender) -> None:
    headers = signed(signing)
    right = base64.b64decode(headers["HTTP_WEBHOOK_SIGNATURE"].removeprefix("v1,"))
    for bit in range(0, 256, 17):
        flipped = bytearray(right)
        flipped[bit // 8] ^= 1 << bit % 8
        headers["HTTP_WEBHOOK_SIGNATURE"] = "v1," + base64.b64encode(bytes(flipped)).decode()
        assert post(OWN, **headers).status_code == 401
    assert kept() == []


def test_a_body_that_was_changed_is_refused(signing: Sender) -> None:
    assert post(OWN, BODY + b" ", **signed(signing)).status_code == 401


def test_a_signature_without_the_sources_name_is_refused(signing: Sender, genesys: Sender) -> None:
    assert post(GENESYS, **signed(signing)).status_code == 401
    assert post(f"{GENESYS}Flow/", **signed(signing)).status_code == 401


def test_the_secret_of_a_signature_is_no_token(signing: Sender) -> None:
    assert post(OWN, key=signing.key).status_code == 401
