"""The cap, the dry run, and several workers at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from conversations.models import CommonEvent
from integrations.genesys.enforce import Enforced
from sla.forcing import candidates, steps
from sla.forcing.steps import State
from sla.models import ForcedEnd
from tests.http.genesys.enforce.conftest import Allow, Stage, Watched, forced, state_of

pytestmark = pytest.mark.django_db


def test_no_more_than_so_many_an_hour_and_the_others_wait(stage: Stage, allow: Allow) -> None:
    allow(per_hour=2)
    for desk in range(5):
        stage.taken(desk=desk)
    stage.forgets()
    first = stage.clock.now()
    assert stage.run() == Enforced(planned=5, looked_at=5, asked=2)
    held = ForcedEnd.objects.filter(state="planned")
    assert set(held.values_list("reason", "look_at")) == {
        ("held back: 2 within an hour are the most", first + timedelta(hours=1))
    }

    stage.passes(3599)
    stage.follow()
    assert stage.run().asked == 0
    stage.passes(2)
    stage.follow()
    assert stage.run().asked == 2
    assert len(stage.wire.acts) == 4


def test_what_is_held_back_costs_no_request(stage: Stage, allow: Allow) -> None:
    allow(per_hour=1)
    for desk in range(4):
        stage.taken(desk=desk)
    stage.forgets()
    before = stage.wire.sent
    stage.run()

    # Of one: token and conversation, messages and who is automatic, live, act, live.
    assert stage.wire.sent - before <= 8


def test_a_dry_run_goes_all_the_way_but_asks_for_nothing(stage: Stage, allow: Allow) -> None:
    one = allow(mode="dry_run", per_hour=1)
    scripts = [stage.taken(desk=desk) for desk in range(3)]
    stage.forgets()
    assert stage.run() == Enforced(planned=3, looked_at=3)

    rows = ForcedEnd.objects.all()
    assert {(row.state, row.before["state"], row.dry_run) for row in rows} == {
        ("would_have", "connected", True)
    }
    assert {state_of(script) for script in scripts} == {"open"}
    assert stage.wire.acts == []
    assert not CommonEvent.objects.filter(name="conversation.forced").exists()
    one.refresh_from_db()
    assert one.seen_at == stage.clock.now()

    allow(mode="live", per_hour=9)
    stage.follow()
    assert stage.run() == Enforced(planned=3, looked_at=3, asked=3)


def test_a_reading_of_more_than_a_minute_ago_is_none(stage: Stage, allow: Allow) -> None:
    allow()
    stage.taken()
    stage.forgets()
    now = stage.clock.now()
    candidates.plan(now=now)
    row = steps.claim(now=now)
    assert row
    read_at = now - timedelta(seconds=60, milliseconds=1)

    assert steps.objection(row, read_at=read_at, now=now) == "the reading is older than 1 min"
    assert steps.objection(row, read_at=now - timedelta(seconds=60), now=now) == ""
    assert steps.begin(row, before={}, read_at=read_at, now=now) is False
    assert (forced().state, forced().tries) == ("planned", 0)


def test_who_has_lost_a_row_cannot_act_on_it(stage: Stage, allow: Allow) -> None:
    allow()
    stage.taken()
    stage.forgets()
    now = stage.clock.now()
    candidates.plan(now=now)
    first = steps.claim(now=now)
    assert steps.claim(now=now) is None
    later = now + steps.LEASE
    second = steps.claim(now=later)
    assert first
    assert second

    assert steps.begin(first, before={}, read_at=later, now=later) is False
    assert steps.begin(second, before={}, read_at=later, now=later) is True
    assert steps.settle(first, State.FAILED, "came too late", now=later) is False
    assert (forced().state, forced().fence) == ("checked", 2)


def test_the_cap_is_counted_once_more_as_it_is_acted(stage: Stage, allow: Allow) -> None:
    """Two workers have read and judged; only one may go on."""
    allow(per_hour=1)
    for desk in (0, 1):
        stage.taken(desk=desk)
    stage.forgets()
    now = stage.clock.now()
    candidates.plan(now=now)
    rows = [steps.claim(now=now), steps.claim(now=now)]
    assert [row and steps.full_until(row, now=now) for row in rows] == [None, None]
    went_on = [row and steps.begin(row, before={}, read_at=now, now=now) for row in rows]

    assert went_on == [True, False]
    waiting = ForcedEnd.objects.get(tries=0)
    assert (waiting.state, waiting.look_at) == ("planned", now + timedelta(hours=1))
    assert waiting.reason == "held back: 1 within an hour are the most"


@pytest.mark.django_db(transaction=True)
def test_several_workers_end_each_once_and_keep_to_the_cap(stage: Stage, allow: Allow) -> None:
    allow(per_hour=4)
    for desk in range(6):
        stage.taken(desk=desk)
    stage.forgets()
    wires = [Watched() for _ in range(4)]

    def work(wire: Watched) -> Enforced:
        try:
            return stage.run(wire)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(work, wires))
    acts = [act for wire in wires for act in wire.acts]
    assert sum(run.asked for run in runs) == len(acts) == len(set(acts)) == 4
    assert ForcedEnd.objects.count() == 6
    assert ForcedEnd.objects.filter(state="planned", tries=0).count() == 2
