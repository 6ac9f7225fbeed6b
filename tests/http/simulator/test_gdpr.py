"""Erasure requests as the platform lists them."""

from typing import Any

import pytest
import requests

from simulator.server import Served
from tests.simulated import Client


def ask(served: Served, body: Any) -> requests.Response:
    return requests.post(f"{served.url}/simulator/gdpr", json=body, timeout=10)


def test_a_request_is_listed_and_told(served: Served, client: Client) -> None:
    made = ask(served, {"subject": {"phoneNumbers": ["+4930123"]}}).json()
    latest = ask(served, {"subject": {"userId": "u1"}, "requestType": "GDPR_EXPORT"}).json()

    page = client.get("/api/v2/gdpr/requests", pageSize=1).json()

    assert page["entities"] == [latest]
    assert (page["total"], page["pageCount"], page["pageNumber"]) == (2, 2, 1)
    assert client.get("/api/v2/gdpr/requests", pageSize=1, pageNumber=2).json()["entities"] == [
        made
    ]
    assert client.get(made["selfUri"]).json() == made
    assert made["requestType"] == "GDPR_DELETE"
    assert client.get("/api/v2/gdpr/requests/none").status_code == 404
    assert client.get("/api/v2/gdpr/requests", pageSize=101).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"subject": {}},
        {"subject": {"shoe": 43}},
        {"subject": {"name": "A"}, "requestType": "X"},
    ],
)
def test_a_request_that_genesys_would_not_take_is_refused(served: Served, body: Any) -> None:
    assert ask(served, body).status_code == 400
