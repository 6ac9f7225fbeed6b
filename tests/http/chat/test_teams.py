"""Teams by a workflow: over HTTP, with every answer that a workflow gives."""

from datetime import datetime

import pytest
from django.utils import timezone

from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import outcomes, secrets
from simulator.receivers import teams
from simulator.receivers.server import Served
from tests.http.chat.conftest import Fault, an_event, assert_tried_again, relayed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alerts(served: Served) -> teams.Flow:
    return served.receivers.part(teams.Flows).known["alerts"]


def test_an_event_is_a_card(
    flow: Destination, now: datetime, alerts: teams.Flow, served: Served
) -> None:
    an_event(now)
    assert relayed().through == 1
    assert Attempt.objects.get().status == 202
    assert alerts.failed == []
    ((_, card),) = alerts.cards
    assert teams.look(card).splitlines() == [
        "Ada Lovelace took the call",
        "Queue: Support",
        "Medium: voice",
        "At: 27 Mar 2026, 16:45:00 UTC",
        "Conversation since: 27 Mar 2026, 16:40:00 UTC",
        "[Open the conversation] http://127.0.0.1:8000/conversations/c1/",
    ]
    assert [row[1:] for row in teams.panel(served.receivers).rows] == [("alerts", teams.look(card))]


def change(row: Destination, served: Served, old: str, new: str) -> None:
    secrets.put(row, {"url": (served.url + teams.PATH).replace(old, new)})
    row.save(update_fields=["sealed"])


STOPS = [
    ("&sig=simulator", "", "DirectApiAuthorizationRequired", "copy the whole URL again"),
    ("sig=simulator", "sig=other", "AuthorizationFailed", "copy the whole URL again"),
    ("workflows/alerts", "workflows/gone", "WorkflowNotFound", "make a new one"),
    ("", "", "WorkflowTriggerIsNotEnabled", "switches it on"),
]


@pytest.mark.parametrize("case", STOPS)
def test_what_will_not_mend_itself_stops_the_destination_and_tells_what_to_do(
    flow: Destination,
    now: datetime,
    alerts: teams.Flow,
    served: Served,
    case: tuple[str, str, str, str],
) -> None:
    old, new, code, told = case
    change(flow, served, old, new) if old else None
    alerts.enabled = bool(old)
    an_event(now)
    relayed()
    flow.refresh_from_db()
    assert code in flow.disabled_reason
    assert told in flow.disabled_reason
    assert "127.0.0.1" not in flow.disabled_reason
    change(flow, served, "", "")
    alerts.enabled = True
    outcomes.enable(destination_id=flow.pk, now=timezone.now())
    assert relayed().through == 1
    assert len(alerts.cards) == 1


FAULTS: list[Fault] = [
    ({"kind": "html", "status": 200}, "failed", "HTTP 200, but a page"),
    ({"kind": "html", "status": 502}, "failed", "HTTP 502"),
    ({"kind": "error", "status": 429, "retry_after": 30}, "failed", "HTTP 429"),
    ({"kind": "drop"}, "lost", "127.0.0.1"),
    ({"kind": "drop_after"}, "lost", "127.0.0.1"),
]


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize("case", FAULTS)
def test_what_may_be_mended_is_tried_again(
    now: datetime, alerts: teams.Flow, served: Served, case: Fault
) -> None:
    assert_tried_again(served, case, now)
    assert len(alerts.cards) == (2 if case[0]["kind"] == "drop_after" else 1)


def test_a_card_that_is_not_taken_stands_in_nobodys_way(
    flow: Destination, now: datetime, alerts: teams.Flow, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 413, "count": 1}])
    an_event(now)
    an_event(now, name="hold.ended")
    relayed()
    states = list(Delivery.objects.order_by("pk").values_list("state", "reason"))
    assert states == [
        ("dead", "HTTP 413: the message is too long for it"),
        ("delivered", ""),
    ]
    assert len(alerts.cards) == 1
