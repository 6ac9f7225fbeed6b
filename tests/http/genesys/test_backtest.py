"""A simulated day, backtested: what is in force today comes to what clocks and waits came to."""

from collections import Counter
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q

from conversations.models import Conversation
from integrations.genesys.client import Client
from integrations.genesys.correspondence import read_messages
from integrations.genesys.poll import find_open, poll
from simulator.clock import ManualClock
from sla.backtest import backtest_of, last_days, run
from sla.domain.tally import Pair, Side, What
from sla.drafts import Draft
from sla.models import Calendar, Clock, Policy, Wait
from sla.services import refresh
from tests.factories import NEVER_CLOSED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("centre")]


def test_todays_policy_backtested_is_what_live_clocks_and_waits_came_to(
    simulated: Client, clock: ManualClock
) -> None:
    Calendar.objects.update(hours=NEVER_CLOSED)
    Policy.objects.update(
        media_types=[],
        first_response_s=120,
        next_response_s=300,
        resolution_s=1800,
        parking_pauses=True,
    )
    clock.advance(timedelta(hours=8).total_seconds())
    poll(client=simulated, now=clock.now())
    find_open(client=simulated, now=clock.now())
    read_messages(client=simulated, now=clock.now())
    now = clock.now() + timedelta(seconds=1)
    pks = list(Conversation.objects.values_list("pk", flat=True))
    refresh(conversation_ids=pks, now=now)

    unchanged = Draft(policy=Policy.objects.get())
    test = backtest_of(unchanged, span=last_days(7, now), zone=ZoneInfo("UTC"))
    tally = run(test)

    waits = list(Wait.objects.select_related("conversation"))
    assert len(waits) > 50
    assert tally.conversations == len(pks)
    found = {(day, queue): numbers for day, queue, numbers in tally.rows()}
    for what, rows in (
        (What.WAITS, waits),
        (What.KEPT, [wait for wait in waits if wait.met]),
    ):
        live = Counter(
            (wait.ended_at.astimezone(UTC).date().isoformat(), wait.conversation.queue_id)
            for wait in rows
        )
        mine = {place: numbers[what] for place, numbers in found.items() if any(numbers[what])}
        assert mine == {place: Pair(count, count) for place, count in live.items()}

    missed = {(w.conversation_id, w.kind, w.started_at) for w in waits if not w.met}
    late = Clock.objects.filter(Q(breached=True) | Q(breaches_at__lt=now)).exclude(kind="forgotten")
    missed |= set(late.values_list("conversation_id", "kind", "started_at"))
    assert len(missed) > 10
    assert tally.pair(What.BREACHES) == Pair(len(missed), len(missed))
    assert set(tally.behind(Side.TODAY, What.BREACHES).pks) <= {pk for pk, _, _ in missed}
