"""A simulated working day: what its agents left alone is what clocks of forgotten work say."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chrono.instants import from_ms
from integrations.genesys.client import Client
from integrations.genesys.correspondence import read_messages
from integrations.genesys.poll import find_open, poll
from integrations.genesys.rereads import reread_open
from integrations.services import derive
from simulator.clock import ManualClock
from simulator.server import Served
from simulator.world.records import Conversation, Sender, Session
from sla.models import Clock, Policy
from tests import factories

pytestmark = pytest.mark.django_db

ALONE_FOR = timedelta(minutes=40)
HAD = {"interact", "hold", "parked"}


def _open_sessions(of: Conversation) -> Iterator[Session]:
    for participant in of.participants:
        for session in participant.sessions:
            now = session.open_segment
            if participant.purpose == "agent" and now and now.segment_type in HAD:
                yield session


def _touches(session: Session) -> Iterator[int]:
    """Yield when its agent connected, parked it, and took it out of parking: never a hold."""
    yield next(s.start for s in session.segments if s.segment_type in HAD)
    for segment in session.segments:
        if segment.segment_type == "parked":
            yield segment.start
            yield from [segment.end] if segment.end else []


def left_alone(of: Conversation) -> int | None:
    """Return since when (ms) a conversation's agents leave it alone; None where they need not."""
    sessions = list(_open_sessions(of))
    told = [m for m in of.messages if m.sender in {Sender.CUSTOMER, Sender.AGENT}]
    said = [m for m in told if not (of.auto_generated and m is of.messages[0])]
    by_agents = [m.at for m in said if m.sender is Sender.AGENT]
    if of.end is not None or not sessions or (said and said[-1].sender is Sender.AGENT):
        return None
    unanswered = [m.at for m in said if m.at > max(by_agents, default=0)]
    acts = [*(at for session in sessions for at in _touches(session)), *by_agents]
    return max([*acts, *unanswered[:1]])


def test_what_agents_leave_alone_is_what_they_left_alone(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    Policy.objects.update(
        calendar=factories.calendar(), forgotten_s=ALONE_FOR.total_seconds(), away_s=None
    )
    now = clock.now()
    for _ in range(8):
        clock.advance(3600)
        now = clock.now()
        poll(client=simulated, now=now)
        find_open(client=simulated, now=now)
        reread_open(client=simulated, now=now)
        read_messages(client=simulated, now=now)
        derive(now=now)

    world = centre.centre.world.conversations.values()
    alone = {c.id: since for c in world if c.media != "voice" and (since := left_alone(c))}
    of_work = Clock.objects.filter(kind=Clock.Kind.FORGOTTEN, state=Clock.State.RUNNING)
    clocks = dict(of_work.values_list("conversation__genesys_id", "started_at"))

    assert len(alone) > 3
    assert clocks == {genesys_id: from_ms(since) for genesys_id, since in alone.items()}
    late = set(
        of_work.filter(breaches_at__lt=now).values_list("conversation__genesys_id", flat=True)
    )
    assert late == {one for one, since in alone.items() if now - from_ms(since) > ALONE_FOR}
    assert late
