"""Before anybody is told of a wait, its conversation is read once more: a simulated centre's."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.models import CommonEvent, Conversation, Message
from integrations import services
from integrations.checking import CHECK_FOR, check_timers
from integrations.errors import TemporaryError
from integrations.genesys.client import Client
from integrations.genesys.correspondence import READERS, read_messages
from integrations.genesys.poll import find_open, poll
from integrations.genesys.wanted import reread_wanted
from integrations.genesys.writers import read_writers
from integrations.models import Reading, Wanted
from simulator.clock import ManualClock
from simulator.server import Served
from sla.models import Supervision, Timer
from sla.services import refresh
from tests import factories

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _policy() -> None:
    """Answers within ten minutes, at any time."""
    values: dict[str, Any] = {"next_response_s": 600, "warnings": [], "position": 1}
    factories.policy(media_types=["email", "message"], **values)


def _read_all(client: Client, now: datetime) -> None:
    poll(client=client, now=now)
    find_open(client=client, now=now)
    while read_messages(client=client, now=now):
        pass
    services.derive(now=now)


def test_who_was_answered_while_nobody_looked_is_not_told_of(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    clock.advance(12 * 3600)
    _read_all(simulated, clock.now())
    waiting = Timer.objects.filter(state="waiting", due_at__gt=clock.now()).count()
    clock.advance(700)  # all of these are due by now, and nothing was read meanwhile

    assert check_timers(now=clock.now()) == 0
    checked = Timer.objects.filter(state="checking")
    assert checked.count() >= waiting > 0
    asked = {timer.conversation_id for timer in checked}
    assert set(Wanted.objects.values_list("urgent", flat=True)) == {True}

    clock.advance(1)
    reread_wanted(client=simulated, now=clock.now())
    assert check_timers(now=clock.now()) == 0  # who wrote is not known yet
    assert read_writers(client=simulated, now=clock.now()) == len(asked)
    assert read_writers(client=simulated, now=clock.now()) == 0
    fired = check_timers(now=clock.now())

    assert not Timer.objects.filter(state="checking").exists()
    answered = Timer.objects.filter(state="answered")
    assert fired == Timer.objects.filter(state="fired", verified=True).count() > 0
    assert answered.count() > 0
    assert CommonEvent.objects.filter(name="sla.breached").count() == fired
    truth = centre.centre.world.truth(clock.now())["conversations"]
    for timer in Timer.objects.filter(state="fired").select_related("conversation"):
        assert timer.due_at < clock.now()
        assert timer.conversation.genesys_id in truth
        wrote = Message.objects.filter(conversation=timer.conversation, sender="agent")
        assert not wrote.filter(sent_at__range=(timer.round_at, timer.due_at)).exists()
    for timer in answered.select_related("conversation"):
        over = Message.objects.filter(
            conversation=timer.conversation, sender="agent", sent_at__gt=timer.round_at
        )
        assert over.exists() or timer.conversation.ended_at


@pytest.fixture
def waiting(now: datetime) -> Conversation:
    """A conversation whose customer waits for longer than was promised."""
    begun = now - timedelta(minutes=30)
    made = factories.conversation(genesys_id="c1", started_at=begun, queue_id="q1")
    refresh(conversation_ids=[made.pk], now=begun)
    return made


def test_where_genesys_is_away_it_is_told_after_half_a_minute_and_says_so(
    waiting: Conversation, host: Any, client: Client, now: datetime
) -> None:
    host.routes["/api/v2/analytics/conversations/details"] = lambda stage: stage.answer(503)
    assert check_timers(now=now) == 0
    with pytest.raises(TemporaryError):
        reread_wanted(client=client, now=now)
    assert check_timers(now=now + CHECK_FOR - SECOND) == 0
    assert check_timers(now=now + CHECK_FOR) == 1
    assert timedelta(seconds=30) == CHECK_FOR
    timer = Timer.objects.get()
    assert (timer.state, timer.verified) == ("fired", False)
    assert CommonEvent.objects.get().payload["verified"] == "false"


def test_without_any_genesys_it_is_told_at_once(
    waiting: Conversation, now: datetime, settings: Any
) -> None:
    settings.GENESYS_CLIENT_ID = ""
    assert check_timers(now=now) == 1
    assert Timer.objects.get().verified is False
    assert not Wanted.objects.exists()


@pytest.mark.parametrize(
    ("read", "wrote", "fires"),
    [(1, 1, True), (0, 0, True), (-1, 1, False), (1, -1, False), (1, None, False)],
)
def test_a_reading_confirms_only_what_it_was_made_after(
    waiting: Conversation, now: datetime, read: int, wrote: int | None, *, fires: bool
) -> None:
    check_timers(now=now)
    Reading.objects.create(
        conversation=waiting,
        read_at=now + read * SECOND,
        messages_read_at=None if wrote is None else now + wrote * SECOND,
    )
    assert check_timers(now=now + 2 * SECOND) == int(fires)


def test_a_call_is_read_without_messages(now: datetime) -> None:
    factories.policy("Calls", media_types=["voice"], next_response_s=60, position=0, warnings=[])
    begun = now - timedelta(minutes=5)
    call = factories.conversation(started_at=begun, media_type="voice")
    refresh(conversation_ids=[call.pk], now=begun)
    check_timers(now=now)
    Reading.objects.create(conversation=call, read_at=now)
    assert check_timers(now=now + SECOND) == 1
    assert "voice" not in READERS


def test_a_timer_that_cannot_be_fired_holds_back_no_other(now: datetime, settings: Any) -> None:
    settings.GENESYS_CLIENT_ID = ""  # nobody is asked
    Supervision.objects.create(name="Unreadable", queue_ids=7)
    ladder = factories.ladder()
    factories.rung(ladder, audience="supervisors")
    factories.policy("With a rung", next_response_s=600, position=0, ladder=ladder, queue_ids=["q"])
    begun = now - 601 * SECOND
    made = [factories.conversation(started_at=begun, queue_id=queue) for queue in ("q", "q", "r")]
    refresh(conversation_ids=[one.pk for one in made], now=begun)

    with pytest.raises(TypeError):
        check_timers(now=now)

    told = CommonEvent.objects.values_list("name", flat=True)
    assert list(told) == ["sla.breached"] * 3
    unfired = Timer.objects.filter(state="checking")
    assert {timer.rung.partition(":")[0] for timer in unfired} == {"rung"}
    assert unfired.count() == 2
