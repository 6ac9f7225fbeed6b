"""Backtests that somebody asked for: worked off in slices by one worker at a time, then gone."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from chrono.spans import Span
from sla import backtest
from sla.backtest import backtest_of, last_days, run
from sla.backtesting import KEPT_FOR, LEASE, ask, work_off
from sla.domain.tally import Pair, Tally, What
from sla.drafts import Draft
from sla.models import Backtest, Calendar, Override, Policy
from tests.db.sla.mirrored import MONDAY, conversation

pytestmark = pytest.mark.django_db
NOW = MONDAY.replace(hour=18)
WEEK: Span = last_days(7, NOW)
UTC = ZoneInfo("UTC")


def asked() -> Backtest:
    policy = Policy.objects.get()
    policy.next_response_s = 3600
    return ask(draft=Draft(policy=policy), span=WEEK, zone=UTC, asked_by=None, now=NOW)


def test_what_is_worked_off_is_what_comes_of_one_go() -> None:
    for number in range(5):
        conversation(number)
    row = asked()
    assert (row.state, row.done, row.total) == ("running", 0, 5)

    assert work_off(now=NOW) == 5
    assert work_off(now=NOW) == 0

    row.refresh_from_db()
    assert (row.state, row.done, row.leased_until) == ("done", 5, None)
    policy = Policy.objects.get()
    policy.next_response_s = 3600
    whole = run(backtest_of(Draft(policy=policy), span=WEEK, zone=UTC))
    assert row.result == whole.as_json()


def test_a_run_that_was_cut_off_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "BATCH", 2)
    for number in range(5):
        conversation(number)
    cut, whole = asked(), asked()
    work_off(now=NOW)
    whole.refresh_from_db()
    first = whole.result

    monkeypatch.setattr("sla.backtesting.TURN", 2)
    Backtest.objects.filter(pk=cut.pk).update(
        state="running", done=0, last_pk=0, result={}, finished_at=None
    )
    assert [work_off(now=NOW) for _ in range(4)] == [2, 2, 1, 0]

    cut.refresh_from_db()
    assert (cut.state, cut.done, cut.result) == ("done", 5, first)


def test_one_worker_at_a_time_works_on_it_until_its_lease_is_over() -> None:
    conversation(1)
    row = asked()
    Backtest.objects.update(leased_until=NOW + LEASE)

    assert work_off(now=NOW) == 0
    assert work_off(now=NOW + LEASE) == 1
    row.refresh_from_db()
    assert row.state == "done"


def test_hours_that_cannot_be_read_are_told() -> None:
    Calendar.objects.update(timezone="Berlin")

    row = asked()

    assert row.state == "failed"
    assert "'Berlin' is no time zone" in row.reason
    assert work_off(now=NOW) == 0


def test_what_was_in_force_when_it_was_asked_for_is_what_it_is_beside() -> None:
    conversation(1)
    row = asked()
    Policy.objects.update(next_response_s=3600, position=7)
    Calendar.objects.update(hours={"tue": [["09:00", "17:00"]]})

    work_off(now=NOW)

    row.refresh_from_db()
    tally = Tally.of_json(row.result)
    assert tally.pair(What.WARNINGS) == Pair(today=1, draft=0)
    assert tally.pair(What.BREACHES) == Pair(today=1, draft=1)


def test_emergencies_count_on_both_sides() -> None:
    conversation(1)
    Override.objects.create(calendar=Calendar.objects.get(), starts_at=MONDAY)

    row = asked()
    work_off(now=NOW)

    row.refresh_from_db()
    assert Tally.of_json(row.result).pair(What.BREACHES) == Pair(today=0, draft=0)


def test_after_a_week_it_is_gone() -> None:
    asked()
    work_off(now=NOW + KEPT_FOR - timedelta(seconds=1))
    assert Backtest.objects.count() == 1

    work_off(now=NOW + KEPT_FOR)
    assert not Backtest.objects.exists()
