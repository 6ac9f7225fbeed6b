"""Slack, Teams and Salesforce are away for an hour, all at once: it costs nothing but the wait."""

import re
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.models import Attempt, Delivery, Destination
from simulator.clock import Clock, ManualClock
from simulator.receivers import teams, workspace
from simulator.receivers.salesforce.org import Org
from simulator.receivers.server import Served, serving
from simulator.receivers.workspace import Workspace
from tests.documents import at
from tests.http.chat.conftest import a_destination
from tests.http.salesforce.story import Hold, email, people, read, shown, work

pytestmark = pytest.mark.django_db(transaction=True)

BEGUN, ENDED = "hold.started", "hold.ended"
STEP, GONE, BACK = 5, 5, 65  # minutes
HOLDS: dict[str, tuple[tuple[int, int], ...]] = {"e1": ((5, 15), (30, 50)), "e2": ((10, 25),)}
CHATS_AWAY: list[dict[str, Any]] = [
    {"kind": "error", "status": 503, "path": "/slack/*"},
    {"kind": "drop", "path": "/teams/*"},
]
SALESFORCE_AWAY: list[dict[str, Any]] = [{"kind": "html", "status": 503}]


class Walking(ManualClock):
    """Time that goes on by itself, and can be moved on."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._since = time.monotonic()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=time.monotonic() - self._since)

    def set(self, at: datetime) -> None:
        super().set(at)
        self._since = time.monotonic()


@pytest.fixture
def clock() -> Clock:
    return Walking(at(0))


@pytest.fixture
def chats(clock: Clock, settings: Any) -> Iterator[Served]:
    settings.PUBLIC_URL = "https://dcm.example.org"
    with serving(clock) as running:
        yield running


@pytest.fixture
def audience(chats: Served, destination: Destination) -> list[Destination]:
    """Salesforce and a webhook, told of holds, and chats, told of their ends: at one a second."""
    people()
    channel = {"channel": workspace.CHANNEL, "api_url": f"{chats.url}/slack/api/"}
    made = [
        a_destination("slack", channel, {"token": workspace.TOKEN}),
        a_destination("teams", {}, {"url": chats.url + teams.PATH}),
        a_destination("webhook", {"url": f"{chats.url}/hooks/crm"}, {}),
    ]
    for one in (destination, *made):
        one.topics = [ENDED] if one.kind in {"slack", "teams"} else [BEGUN, ENDED]
        one.save(update_fields=["topics"])
    return [destination, *made]


def by(minute: int) -> list[str]:
    """Return what has happened by a minute: conversation, event and its time of day."""
    found = []
    for name, holds in HOLDS.items():
        for start, end in holds:
            found += [f"{name} {BEGUN} {at(start):%H:%M}"] * (start <= minute)
            found += [f"{name} {ENDED} {at(end):%H:%M}"] * (end <= minute)
    return sorted(found)


def live(clock: ManualClock, minute: int) -> None:
    """Let all e-mails be read as they stand in a minute, and every part do its work."""
    documents = []
    for name, holds in HOLDS.items():
        seen: list[Hold] = [(s, e if e <= minute else None) for s, e in holds if s <= minute]
        documents.append(email(name, *seen))
    read(clock, minute, *documents)
    work(clock.now())


def of_webhook(chats: Served) -> list[str]:
    bodies = [call.body for call in chats.receivers.heard("/hooks/crm")]
    told = [(one["data"]["conversationId"], one["type"], one["timestamp"]) for one in bodies]
    return [f"{name} {what} {instant[11:16]}" for name, what, instant in told]


def of_chat(texts: Iterable[str]) -> list[str]:
    """Return what messages tell, in their order."""
    found = []
    for text in texts:
        assert "A. Rossi ended the hold after" in text
        (name,) = set(re.findall(r"/conversations/(e\d)/", text))
        found.append(f"{name} {ENDED} {re.findall(r'At: 27 Mar 2026, (..:..)', text)[0]}")
    return found


def of_slack(chats: Served) -> list[str]:
    channel = chats.receivers.part(Workspace).channels[workspace.CHANNEL]
    return of_chat(map(workspace.look, channel.messages))


def of_teams(chats: Served) -> list[str]:
    flow = chats.receivers.part(teams.Flows).known["alerts"]
    assert flow.failed == []
    return of_chat(teams.look(card) for _, card in flow.cards)


def test_nothing_is_lost_nobody_else_waits_and_it_mends_by_itself(
    clock: ManualClock, chats: Served, org: Org, audience: list[Destination]
) -> None:
    cases = {name: org.case(name, Genesys_Conversation_Id__c=name) for name in HOLDS}
    chats.receivers.faults.put(CHATS_AWAY)
    org.faults.put(SALESFORCE_AWAY)
    for minute in range(GONE, BACK, STEP):
        live(clock, minute)
        assert sorted(of_webhook(chats)) == by(minute)  # at once, as if nothing were away
    chatted = of_slack(chats) + of_teams(chats)
    assert [len(chatted), len(org.rows("DCM_Hold__c"))] == [0, 0]
    assert {one.name for one in audience if was_kept_from(one)} == {"Salesforce", "slack", "teams"}
    assert not Delivery.objects.exclude(state__in=["waiting", "delivered"]).exists()

    chats.receivers.faults.put([])
    org.faults.put([])
    minute = BACK
    while Delivery.objects.filter(state="waiting").exists() or minute < BACK + 2 * STEP:
        assert minute < BACK + 60, Delivery.objects.filter(state="waiting").values("due_at")
        live(clock, minute)
        minute += STEP
    assert {one for one in by(BACK) if ENDED in one} == {*of_slack(chats), *of_teams(chats)}
    for told in (of_webhook(chats), of_slack(chats), of_teams(chats)):
        assert len(set(told)) == len(told)
        for name in HOLDS:  # in order of time
            mine = [one.split()[-1] for one in told if one.startswith(name)]
            assert mine == sorted(mine)
    lasted = sorted((cases[name], 60 * (e - s)) for name, holds in HOLDS.items() for s, e in holds)
    records = shown(org.rows("DCM_Hold__c"), "Case__c", "State__c", "Duration_Seconds__c")
    assert sorted(records) == [(case, "final", seconds) for case, seconds in lasted]
    assert sorted(shown(org.rows("Task"), "WhatId", "CallDurationInSeconds")) == lasted


def was_kept_from(one: Destination) -> bool:
    """Tell whether a destination has failed, and still fails, without being given up."""
    one.refresh_from_db()
    failed = Attempt.objects.filter(delivery__destination=one).exclude(result="delivered")
    assert one.disabled_at is None
    return failed.exists() and one.failures > 0
