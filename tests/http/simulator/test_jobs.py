"""Asynchronous jobs, the limits, and the faults of answers, as a client meets them."""

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from chrono.instants import isoformat, to_ms
from simulator.api.faults import everything
from simulator.server import Served
from tests.http.simulator.conftest import centre
from tests.simulated import Client

JOBS = "/api/v2/analytics/conversations/details/jobs"
QUERY = "/api/v2/analytics/conversations/details/query"
DAY = {"interval": "2026-03-26T00:00:00.000Z/2026-03-27T00:00:00.000Z"}


@pytest.fixture(scope="module")
def living() -> Iterator[Served]:
    with centre() as served:
        yield served


@pytest.fixture
def client(living: Served) -> Iterator[Client]:
    yield Client(living.url, living.centre.access.issue().value)
    living.centre.faults.put([])


def _advance(served: Served, seconds: float) -> None:
    requests.post(f"{served.url}/simulator/clock", json={"advance_s": seconds}, timeout=10)


def _order(served: Served, *rules: dict[str, Any]) -> None:
    answer = requests.post(f"{served.url}/simulator/faults", json=list(rules), timeout=10)
    assert answer.status_code == 200, answer.text


def _submit(client: Client, **body: Any) -> str:
    answer = client.post(JOBS, DAY | body)
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["jobId"]
    return job


def _pages(client: Client, job: str, size: int) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while not pages or cursor:
        answer = client.get(f"{JOBS}/{job}/results", pageSize=size, **cursor).json()
        pages.append(answer)
        cursor = {"cursor": answer["cursor"]} if "cursor" in answer else {}
    return pages


def test_a_job_is_queued_then_pending_then_fulfilled_and_told_in_pages(
    living: Served, client: Client
) -> None:
    job = _submit(client)
    states = []
    for seconds in (0, 1, 2):
        _advance(living, seconds)
        states.append(client.get(f"{JOBS}/{job}").json()["state"])
    assert states == ["QUEUED", "PENDING", "FULFILLED"]

    pages = _pages(client, job, 100)
    told = {c["conversationId"]: c for page in pages for c in page["conversations"]}
    assert [len(page["conversations"]) for page in pages[:-1]] == [100] * (len(pages) - 1)
    last = to_ms(datetime(2026, 3, 27, tzinfo=UTC))
    known = living.centre.world.conversations
    assert set(told) == {c.id for c in known.values() if c.start < last}
    assert pages[0]["dataAvailabilityDate"] < isoformat(living.centre.clock.now())
    attributes = [p.get("attributes") for c in told.values() for p in c["participants"]]
    assert {"customer.tier": "gold", "entry.queue": "Claims"}.keys() in [
        a.keys() for a in attributes if a
    ]
    assert None in attributes


def test_a_job_takes_what_lives_in_its_interval_or_what_began_on_its_day(
    living: Served, client: Client
) -> None:
    second = {"interval": "2026-03-27T02:00:00.000Z/2026-03-27T08:00:00.000Z"}
    jobs = [_submit(client, **second), _submit(client, **second, startOfDayIntervalMatching=True)]
    _advance(living, 5)
    lives, began = (
        {c["conversationId"] for c in _pages(client, j, 1000)[0]["conversations"]} for j in jobs
    )
    midnight = to_ms(datetime(2026, 3, 27, tzinfo=UTC))
    known = living.centre.world.conversations
    assert began < lives
    assert {known[id_].start < midnight for id_ in lives - began} == {True}


def test_attributes_are_cut_at_1024(living: Served, client: Client) -> None:
    first = next(iter(living.centre.world.conversations.values()))
    first.participants[0].attributes = {"note": "x" * 3_000}
    job = _submit(client)
    _advance(living, 5)
    told = {c["conversationId"]: c for c in _pages(client, job, 1000)[0]["conversations"]}
    assert told[first.id]["participants"][0]["attributes"] == {"note": "x" * 1_024}


def test_an_interval_that_ends_after_the_data_is_refused(living: Served, client: Client) -> None:
    available = client.get(f"{JOBS}/availability").json()["dataAvailabilityDate"]
    until = isoformat(living.centre.clock.now())
    answer = client.post(JOBS, {"interval": f"2026-03-27T00:00:00.000Z/{until}"})
    assert answer.status_code == 400
    assert available in answer.json()["message"]


def test_only_so_many_jobs_at_a_time_and_one_that_is_deleted_is_cancelled(
    living: Served, client: Client
) -> None:
    _advance(living, 60)
    jobs = [_submit(client) for _ in range(10)]
    refused = client.post(JOBS, DAY)
    assert refused.status_code == 429
    assert refused.json()["limit"]["key"] == "details.jobs.concurrent.access.max"
    headers = {"Authorization": f"Bearer {client.token}"}
    gone = requests.delete(f"{living.url}{JOBS}/{jobs[0]}", headers=headers, timeout=10)
    assert gone.status_code == 204
    assert client.get(f"{JOBS}/{jobs[0]}").json()["state"] == "CANCELLED"
    _submit(client)
    _advance(living, 60)


@pytest.mark.parametrize(
    ("kind", "state"),
    [("job_failed", "FAILED"), ("job_expired", "EXPIRED"), ("job_cancelled", "CANCELLED")],
)
def test_a_job_comes_out_as_a_fault_says(
    living: Served, client: Client, kind: str, state: str
) -> None:
    _order(living, {"path": JOBS, "kind": kind, "count": 1})
    job = _submit(client)
    _advance(living, 5)
    assert client.get(f"{JOBS}/{job}").json()["state"] == state
    assert client.get(f"{JOBS}/{job}/results").status_code in {400, 404}


def test_a_wrong_cursor_is_refused(living: Served, client: Client) -> None:
    job = _submit(client)
    _advance(living, 5)
    for cursor in ("nonsense", "b3RoZXI6MTA="):
        answer = client.get(f"{JOBS}/{job}/results", cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid.cursor")


def test_the_limits_can_be_read(client: Client) -> None:
    docs = client.get("/api/v2/organizations/limits/docs").json()
    names = [namespace["name"] for namespace in docs["namespaces"]]
    for name in names:
        told = client.get(f"/api/v2/organizations/limits/namespaces/{name}/defaults").json()
        assert all(entity["value"] > 0 for entity in told["entities"])
    assert "analytics" in names


def _ask(client: Client, number: int = 1) -> dict[str, Any]:
    paging = {"pageSize": 25, "pageNumber": number}
    answer = client.post(QUERY, DAY | {"paging": paging})
    told: dict[str, Any] = answer.json()
    return told


def _ids(answer: dict[str, Any]) -> list[str]:
    return [c["conversationId"] for c in answer["conversations"]]


def test_pages_repeat_go_missing_and_come_in_another_order(living: Served, client: Client) -> None:
    first, second, third = (_ids(_ask(client, n)) for n in (1, 2, 3))
    for kind, told in (("duplicate_page", first), ("missing_page", third)):
        _order(living, {"path": QUERY, "kind": kind})
        assert _ids(_ask(client, 2)) == told
    _order(living, {"path": QUERY, "kind": "reordered"})
    shuffled = _ids(_ask(client, 2))
    assert shuffled != second
    assert sorted(shuffled) == sorted(second)
    _order(living, {"path": QUERY, "kind": "shifting_total"})
    assert len({_ask(client)["totalHits"] for _ in range(5)}) > 1


def test_an_answer_may_be_cut_an_error_with_200_or_come_in_drops(
    living: Served, client: Client
) -> None:
    _order(living, {"path": QUERY, "kind": "truncated", "count": 1})
    with pytest.raises(requests.JSONDecodeError):
        client.post(QUERY, DAY).json()
    _order(living, {"path": QUERY, "kind": "error_body", "status": 503, "count": 1})
    answer = client.post(QUERY, DAY)
    assert (answer.status_code, answer.json()["status"]) == (200, 503)
    _order(living, {"path": QUERY, "kind": "trickle", "seconds": 0.2, "count": 1})
    started = time.monotonic()
    assert _ask(client)["totalHits"] > 0
    assert time.monotonic() - started > 0.15


def test_the_clock_of_the_platform_is_the_centres_and_may_be_wrong(
    living: Served, client: Client
) -> None:
    answer = client.get("/api/v2/organizations/me")
    assert parsedate_to_datetime(answer.headers["Date"]) == living.centre.clock.now().replace(
        microsecond=0
    )
    _order(living, {"path": "/api/v2/*", "kind": "skew", "seconds": 600, "count": 1})
    skewed = client.get("/api/v2/organizations/me").headers["Date"]
    ahead = parsedate_to_datetime(skewed) - living.centre.clock.now()
    assert timedelta(minutes=9) < ahead <= timedelta(minutes=10)


def test_too_many_requests_may_be_told_with_a_date(living: Served, client: Client) -> None:
    rule = {"path": "*", "kind": "error", "status": 429, "retry_after": 90, "as_date": True}
    _order(living, rule | {"path": QUERY})
    at = parsedate_to_datetime(client.post(QUERY, DAY).headers["Retry-After"])
    assert at - living.centre.clock.now() > timedelta(seconds=88)


def test_a_refused_rate_may_tell_by_its_reset_alone(living: Served, client: Client) -> None:
    (rule,) = [
        {**rule, "probability": 1.0}
        for rule in everything({"probability": 0.1})
        if rule.get("status") == 429 and "retry_after" not in rule
    ]
    _order(living, rule)
    refused = client.post(QUERY, DAY)
    assert refused.status_code == 429
    assert refused.headers["inin-ratelimit-reset"] == "1"
    assert "Retry-After" not in refused.headers


def test_a_token_may_be_revoked_in_passing(living: Served, client: Client) -> None:
    _order(living, {"path": QUERY, "kind": "revoke", "count": 1})
    assert [client.post(QUERY, DAY).status_code for _ in range(2)] == [401, 401]


def test_one_call_sets_every_fault_and_its_seed_repeats_it(living: Served, client: Client) -> None:
    def happened(seed: int) -> dict[str, int]:
        order = {"probability": 0.1, "seconds": 0, "seed": seed}
        requests.post(f"{living.url}/simulator/faults/all", json=order, timeout=10)
        for _ in range(60):
            with contextlib.suppress(requests.ConnectionError):
                client.post(QUERY, DAY | {"paging": {"pageSize": 1, "pageNumber": 1}})
        told: dict[str, int] = requests.get(
            f"{living.url}/simulator/faults/befallen", timeout=10
        ).json()
        return told

    first = happened(3)
    assert len(first) > 8
    assert happened(3) == first
    assert happened(4) != first
    wrong = requests.post(f"{living.url}/simulator/faults/all", json={"x": 1}, timeout=10)
    assert wrong.status_code == 400
