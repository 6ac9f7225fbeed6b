"""Who is told of an event: whoever asks for its name, and whom it is addressed to."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from integrations.domain.delivery import Told
from integrations.models import Destination
from integrations.outbox import trying
from integrations.outbox.announce import concerning


def test_a_bot_that_has_no_words_for_an_event_is_not_told_whoever_names_it(now: datetime) -> None:
    about = {"destinations": "1 2 3 4"}
    event = Told(1, "sla.escalated", "s", now, now, "c1", about)
    mine = {"topics": ["agent.connected"]}
    kinds = {1: "lynn", 2: "cognigy", 3: "salesforce", 4: "webhook"}

    for pk, kind in kinds.items():
        heard = list(concerning(Destination(pk=pk, kind=kind, **mine), [event]))
        assert heard == ([event] if kind == "webhook" else [])


@pytest.mark.django_db
def test_rungs_are_told_by_what_has_words_for_them(now: datetime) -> None:
    kinds = ("webhook", "slack", "teams", "email", "lynn", "cognigy", "salesforce")
    for kind in kinds:
        Destination.objects.create(name=kind, kind=kind, mode="live", created_at=now)
    for name, topics in (("deaf", ["hold.started"]), ("hears", ["sla.escalated"])):
        row = {"name": name, "kind": "extension", "mode": "live", "topics": topics}
        Destination.objects.create(**row, created_at=now)

    assert [way.name.partition(" ")[0] for way in trying.ways()] == [
        *("email", "hears", "slack", "teams", "webhook")
    ]


def a_destination(pk: int, *topics: str, queue_ids: tuple[str, ...] = ()) -> Destination:
    return Destination(pk=pk, topics=list(topics), queue_ids=list(queue_ids))


@pytest.mark.parametrize(
    ("name", "about", "told"),
    [
        ("sla.breached", {}, ["breaches"]),
        ("sla.escalated", {}, ["escalations"]),
        ("sla.escalated", {"destinations": "7"}, ["escalations", "named"]),
        ("sla.escalated", {"destinations": "77"}, ["escalations"]),
        ("sla.withdrawn", {"withdraws": "sla.breached"}, ["breaches"]),
        (
            "sla.withdrawn",
            {"withdraws": "sla.escalated", "destinations": "7"},
            ["escalations", "named"],
        ),
        ("sla.withdrawn", {"withdraws": "sla.warned"}, []),
        ("sla.breached", {"queueId": "q2"}, []),
    ],
)
def test_an_event_goes_to_those_who_ask_for_it_and_to_those_it_names(
    now: datetime, name: str, about: Mapping[str, str], told: list[str]
) -> None:
    destinations = {
        "breaches": a_destination(1, "sla.breached", queue_ids=("q1",)),
        "escalations": a_destination(2, "sla.escalated"),
        "named": a_destination(7, queue_ids=("q9",)),
    }
    event = Told(1, name, "s", now, now, "c1", {"queueId": "q1", **about})
    heard = [who for who, row in destinations.items() if list(concerning(row, [event]))]
    assert heard == told
