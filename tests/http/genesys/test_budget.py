"""The rate budget: counted before sending, shared by all, and 429 obeyed to the second."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from integrations.errors import BudgetSpentError, RateLimitedError, TemporaryError
from integrations.genesys.budget import Budget, Priority
from integrations.genesys.client import Client


@pytest.fixture(params=["files", "memory"])
def _shared(request: Any, settings: Any, tmp_path: Path) -> None:
    backends = {
        "files": ("filebased.FileBasedCache", str(tmp_path / "cache")),
        "memory": ("locmem.LocMemCache", "budget"),
    }
    backend, location = backends[request.param]
    path = f"django.core.cache.backends.{backend}"
    settings.CACHES = {"default": {"BACKEND": path, "LOCATION": location}}
    cache.clear()


def _told(count: int, *, allowed: int = 300, reset: int = 60) -> dict[str, str]:
    numbers = {"count": count, "allowed": allowed, "reset": reset}
    return {f"inin-ratelimit-{name}": str(number) for name, number in numbers.items()}


def _taken(budget: Budget, priority: Priority) -> int:
    count = 0
    while True:
        try:
            budget.take(priority)
        except BudgetSpentError:
            return count
        count += 1


@pytest.mark.usefixtures("_shared")
def test_urgent_work_goes_on_where_background_work_has_to_stop() -> None:
    budget = Budget("one")
    budget.note(_told(0))

    assert _taken(budget, Priority.BACKGROUND) == 200
    assert _taken(budget, Priority.OPEN) == 40
    assert _taken(budget, Priority.EVENTS) == 30
    assert _taken(budget, Priority.INTERACTIVE) == 24
    assert budget.left() == 6


@pytest.mark.usefixtures("_shared")
def test_reserves_shrink_with_a_smaller_limit_and_what_is_not_told_is_free() -> None:
    budget = Budget("two")
    for _ in range(500):
        budget.take(Priority.BACKGROUND)
    small = Budget("three")
    small.note(_told(0, allowed=30))
    assert _taken(small, Priority.BACKGROUND) == 20


@pytest.mark.usefixtures("_shared")
def test_what_others_used_is_learned_and_a_late_answer_takes_nothing_back() -> None:
    budget = Budget("four")
    budget.note(_told(120))
    budget.note(_told(80))
    assert budget.left() == 180
    budget.take()
    assert Budget("four").left() == 179


@pytest.mark.usefixtures("_shared")
def test_a_new_minute_begins_when_the_old_one_ends() -> None:
    budget = Budget("five")
    budget.note(_told(300, reset=1))
    with pytest.raises(BudgetSpentError) as spent:
        budget.take()
    assert 0 < (spent.value.retry_after or 0) <= 1
    time.sleep(1.1)
    budget.take()


def _refused(host: Any, client: Client, status: int, **headers: str) -> TemporaryError:
    host.plays = [lambda s: s.answer(status, {}, **headers)]
    with pytest.raises(TemporaryError) as told:
        client.get("/api/v2/analytics/thing")
    return told.value


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry_After": "7200"}, 7_100, 7_200),
        ({"Retry_After": "0"}, 0.5, 1),
        ({"inin_ratelimit_reset": "23"}, 22, 23),
        ({}, 59, 60),
        ({"Retry_After": "soon"}, 59, 60),
    ],
)
def test_nothing_is_sent_before_a_429_says_so(
    host: Any, client: Client, headers: dict[str, str], least: float, most: float
) -> None:
    _refused(host, client, 429, **headers)
    assert least < client.budget.blocked_s() <= most
    with pytest.raises(RateLimitedError, match="not sent"):
        client.get("/api/v2/other")
    assert len(host.calls) == 1


def test_a_date_is_counted_by_the_clock_of_whoever_sent_it(host: Any, client: Client) -> None:
    later = datetime.now(UTC) + timedelta(seconds=90)
    error = _refused(host, client, 429, Retry_After=format_datetime(later, usegmt=True))
    assert 87 < (error.retry_after or 0) <= 91


def test_a_5xx_that_asks_to_wait_closes_its_part_of_the_api_only(host: Any, client: Client) -> None:
    _refused(host, client, 503, Retry_After="40")
    with pytest.raises(RateLimitedError, match="not sent"):
        client.get("/api/v2/analytics/thing")
    host.plays = [lambda s: s.answer(body={})]
    client.get("/api/v2/users/me")


def test_too_many_jobs_at_a_time_close_nothing(host: Any, client: Client) -> None:
    limit = {"limit": {"key": "details.jobs.concurrent.access.max"}}
    host.plays = [lambda s: s.answer(429, limit)]
    with pytest.raises(TemporaryError, match="too many at a time"):
        client.get("/api/v2/analytics/thing")
    assert client.budget.blocked_s() == 0


def test_an_error_that_comes_as_a_success_is_an_error(host: Any, client: Client) -> None:
    body = {"status": 503, "code": "service.unavailable", "message": "x", "contextId": "c"}
    host.plays = [lambda s: s.answer(200, body)] * 3
    with pytest.raises(TemporaryError, match="503"):
        client.ask("/api/v2/query", {})


@pytest.mark.usefixtures("_shared")
def test_a_clock_that_was_set_back_does_not_close_the_road(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget("set-back")
    budget.note(_told(300))
    with pytest.raises(BudgetSpentError):
        budget.take()
    earlier = time.time() - 1_800
    monkeypatch.setattr(time, "time", lambda: earlier)

    budget.take()
    assert budget.spares(0)


@pytest.mark.usefixtures("_shared")
def test_a_reset_beyond_the_minute_is_not_believed() -> None:
    budget = Budget("mad")
    budget.note(_told(300, reset=99_999))
    with pytest.raises(BudgetSpentError) as refused:
        budget.take()
    assert refused.value.retry_after is not None
    assert refused.value.retry_after <= 60


def test_a_cache_that_is_emptied_while_it_is_counted_in_costs_nothing(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.http.genesys.forgetful.Forgetful"}}
    budget = Budget("flushed")
    budget.take()
    assert budget.left() is None
