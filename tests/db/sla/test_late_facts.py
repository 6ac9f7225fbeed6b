"""Facts that come late, in any order, or wrong at first: the clocks are as had they not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.domain.facts import Conversation as Facts
from conversations.domain.facts import Participant, Segment, Session, Snapshot
from conversations.domain.messages import Message
from conversations.domain.presence import PresenceTold
from conversations.messages import record_messages
from conversations.models import Change, Conversation
from conversations.presence import record_live
from conversations.services import record
from sla.models import Clock, Policy, Wait
from sla.services import refresh
from tests.db.sla.mirrored import MONDAY

pytestmark = pytest.mark.django_db

TICK = timedelta(minutes=20)
START = MONDAY.replace(hour=8)
TICKS = 60  # until Tuesday at 04:00
NOW = START + TICKS * TICK
# The fingerprint is of the steps too, and their sources name the conversation.
APART = {"id", "conversation_id", "changed_at", "fingerprint"}
STATES = ("interact", "hold", "parked")
_numbers = count(1)


def at(tick: float) -> datetime:
    return START + tick * TICK


@dataclass(frozen=True)
class Truth:
    """What happened: who wrote when, what Anna did from when on, where she was, and the end."""

    messages: tuple[tuple[int, str], ...]
    states: tuple[tuple[int, str], ...]
    presence: tuple[tuple[int, str], ...]
    left_at: int | None
    ended_at: int | None
    name: str = field(default_factory=lambda: f"late{next(_numbers)}")

    @property
    def user_id(self) -> str:
        return f"anna of {self.name}"

    def message(self, number: int, *, wrong: bool = False) -> Message:
        tick, sender = self.messages[number]
        by = 0.5 if wrong else 0
        if wrong:
            sender = "customer" if sender == "agent" else "agent"
        user_id = self.user_id if sender == "agent" else ""
        return Message(f"m{number}", at(tick + by), sender, user_id)

    def snapshot(self, seen_at: int, *, wrong: bool = False) -> Snapshot:
        """Return what is seen at a tick; where it is wrong, holds are taken for talk."""
        over = self.ended_at if self.ended_at is not None and self.ended_at <= seen_at else None
        agents = (Session("sa", "email", segments=tuple(self._segments(seen_at, wrong=wrong))),)
        theirs = (Session("sc", "email", segments=(Segment("interact", START, _or(over)),)),)
        conversation = Facts(
            self.name,
            START,
            _or(over),
            "inbound",
            participants=(
                Participant("pc", "customer", sessions=theirs),
                Participant("pa", "agent", self.user_id, sessions=agents),
            ),
        )
        mark = f"{self.name} {seen_at} {wrong}".encode().ljust(16)[-16:]
        return Snapshot(conversation, at(seen_at), mark)

    def _segments(self, seen_at: int, *, wrong: bool) -> Iterator[Segment]:
        begun = [(tick, state) for tick, state in self.states if tick <= seen_at]
        left = self.left_at if self.left_at is not None and self.left_at <= seen_at else None
        ends = [*(tick for tick, _ in begun[1:]), left]
        for (tick, state), end in zip(begun, ends, strict=True):
            shown = "interact" if wrong and state == "hold" else state
            yield Segment(shown, at(tick), _or(end))


def _or(tick: int | None) -> datetime | None:
    return None if tick is None else at(tick)


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    ticks = st.integers(1, TICKS - 10)
    written = draw(st.lists(ticks, unique=True, max_size=6))
    begun = sorted(draw(st.lists(ticks, unique=True, max_size=5)))
    moved = sorted(draw(st.lists(ticks, unique=True, max_size=3)))
    last = max([0, *begun])
    left_at = draw(st.none() | st.integers(last + 1, TICKS - 5))
    over = max(last, left_at or 0) + 1
    return Truth(
        tuple((t, draw(st.sampled_from(["customer", "agent"]))) for t in sorted(written)),
        ((0, "interact"), *((t, draw(st.sampled_from(STATES))) for t in begun)),
        tuple((t, draw(st.sampled_from(["AVAILABLE", "OFFLINE", "MEAL"]))) for t in moved),
        left_at,
        draw(st.none() | st.integers(over, TICKS)) if left_at is not None else None,
    )


Arrival = Callable[[], object]


def of_messages(truth: Truth, numbers: Sequence[int], *, wrong: bool = False) -> None:
    record_messages(
        conversation_id=Conversation.objects.get(genesys_id=truth.name).pk,
        messages=[truth.message(number, wrong=wrong) for number in numbers],
        now=NOW,
    )


def of_snapshot(truth: Truth, seen_at: int, *, wrong: bool = False) -> None:
    record(snapshots=[truth.snapshot(seen_at, wrong=wrong)], now=NOW)


def of_presence(truth: Truth, number: int) -> None:
    tick, value = truth.presence[number]
    told = PresenceTold(truth.user_id, "presence", value, "", at(tick))
    record_live(told=[told, told._replace(kind="routing", value="OFF_QUEUE")], now=NOW)


def arrivals(truth: Truth, data: st.DataObject) -> list[Arrival]:
    """Return each fact's arrival in some order; before its conversation is known, none can come."""
    seen = data.draw(st.lists(st.integers(1, TICKS - 1), max_size=3), label="seen at")
    wrong = data.draw(st.sets(st.integers(0, len(truth.messages))), label="wrong at first")
    later: list[Arrival] = [partial(of_snapshot, truth, TICKS)]
    later += [partial(of_snapshot, truth, tick, wrong=tick % 2 == 0) for tick in seen]
    later += [partial(of_messages, truth, [n]) for n in range(len(truth.messages))]
    later += [partial(of_presence, truth, n) for n in range(len(truth.presence))]
    first = [n for n in sorted(wrong) if n < len(truth.messages)]
    return [
        partial(of_snapshot, truth, 0, wrong=True),
        partial(of_messages, truth, first, wrong=True),
        *data.draw(st.permutations(later), label="order"),
    ]


def worked_off() -> None:
    """Compute anew what changes order, as a worker does."""
    changes = Change.objects.all()
    refresh(conversation_ids=set(changes.values_list("conversation_id", flat=True)), now=NOW)
    changes.delete()


def rows(truth: Truth) -> list[dict[str, Any]]:
    """Return all clocks and waits of a conversation, without what tells it from another one."""
    found: list[dict[str, Any]] = []
    for model in (Clock, Wait):
        columns = [column.attname for column in model._meta.concrete_fields]
        kept = [name for name in columns if name not in APART]
        mine = model._default_manager.filter(conversation__genesys_id=truth.name)
        found += [
            {name: _unnamed(value, truth) for name, value in row.items()}
            for row in mine.values(*kept)
        ]
    return sorted(found, key=lambda row: (row["kind"], "met" in row, row["started_at"]))


def _unnamed(value: Any, truth: Truth) -> Any:
    if isinstance(value, str):
        return value.replace(truth.user_id, "anna")
    if isinstance(value, list):
        return [{k: _unnamed(v, truth) for k, v in step.items()} for step in value]
    return value


POLICIES = st.fixed_dictionaries(
    {
        "first_response_s": st.sampled_from([None, 3600]),
        "next_response_s": st.sampled_from([1800, 7200]),
        "resolution_s": st.sampled_from([None, 20_000]),
        "waiting_on_customer_pauses": st.booleans(),
        "parking_pauses": st.booleans(),
        "holding_pauses": st.booleans(),
        "forgotten_s": st.sampled_from([None, 3600]),
        "away_s": st.sampled_from([None, 1200]),
    }
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(truths(), POLICIES, st.data())
def test_whenever_facts_come_and_however_wrong_at_first_the_clocks_are_the_same(
    truth: Truth, policy: dict[str, Any], data: st.DataObject
) -> None:
    Policy.objects.update(**policy)
    for arrive in arrivals(truth, data):
        arrive()
        if data.draw(st.booleans(), label="worked off at once"):
            worked_off()
    worked_off()
    piecemeal = rows(truth)

    in_time = Truth(truth.messages, truth.states, truth.presence, truth.left_at, truth.ended_at)
    of_snapshot(in_time, TICKS)
    of_messages(in_time, range(len(in_time.messages)))
    for number in range(len(in_time.presence)):
        of_presence(in_time, number)
    worked_off()
    assert piecemeal == rows(in_time)
    assert piecemeal  # a next response at least

    conversation = Conversation.objects.get(genesys_id=truth.name)
    Clock.objects.filter(conversation=conversation).delete()
    Wait.objects.filter(conversation=conversation).delete()
    refresh(conversation_ids=[conversation.pk], now=NOW)
    assert piecemeal == rows(truth)
