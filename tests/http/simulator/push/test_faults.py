"""What goes wrong on the way, seeded."""

import json
from collections import Counter

from simulator.server import Served
from simulator.world.feed import Occurrence
from tests.http.simulator.conftest import centre
from tests.http.simulator.push.receiving import (
    NOW,
    TOKEN,
    Fact,
    Receiver,
    counts,
    follow,
    hook,
    live,
)


def test_faults_come_to_the_same_for_a_seed(receiver: Receiver) -> None:
    receiver.answer = lambda got: 202 if got.authorization == f"Bearer {TOKEN}" else 401
    share = {"lost": 0.1, "repeated": 0.2, "late": 0.1, "reordered": 0.2}
    share |= {"forged": 0.1, "nulls": 0.2, "skewed": 0.1}
    came: list[Counter[str]] = []
    told: list[Fact] = []
    for _ in range(2):
        receiver.got.clear()
        with centre(NOW) as served:
            follow(served, hook(receiver), **share)
            told.append(counts(live(served, 2)))
        came.append(Counter(json.dumps([g.authorization, g.body]) for g in receiver.got))
    assert told[0] == told[1]
    assert came[0] == came[1]
    assert told[0].keys() == {*share, "events", "sent", "accepted"}
    assert told[0]["accepted"] == len(receiver.right)
    assert told[0]["forged"] == len(receiver.got) - len(receiver.right)
    copies = told[0]["accepted"] - (told[0]["events"] - told[0]["lost"])
    assert told[0]["repeated"] <= copies <= 4 * told[0]["repeated"]


def test_events_are_overtaken_and_none_gets_lost(served: Served, receiver: Receiver) -> None:
    follow(served, hook(receiver), reordered=0.5, late=0.1)
    told = counts(live(served, 1))
    times = [body["eventTime"] for body in receiver.right]
    assert len(times) == told["events"]
    assert times != sorted(times)


def test_holes_are_null_or_absent_and_never_where_it_matters(
    served: Served, receiver: Receiver
) -> None:
    follow(served, hook(receiver, unset="NOT_SET"), nulls=1.0)
    live(served, 1)
    assert len(receiver.right) > 50
    assert all(body["conversationId"] != "NOT_SET" for body in receiver.right)
    assert "NOT_SET" in {body.get("provider") for body in receiver.right}
    assert None in {body.get("provider") for body in receiver.right}  # absent: no key of ours


def test_a_clock_that_is_wrong_is_wrong_by_so_much_at_most(
    served: Served, receiver: Receiver
) -> None:
    heard: list[Occurrence] = []
    acw = "v2.detail.events.conversation.{id}.acw"
    served.centre.world.feed.listen(heard.append, wants=lambda topic: topic.endswith(".acw"))
    follow(served, hook(receiver, topics=[acw]), skewed=1.0, skew_s=60)
    live(served, 1)
    true = {o.body["sessionId"]: o.at for o in heard}
    off = [body["eventTime"] - true[body["sessionId"]] for body in receiver.right]
    assert len(off) > 5
    assert 10_000 < max(map(abs, off)) <= 60_000
