"""A job's result that has no end: it must cost one reading, not a worker."""

from datetime import date
from typing import Any

import pytest

from integrations.genesys.backfill import backfill, plan
from integrations.genesys.client import Client
from integrations.genesys.jobs import AVAILABILITY, JOBS
from integrations.models import HistoryDay

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 24)
RESULTS = f"{JOBS}/job-1/results"


@pytest.fixture(autouse=True)
def _job(host: Any) -> None:
    told = {"dataAvailabilityDate": "2026-03-27T00:00:00.000Z"}
    host.routes[AVAILABILITY] = lambda stage: stage.answer(body=told)
    host.routes[JOBS] = lambda stage: stage.answer(202, {"jobId": "job-1"})
    host.routes[f"{JOBS}/job-1"] = lambda stage: stage.answer(body={"state": "FULFILLED"})


def _backfill(client: Client) -> HistoryDay:
    plan(first=DAY, last=DAY)
    backfill(client=client, first=DAY, last=DAY, now=client.clock())
    return HistoryDay.objects.get()


@pytest.mark.parametrize("cursors", [("a",), ("a", "b", "c")])
def test_a_cursor_that_comes_again_ends_the_reading(
    client: Client, host: Any, cursors: tuple[str, ...]
) -> None:
    follows = dict(zip(("", *cursors), (*cursors, cursors[0]), strict=True))

    def results(stage: Any) -> None:
        cursor = follows[stage.query.get("cursor", "")]
        stage.answer(body={"conversations": [], "cursor": cursor})

    host.routes[RESULTS] = results
    row = _backfill(client)

    assert (row.state, row.attempts) == ("waiting", 1)
    assert "for the second time" in row.reason


def test_cursors_that_are_refused_for_ever_end_the_reading(client: Client, host: Any) -> None:
    def results(stage: Any) -> None:
        if "cursor" in stage.query:
            stage.answer(400, {"code": "bad.request"})
        else:
            stage.answer(body={"conversations": [], "cursor": "a"})

    host.routes[RESULTS] = results
    row = _backfill(client)

    assert (row.state, row.attempts) == ("waiting", 1)
    assert "its own cursors" in row.reason
