"""The SDK at arm's length: its paths and authentication, our limits and errors."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from integrations.errors import (
    CredentialsError,
    MalformedAnswerError,
    NotFoundError,
    PermissionMissingError,
    RateLimitedError,
    RefusedError,
    TemporaryError,
)
from integrations.genesys.client import Client


class Named(msgspec.Struct):
    id: str


def test_the_bytes_of_an_answer_come_through_the_sdk_unchanged(host: Any, client: Client) -> None:
    raw = b'{"conversations": [{"mediaType": null, "purpose": "seer"}],\n "x": 1.50}'
    host.plays = [lambda s: s.answer(body=raw)]

    reply = client.get("/api/v2/thing", {"id": ["a", "b"], "all": True})

    assert reply.body == raw
    assert reply.sent_at == datetime(2026, 3, 27, 16, 45, tzinfo=UTC)
    call = host.calls[0]
    assert call.query == {"id": "a,b", "all": "true"}
    assert call.headers["Authorization"] == "Bearer token-1"
    assert call.headers["purecloud-sdk"]


def test_a_question_is_posted_as_json(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(body={})]

    client.ask("/api/v2/query", {"interval": "a/b"})

    assert host.calls[0].body == b'{"interval":"a/b"}'
    assert host.calls[0].headers["Content-Type"] == "application/json"


def test_one_token_serves_all_processes(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(body={})] * 2
    other = Client(client._credentials, clock=client.clock)

    client.get("/api/v2/thing")
    other.get("/api/v2/thing")

    assert host.tokens == 1


def test_an_expired_token_is_renewed_once(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(401, {"code": "bad.credentials"}), lambda s: s.answer(body=1)]

    assert client.ask("/api/v2/query", {}).body == b"1"
    assert [call.headers["Authorization"] for call in host.calls] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


def test_a_token_that_another_process_renewed_is_taken(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(body={}), lambda s: s.answer(401, {}), lambda s: s.answer()]
    client.get("/api/v2/thing")
    other = Client(client._credentials, clock=client.clock)
    other._authenticate(refused="token-1")

    client._api.access_token = "token-1"
    client._ask_renewing("GET", "/api/v2/thing", query={}, body=None)

    assert host.tokens == 2


def test_a_token_refused_twice_is_told(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(401, {})] * 2

    with pytest.raises(CredentialsError, match="the access token is not accepted"):
        client.get("/api/v2/thing")
    assert len(host.calls) == 2


@pytest.mark.parametrize("status", [400, 401])
def test_wrong_credentials_are_told_with_what_to_check(
    host: Any, client: Client, status: int
) -> None:
    host.give_token = lambda s: s.answer(status, {"error": "invalid_client", "description": "x"})

    with pytest.raises(CredentialsError, match="Check GENESYS_REGION, GENESYS_CLIENT_ID") as told:
        client.get("/api/v2/thing")
    assert "a-secret" not in str(told.value)
    assert host.calls == []


def test_a_login_page_is_no_token(host: Any, client: Client) -> None:
    host.give_token = lambda s: s.answer(200, b"<html>Log in</html>", Content_Type="text/html")

    with pytest.raises(MalformedAnswerError, match="what came is no token"):
        client.get("/api/v2/thing")


def test_html_with_status_200_is_malformed(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(200, b"<html>Maintenance</html>", Content_Type="text/html")]

    with pytest.raises(MalformedAnswerError, match="not what the API documents") as told:
        client.get("/api/v2/thing").decode(Named)
    assert "Maintenance" not in str(told.value)


def test_a_429_closes_the_road_for_everybody_until_its_time(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(429, {}, Retry_After="17")]
    other = Client(client._credentials, clock=client.clock)

    with pytest.raises(RateLimitedError) as first:
        client.get("/api/v2/thing")
    with pytest.raises(RateLimitedError, match="not sent") as second:
        other.get("/api/v2/thing")

    assert first.value.retry_after == 17
    assert 0 < (second.value.retry_after or 0) <= 17
    assert len(host.calls) == 1


def test_what_is_left_of_the_rate_limit_is_known_to_all(host: Any, client: Client) -> None:
    told = {"inin_ratelimit_count": "250", "inin_ratelimit_allowed": "300"}
    host.plays = [lambda s: s.answer(200, {}, inin_ratelimit_reset="40", **told)]

    assert client.budget.spares(60)
    client.get("/api/v2/thing")

    assert Client(client._credentials, clock=client.clock).budget.left() == 50
    assert not client.budget.spares(60)


def test_the_missing_permission_is_named(host: Any, client: Client) -> None:
    message = "You must have at least one of: [analytics:conversationDetail:view] Anna Example"
    host.plays = [lambda s: s.answer(403, {"code": "missing.permissions", "message": message})]

    with pytest.raises(PermissionMissingError) as told:
        client.get("/api/v2/thing")
    assert told.value.permissions == ("analytics:conversationDetail:view",)
    assert "analytics:conversationDetail:view" in str(told.value)
    assert "Anna" not in str(told.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (400, RefusedError), (500, TemporaryError), (302, RefusedError)],
)
def test_errors_are_sorted_by_what_to_do_next(
    host: Any, client: Client, status: int, kind: type[Exception]
) -> None:
    host.plays = [lambda s: s.answer(status, {"code": "bad.request"}, ININ_Correlation_Id="c-1")]

    with pytest.raises(kind, match=rf"/api/v2/thing: {status} \(correlation id c-1\)"):
        client.ask("/api/v2/thing", {})


def test_a_listing_is_read_to_its_last_page(host: Any, client: Client) -> None:
    pages = [[{"id": f"{n}-{i}"} for i in range(100)] for n in range(2)] + [[{"id": "last"}]]
    host.plays = [lambda s, page=page: s.answer(body={"entities": page}) for page in pages]

    found = [named.id for named in client.entities("/api/v2/users", Named)]

    assert (len(found), found[-1]) == (201, "last")
    assert [call.query["pageNumber"] for call in host.calls] == ["1", "2", "3"]


def test_a_listing_that_tells_its_pages_is_read_past_short_ones(host: Any, client: Client) -> None:
    host.plays = [
        lambda s: s.answer(body={"entities": [{"id": "a"}], "pageCount": 2}),
        lambda s: s.answer(body={"entities": [{"id": "b"}], "pageCount": 2}),
    ]

    assert [n.id for n in client.entities("/api/v2/users", Named)] == ["a", "b"]


def test_an_empty_listing_may_lack_its_entities(host: Any, client: Client) -> None:
    host.plays = [lambda s: s.answer(body={})]

    assert list(client.entities("/api/v2/users", Named)) == []
