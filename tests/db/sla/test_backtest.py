"""What a draft would have made of history, beside what is in force: exactly, nothing saved."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chrono.errors import HoursError
from sla.backtest import EVENTS, backtest_of, last_days, run
from sla.backtest_report import report
from sla.domain.tally import MOST_NAMED, Pair, Side, Tally, What
from sla.drafts import Draft, as_json, of_json
from sla.models import Calendar, Clock, HoursRule, Ladder, Policy, Rung
from tests.db.sla.mirrored import MONDAY, conversation, wrote

pytestmark = pytest.mark.django_db
NOW = MONDAY.replace(hour=18)
HOUR = 3600


def tried(*, days: int = 7, now: datetime = NOW, zone: str = "UTC", **draft: Any) -> Tally:
    test = backtest_of(Draft(**draft), span=last_days(days, now), zone=ZoneInfo(zone))
    return run(test)


def four_hours(**changed: Any) -> Policy:
    """The policy of a new installation, as somebody has changed it in a form."""
    policy = Policy.objects.get(name="Answer within 4 hours")
    for name, value in changed.items():
        setattr(policy, name, value)
    return policy


def office(**changed: Any) -> Calendar:
    """Its opening hours, as somebody has changed them."""
    calendar = Calendar.objects.get(name="Office hours")
    for name, value in changed.items():
        setattr(calendar, name, value)
    return calendar


def numbers(tally: Tally, *whats: What) -> list[Pair]:
    return [tally.pair(what) for what in whats]


def test_a_shorter_promise_breaches_where_todays_does_not() -> None:
    answered = conversation(1)
    wrote("agent", answered, MONDAY.replace(hour=10))  # 15 min + 1 h of opening hours

    tally = tried(policy=four_hours(next_response_s=HOUR, warnings=["30 min"]))

    assert tally.conversations == 1
    assert tally.pair(What.WARNINGS) == Pair(today=0, draft=1)
    assert tally.pair(What.BREACHES) == Pair(today=0, draft=1)
    assert tally.pair(What.WAITS) == Pair(today=1, draft=1)
    assert tally.pair(What.KEPT) == Pair(today=1, draft=0)
    assert tally.ways() == {EVENTS: Pair(today=0, draft=2)}
    ((day, queue, found),) = tally.rows()
    assert (day, queue) == ("2026-03-30", "q1")
    assert found[What.BREACHES].difference == 1
    assert tally.behind(Side.DRAFT, What.BREACHES).pks == (answered.pk,)
    assert tally.behind(Side.TODAY, What.BREACHES) == (0, ())


def test_nothing_of_a_draft_is_saved() -> None:
    conversation(1)

    tried(policy=four_hours(next_response_s=HOUR), calendar=office(timezone="Europe/Berlin"))

    assert Policy.objects.get().next_response_s == 4 * HOUR
    assert Calendar.objects.get().timezone == "UTC"
    assert not Clock.objects.exists()


def test_a_draft_that_takes_conversations_from_another_policy_shows_that() -> None:
    taken, left = conversation(1, queue_id="q1"), conversation(2, queue_id="q2")
    for one in (taken, left):
        wrote("agent", one, MONDAY.replace(hour=10))
    premium = Policy(
        name="Premium",
        position=1,
        calendar=office(),
        queue_ids=["q1"],
        next_response_s=HOUR,
    )

    tally = tried(policy=premium)

    assert tally.conversations == 1
    assert (tally.moved.number, tally.moved.pks) == (1, (taken.pk,))
    assert numbers(tally, What.WAITS, What.KEPT, What.BREACHES) == [(1, 1), (1, 0), (0, 1)]


def test_a_policy_that_would_be_switched_off_promises_nothing() -> None:
    answered = conversation(1)
    wrote("agent", answered, MONDAY.replace(hour=16))

    tally = tried(policy=four_hours(active=False))

    assert numbers(tally, What.WAITS, What.WARNINGS, What.BREACHES) == [(1, 0), (1, 0), (1, 0)]
    assert tally.moved.number == 1


def test_an_unchanged_policy_comes_to_the_same_on_both_sides() -> None:
    conversation(1)

    tally = tried(policy=four_hours())

    assert numbers(tally, What.WARNINGS, What.BREACHES) == [(1, 1), (1, 1)]
    assert tally.moved.number == 0


def test_other_hours_are_tried_for_the_policies_that_keep_them_and_no_others() -> None:
    conversation(1)
    conversation(2, media_type="chat")
    elsewhere = Calendar.objects.create(
        name="Elsewhere", timezone="UTC", hours={"mon": [["09:00", "17:00"]]}
    )
    Policy.objects.create(
        name="Chat", media_types=["chat"], calendar=elsewhere, next_response_s=HOUR, position=1
    )

    tally = tried(calendar=office(holidays=["2026-03-30"]))

    assert tally.conversations == 1
    assert numbers(tally, What.WARNINGS, What.BREACHES) == [(1, 0), (1, 0)]


def test_other_hours_of_a_queue_are_tried_for_the_policies_that_go_by_its_hours() -> None:
    conversation(1, queue_id="q1")
    conversation(2, queue_id="q2")
    Policy.objects.update(calendar=None)
    mine = Calendar.objects.create(name="Mine", timezone="UTC", hours={"mon": [["09:00", "17:00"]]})
    HoursRule.objects.create(calendar=mine, queue_ids=["q1"], position=1)
    HoursRule.objects.create(calendar=office(), position=2)
    mine.holidays = ["2026-03-30"]

    tally = tried(calendar=mine)

    assert tally.conversations == 2
    assert numbers(tally, What.BREACHES) == [(2, 1)]
    assert tally.behind(Side.DRAFT, What.BREACHES, queue_id="q2").number == 1


def test_hours_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(HoursError, match="'Berlin' is no time zone"):
        tried(calendar=office(timezone="Berlin"))
    Calendar.objects.update(timezone="Paris")
    with pytest.raises(HoursError, match="'Paris' is no time zone"):
        tried(policy=four_hours())


def test_a_ladder_tells_by_its_ways_and_not_while_it_is_quiet() -> None:
    conversation(1)  # breached on Monday at 12:45
    ladder = Ladder.objects.create(name="Usual")
    Rung.objects.create(ladder=ladder, offset_s=0, audience="supervisors", destination_id=3)
    Policy.objects.update(ladder=ladder)
    changed = Ladder.objects.get()
    changed.quiet_from, changed.quiet_until, changed.quiet_timezone = time(13), time(20), "UTC"
    rungs = (
        *Rung.objects.all(),
        Rung(ladder=ladder, position=20, offset_s=HOUR, audience="administrators"),
        Rung(ladder=ladder, position=30, offset_s=60, repeat_every_s=60, repeat_times=4),
    )

    tally = tried(ladder=changed, rungs=rungs)

    # 12:46, 12:47 ... 12:50; the administrators' rung is due at 13:45 and held until 20:00.
    assert tally.ways() == {
        EVENTS: Pair(2, 2),
        "supervisors:3:": Pair(1, 1),
        "destination::": Pair(0, 5),
    }
    later = tried(ladder=changed, rungs=rungs, now=NOW + timedelta(hours=3))
    assert later.ways()["administrators::"] == Pair(0, 1)


def test_days_are_those_of_the_zone_and_what_lies_outside_of_them_is_left_out() -> None:
    Calendar.objects.update(hours={"mon": [["00:00", "24:00"]]})
    conversation(1, started_at=MONDAY.replace(hour=18, minute=30))  # breached at 22:30
    ended = MONDAY - timedelta(days=3)
    conversation(2, started_at=ended - timedelta(days=1), ended_at=ended)
    late = MONDAY + timedelta(days=1)

    (row,) = tried(policy=four_hours(), now=late, zone="Europe/Berlin", days=1).rows()

    assert row[0] == "2026-03-31"
    assert tried(policy=four_hours(), now=late, days=1).conversations == 1
    assert tried(policy=four_hours(), now=late, days=5).conversations == 2


def test_many_conversations_cost_as_many_statements_as_few_and_the_first_are_named() -> None:
    for number in range(3):
        conversation(number)
    with CaptureQueriesContext(connection) as few:
        tried(policy=four_hours())
    for number in range(3, MOST_NAMED + 5):
        conversation(number)
    with CaptureQueriesContext(connection) as many:
        tally = tried(policy=four_hours())

    assert len(many) == len(few)
    breached = tally.behind(Side.DRAFT, What.BREACHES, day="2026-03-30", queue_id="q1")
    assert (breached.number, len(breached.pks)) == (MOST_NAMED + 5, MOST_NAMED)
    again = Tally.of_json(tally.as_json())
    assert list(again.rows()) == list(tally.rows())
    assert again.moved == tally.moved


def test_a_draft_goes_through_json() -> None:
    ladder = Ladder.objects.create(name="Usual", quiet_from=time(22), quiet_until=time(6))
    draft = Draft(
        policy=four_hours(next_response_s=HOUR, ladder=ladder),
        calendar=office(timezone="Europe/Berlin"),
        ladder=ladder,
        rungs=(Rung(ladder=ladder, offset_s=-60, kinds=["next_response"]),),
    )

    read = of_json(as_json(draft))

    assert str(read) == "policy Answer within 4 hours, hours Office hours, ladder Usual"
    assert read.policy
    assert (read.policy.next_response_s, read.policy.ladder_id) == (HOUR, ladder.pk)
    assert read.calendar
    assert (read.calendar.timezone, read.calendar.pk) == (
        "Europe/Berlin",
        Calendar.objects.get().pk,
    )
    assert read.ladder
    assert read.ladder.quiet_from == time(22)
    (rung,) = read.rungs
    assert not rung.pk
    assert (rung.offset_s, rung.kinds) == (-60, ["next_response"])


def test_ways_that_are_called_alike_are_one_line() -> None:
    cells = [
        ["2026-03-27", "q1", side, "notices", way, number, [1]]
        for side, way, number in (
            ("draft", EVENTS, 2),
            ("draft", "destination::", 40),
            ("today", EVENTS, 1),
            ("draft", "administrators::", 3),
        )
    ]
    told = report(Tally.of_json({"cells": cells}), days=7)
    assert told.notices == (
        ("whoever is told of SLA events", Pair(1, 42)),
        ("the administrators", Pair(0, 3)),
    )
    assert "42 x whoever is told of SLA events, 3 x the administrators." in told.sentence
