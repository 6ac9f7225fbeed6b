"""Everything goes wrong at once: faults of every kind, workers that die at any request."""

import contextlib
import os
from datetime import datetime, timedelta
from http import HTTPStatus
from random import Random

import pytest
import requests

from integrations.errors import IntegrationError
from integrations.genesys.transport import Answer, Request
from sla.forcing.steps import MOST_TRIES, OPEN
from sla.models import ForcedEnd
from tests.http.genesys.enforce.conftest import CLAIMS, WHATSAPP, Allow, Stage, Watched, state_of

pytestmark = pytest.mark.django_db
CAP = 3
ROUNDS = 90  # of two minutes, in which things go wrong
# More of them: DCM_CHAOS_STORMS=40, a few seconds each.
STORMS = int(os.environ.get("DCM_CHAOS_STORMS", "3"))


class Mortal(Watched):
    """Connections of workers, one of whom dies now and then, before a request or after it.

    log is what was asked of each conversation, by whichever worker, and when.
    """

    def __init__(self, stage: Stage, chance: Random) -> None:
        super().__init__()
        self.log: list[tuple[str, str, datetime]] = []
        self.dying = 0.04
        self._stage = stage
        self._chance = chance

    def send(self, request: Request) -> Answer:
        path = request.url.rpartition("/api/v2/conversations/")[2]
        if "participants" in path or path.count("/") == 0:
            told = "act" if request.method != "GET" else "look"
            self.log.append((path.split("/")[told == "act"], told, self._stage.clock.now()))
        dies = self._chance.random()
        if dies < self.dying / 2:
            raise SystemExit("died before the request")
        answer = super().send(request)
        if answer.status == HTTPStatus.UNAUTHORIZED and "participants" in path:
            self.log.pop()  # a token was refused: nothing was done, and another is fetched
        if dies < self.dying:
            raise SystemExit("died after the request")
        return answer


@pytest.mark.parametrize("seed", range(1, STORMS + 1))
def test_each_is_ended_once_none_is_lost_and_none_that_was_touched(
    stage: Stage, allow: Allow, seed: int
) -> None:
    allow(per_hour=CAP, queue_ids=[stage.queue_id(CLAIMS), stage.queue_id(WHATSAPP)])
    forgotten = [stage.taken(CLAIMS if n % 2 else WHATSAPP, desk=n) for n in range(8)]
    touched = [stage.taken(desk=n) for n in (8, 9)]
    stage.forgets()
    for script in touched:
        stage.answers(script)
    wire = Mortal(stage, Random(seed))
    _go_wrong(stage, seed)
    for _ in range(ROUNDS):
        _run(stage, wire)
    stage.faults()
    wire.dying = 0.0
    while ForcedEnd.objects.filter(state__in=OPEN).exists():
        _run(stage, wire)

    asked = _asked_about(wire)
    assert _acts_without_a_look(asked) == []
    assert {script.id: state_of(script) for script in touched} == {s.id: "open" for s in touched}
    assert {script.id for script in touched} & asked.keys() <= {
        name for name, log in asked.items() if "act" not in {told for told, _ in log}
    }
    assert _most_in_an_hour(asked) <= CAP
    rows = {row.conversation.genesys_id: row for row in ForcedEnd.objects.all()}
    for script in forgotten:
        row, acts = rows[script.id], [told for told, _ in asked[script.id]].count("act")
        assert acts <= MOST_TRIES
        assert (row.state, state_of(script)) in {("done", "system"), ("failed", "open")}


def _go_wrong(stage: Stage, seed: int) -> None:
    """Let every fault happen to some requests; nobody waits real seconds here."""
    order = {"probability": 0.03, "seconds": 0.02, "seed": seed}
    requests.post(f"{stage.centre.url}/simulator/faults/all", json=order, timeout=10)
    faults = stage.centre.centre.faults
    faults.rules = [
        rule for rule in faults.rules if rule.retry_after is None and rule.reset is None
    ]


def _run(stage: Stage, wire: Mortal) -> None:
    with contextlib.suppress(IntegrationError, SystemExit):
        stage.run(wire)
    stage.passes(120)


def _asked_about(wire: Mortal) -> dict[str, list[tuple[str, datetime]]]:
    found: dict[str, list[tuple[str, datetime]]] = {}
    for name, told, at in wire.log:
        found.setdefault(name, []).append((told, at))
    return found


def _acts_without_a_look(asked: dict[str, list[tuple[str, datetime]]]) -> list[str]:
    """Return the conversations of which something was asked blindly."""
    told = {name: [one for one, _ in log] for name, log in asked.items()}
    return [
        name
        for name, log in told.items()
        if any(
            one == "act" and before != "look" for before, one in zip(["", *log], log, strict=False)
        )
    ]


def _most_in_an_hour(asked: dict[str, list[tuple[str, datetime]]]) -> int:
    """Return of how many conversations something was asked within an hour, at most."""
    acts = [(at, name) for name, log in asked.items() for told, at in log if told == "act"]
    return max(
        len({name for at, name in acts if start <= at < start + timedelta(hours=1)})
        for start, _ in acts
    )
