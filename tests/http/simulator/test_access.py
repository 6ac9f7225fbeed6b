"""Tokens, budgets and the wording of refusals, over the wire."""

import pytest
import requests

from simulator.server import Served
from tests.simulated import Client


def ask_token(served: Served, user: str, secret: str, **form: str) -> requests.Response:
    return requests.post(f"{served.url}/oauth/token", data=form, auth=(user, secret), timeout=10)


def test_client_credentials_buy_a_token_that_opens_the_api(served: Served) -> None:
    answer = ask_token(served, "simulator", "simulator", grant_type="client_credentials")
    assert answer.status_code == 200
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 86_400)
    bought = Client(served.url, answer.json()["access_token"])
    assert bought.get("/api/v2/organizations/me").json()["name"] == "Harbour Insurance"


@pytest.mark.parametrize(
    ("user", "secret", "grant", "status"),
    [
        ("simulator", "wrong", "client_credentials", 401),
        ("nobody", "simulator", "client_credentials", 401),
        ("simulator", "simulator", "password", 400),
    ],
)
def test_wrong_credentials_or_grants_buy_nothing(
    served: Served, user: str, secret: str, grant: str, status: int
) -> None:
    answer = ask_token(served, user, secret, grant_type=grant)
    assert answer.status_code == status
    assert "access_token" not in answer.json()


def test_without_a_token_the_api_stays_shut(served: Served) -> None:
    answer = Client(served.url, "made up").get("/api/v2/users")
    assert answer.status_code == 401
    assert answer.json()["code"] == "bad.credentials"
    assert answer.json()["contextId"] == answer.headers["ININ-Correlation-Id"]


def test_every_answer_tells_the_budget_and_one_too_many_when_to_come_back(
    served: Served, client: Client
) -> None:
    limits = {"rate_per_minute": 2}
    requests.post(f"{served.url}/simulator/limits", json=limits, timeout=10).raise_for_status()
    assert client.get("/api/v2/users").headers["inin-ratelimit-count"] == "1"
    assert client.get("/api/v2/users").headers["inin-ratelimit-allowed"] == "2"
    refused = client.get("/api/v2/users")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["inin-ratelimit-reset"] == refused.headers["Retry-After"]
    assert refused.json()["limit"]["key"] == "client.credentials.token.rate.per.minute"


def test_revoking_tokens_shuts_them_out(served: Served, client: Client) -> None:
    assert client.get("/api/v2/users").status_code == 200
    revoked = requests.delete(f"{served.url}/simulator/tokens", timeout=10).json()["revoked"]
    assert revoked >= 1
    assert client.get("/api/v2/users").status_code == 401


def test_an_unknown_path_is_refused_in_json(client: Client) -> None:
    answer = client.get("/api/v2/routing/schedules")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not.found"
    assert "/api/v2/routing/schedules" in answer.json()["message"]


def test_an_unknown_entity_is_named_in_the_refusal(client: Client) -> None:
    answer = client.get("/api/v2/architect/schedules/none-such")
    assert answer.status_code == 404
    assert answer.json()["entityId"] == "none-such"
