"""What goes wrong between the first request and the last: nothing is ended twice, or unseen."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.errors import (
    MalformedAnswerError,
    PermissionMissingError,
    RateLimitedError,
    TemporaryError,
)
from integrations.genesys.enforce import Enforced
from integrations.models import Watermark
from simulator.api.permissions import Permissions
from sla.forcing import steps
from sla.forcing.candidates import AGAIN_AFTER
from sla.models import ForcedEnd
from tests.http.genesys.enforce.conftest import Allow, Stage, Watched, forced, state_of

pytestmark = pytest.mark.django_db
DISCONNECT = "conversation:communication:disconnect"


def test_a_lost_answer_is_looked_up_before_anything_else(stage: Stage, allow: Allow) -> None:
    allow()
    script = stage.taken()
    stage.forgets()
    stage.faults({"kind": "drop_after"})
    stage.run()

    row = forced()
    assert (row.state, row.tries, row.after["state"]) == ("in_doubt", 1, "connected")
    assert row.reason.startswith("no answer was heard: PATCH 127.0.0.1")
    stage.passes(5)
    stage.run()
    assert (forced().state, state_of(script), len(stage.wire.acts)) == ("done", "system", 1)


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"kind": "error", "status": 503}])
def test_what_came_to_nothing_is_tried_again_once_readings_have_shown_so(
    stage: Stage, allow: Allow, fault: dict[str, Any]
) -> None:
    allow()
    script = stage.taken()
    stage.forgets()
    stage.faults(fault)
    acts, states = [], []
    for _ in range(5):
        stage.run()
        acts.append(len(stage.wire.acts))
        states.append(forced().state)
        stage.passes(31)
    assert acts == [1, 1, 1, 1, 2]
    assert states == ["in_doubt"] * 5

    stage.faults()
    stage.passes(120)
    stage.run()  # looked at, checked and asked once more
    stage.passes(5)
    stage.run()
    assert (forced().state, forced().tries, len(stage.wire.acts)) == ("done", 3, 3)
    assert state_of(script) == "system"


def test_after_three_tries_it_is_left_to_people(stage: Stage, allow: Allow) -> None:
    allow()
    stage.taken()
    stage.forgets()
    stage.faults({"kind": "drop"})
    for _ in range(9):
        stage.run()
        stage.passes(130)

    row = forced()
    assert (row.state, row.tries, len(stage.wire.acts)) == ("failed", 3, 3)
    assert row.reason == "asked 3 times, and the session is still open: see to it in Genesys"
    stage.forgets(2)
    assert stage.run() == Enforced()


def test_who_was_killed_after_the_call_is_followed_by_a_reading(stage: Stage, allow: Allow) -> None:
    allow()
    script = stage.taken()
    stage.forgets()
    stage.wire.dies_after_an_act = True
    with pytest.raises(SystemExit):
        stage.run()
    assert (forced().state, forced().tries) == ("checked", 1)
    stage.passes(60)
    assert stage.run(Watched()) == Enforced()  # its lease lasts

    other = Watched()
    stage.passes(steps.LEASE.total_seconds())
    assert stage.run(other) == Enforced(looked_at=1)
    assert (forced().state, other.acts, state_of(script)) == ("done", [], "system")


def test_who_was_killed_before_the_call_went_out_is_followed_by_a_reading(
    stage: Stage, allow: Allow
) -> None:
    allow()
    stage.taken()
    stage.forgets()
    stage.wire.dies_before_an_act = True
    with pytest.raises(SystemExit):
        stage.run()
    stage.passes(steps.LEASE.total_seconds() + 1)
    other = Watched()
    assert stage.run(other) == Enforced(looked_at=2, asked=1)
    stage.passes(5)
    stage.run(other)
    assert (forced().state, forced().tries, len(other.acts)) == ("done", 2, 1)


def test_what_was_touched_since_the_mirror_read_it_is_left_alone(
    stage: Stage, allow: Allow
) -> None:
    allow(only_waiting=False)
    script = stage.taken()
    stage.forgets()
    stage.answers(script)  # the mirror does not know of it
    assert stage.run() == Enforced(planned=1, looked_at=1)

    assert (forced().state, forced().reason) == ("refused", "it was touched in the meantime")
    assert stage.wire.acts == []


def test_what_is_over_by_now_although_analytics_lags_is_left_alone(
    stage: Stage, allow: Allow
) -> None:
    allow()
    script = stage.taken()
    stage.forgets()
    stage.centre.centre.lag = timedelta(minutes=5)
    script.hangs_up(stage.desk())
    stage.run()

    row = forced()
    assert (row.state, row.before["state"], stage.wire.acts) == ("refused", "disconnected", [])
    assert row.reason == "no agent is connected any more: disconnected"


def test_what_cannot_be_read_is_not_ended(stage: Stage, allow: Allow) -> None:
    allow()
    stage.taken()
    stage.forgets()
    path = "/api/v2/conversations/emails/*/messages"
    stage.centre.centre.faults.put([{"path": path, "kind": "error", "status": 503}])
    with pytest.raises(TemporaryError):
        stage.run()

    row = forced()
    assert (row.state, row.look_at - stage.clock.now()) == ("planned", timedelta(minutes=1))
    assert "503" in row.reason
    assert stage.wire.acts == []
    assert Watermark.objects.get(road="genesys.enforce").failing_since == stage.clock.now()
    stage.faults()
    stage.passes(61)
    assert stage.run() == Enforced(looked_at=1, asked=1)


@pytest.mark.parametrize("action", ["disconnect", "requeue"])
def test_who_ended_it_a_moment_before_is_believed(stage: Stage, allow: Allow, action: str) -> None:
    """It is over between our reading and our asking: 400, 404 or 409, as it happens."""
    allow(action=action)
    script = stage.taken()
    stage.forgets()
    stage.wire.before_an_act = lambda: script.hangs_up(stage.desk())
    stage.run()

    assert (forced().state, forced().reason) == ("refused", "somebody else ended it first")
    assert forced().after["state"] == "disconnected"


def test_a_refusal_of_what_is_still_open_is_final(stage: Stage, allow: Allow) -> None:
    allow()
    stage.taken()
    stage.forgets()
    stage.faults({"kind": "error", "status": 409})
    stage.run()
    stage.passes(7200)
    stage.faults()
    stage.run()

    row = forced()
    assert (row.state, len(stage.wire.acts)) == ("failed", 1)
    assert row.reason.startswith("Genesys refuses it: PATCH 127.0.0.1")


def test_without_the_permission_nothing_is_done_and_the_road_names_it(
    stage: Stage, allow: Allow
) -> None:
    allow()
    stage.taken()
    stage.forgets()
    stage.centre.centre.permissions.deny([DISCONNECT])
    with pytest.raises(PermissionMissingError):
        stage.run()

    row = forced()
    assert (row.state, row.tries, row.acted_at) == ("planned", 0, None)
    assert DISCONNECT in row.reason
    assert DISCONNECT in Watermark.objects.get(road="genesys.enforce").detail
    stage.centre.centre.permissions = Permissions()
    stage.passes(15 * 60)
    assert stage.run() == Enforced(looked_at=1, asked=1)


def test_a_rate_limit_is_no_doubt(stage: Stage, allow: Allow) -> None:
    allow()
    stage.taken()
    stage.forgets()
    stage.faults({"kind": "error", "status": 429, "retry_after": 1, "count": 1})
    with pytest.raises(RateLimitedError):
        stage.run()

    assert (forced().state, forced().tries) == ("planned", 0)
    assert stage.run() == Enforced()


def test_a_page_of_somebody_elses_is_no_success(stage: Stage, allow: Allow) -> None:
    """A proxy answers 200 to everything: what counts is the reading."""
    allow()
    script = stage.taken()
    stage.forgets()
    stage.faults({"kind": "html", "count": 1})
    stage.run()
    assert (forced().state, forced().after["state"]) == ("accepted", "connected")

    stage.passes(125)
    stage.run()
    stage.passes(5)
    stage.run()
    assert (forced().state, forced().tries, state_of(script)) == ("done", 2, "system")


def test_what_was_switched_off_meanwhile_is_planned_anew_when_it_is_on_again(
    stage: Stage, allow: Allow
) -> None:
    one = allow(per_hour=1)
    for desk in (0, 1):
        stage.taken(desk=desk)
    stage.forgets()
    stage.run()
    one.mode = "off"
    one.save()
    stage.passes(3601)
    stage.run()
    waiting = ForcedEnd.objects.get(tries=0)
    assert (waiting.state, waiting.reason) == ("refused", steps.CHANGED)

    one.mode = "live"
    one.save()
    stage.forgets(AGAIN_AFTER.total_seconds() / 3600)
    assert stage.run().asked == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries) == ("accepted", 1)


def test_an_answer_about_nothing_shows_no_end(stage: Stage, allow: Allow) -> None:
    """A proxy that answers {} must not have it called done."""
    allow()
    script = stage.taken()
    stage.forgets()
    stage.faults({"kind": "drop"})
    stage.run()
    path = f"/api/v2/conversations/{script.id}"
    stage.centre.centre.faults.put([{"path": path, "kind": "html"}])
    stage.passes(6)
    with pytest.raises(MalformedAnswerError):
        stage.run()

    row = forced()
    assert (row.state, row.look_at - stage.clock.now()) == ("in_doubt", timedelta(minutes=15))
    assert row.reason.startswith("GET 127.0.0.1")


def test_a_try_that_had_its_effect_after_all_is_done_and_not_refused(
    stage: Stage, allow: Allow
) -> None:
    """Genesys took longer than two minutes: by then the next try is planned."""
    allow()
    script = stage.taken()
    stage.forgets()
    stage.faults({"kind": "drop"})
    stage.run()
    ForcedEnd.objects.update(state="planned", look_at=stage.clock.now(), leased_until=None)
    script.cut_off(script.work_of(stage.desk()), "system")

    assert stage.run() == Enforced(looked_at=1)
    assert (forced().state, forced().tries, len(stage.wire.acts)) == ("done", 1, 1)


def test_another_try_of_the_same_does_not_count_against_the_cap(stage: Stage, allow: Allow) -> None:
    allow(per_hour=1)
    stage.taken()
    stage.forgets()
    stage.faults({"kind": "drop", "count": 1})
    stage.run()
    stage.passes(125)
    stage.run()
    stage.passes(5)
    stage.run()

    assert (forced().state, forced().tries) == ("done", 2)
