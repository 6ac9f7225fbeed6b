"""Customers who wait, and what must be told of each, to whom and when: worked out here alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Final, NamedTuple

from conversations.models import Conversation
from integrations.models import Destination
from integrations.outbox import announce
from sla.models import Rung
from sla.services import refresh
from tests import factories

A_SECOND: Final = timedelta(seconds=1)
# An hour, so that all are waiting by now, whenever the last of them is due.
TARGET: Final = 3_600 * A_SECOND
# After the target. Nothing before it: whoever dies then tells the breach alone.
RUNGS: Final = (0 * A_SECOND, 2 * A_SECOND, 4 * A_SECOND)
LAST: Final = TARGET + max(RUNGS)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TOGETHER: Final = 500


class Step(NamedTuple):
    """What is told of every wait: its rung, the event, who hears it, and after how long."""

    rung: str
    name: str
    path: str
    after: timedelta


class Due(NamedTuple):
    """What is to be told of one customer's wait, once, and not before an instant."""

    conversation: str
    since: datetime
    step: Step

    @property
    def at(self) -> datetime:
        return self.since + self.step.after

    @property
    def subject(self) -> str:
        """What of the conversation it is about, as docs/webhooks-out.md has it."""
        since_ms = (self.since - EPOCH) // timedelta(milliseconds=1)
        rung = "" if self.step.rung == "breach" else f":{self.step.rung}"
        return f"next_response@{since_ms}{rung}"


def wait(draw: Random, many: int, *, first_at: datetime, over_s: float, url: str) -> list[Due]:
    """Have so many customers wait; return all that must be told, at paths of a receiver's URL.

    first_at is when the first breach may be due, and the last one is so many seconds later.
    """
    steps = list(_steps(url))
    begun = first_at.replace(microsecond=0) - TARGET
    # Whole milliseconds, as all that Genesys tells.
    since = [
        begun + timedelta(milliseconds=draw.randrange(int(over_s * 1000))) for _ in range(many)
    ]
    for some in _portions([_conversation(each) for each in since]):
        made = Conversation.objects.bulk_create(some)
        refresh(conversation_ids=[one.pk for one in made], now=datetime.now(UTC))
    waiting = Conversation.objects.values_list("genesys_id", "started_at")
    return [Due(pk, since, step) for pk, since in waiting for step in steps]


def _steps(url: str) -> Iterator[Step]:
    """Make the policy, its ladder and who is told; yield what is told of every wait."""
    ladder = factories.ladder()
    seconds = TARGET.seconds
    factories.policy(next_response_s=seconds, warnings=[], position=1, ladder=ladder)
    name = "sla.breached"
    yield Step("breach", name, _told(url, name, [name]).name, TARGET)
    for offset in RUNGS:
        to = _told(url, f"rung-{offset.seconds}", [])
        made: Rung = factories.rung(ladder, offset.seconds, destination_id=to.pk)
        yield Step(f"rung:{made.pk}", "sla.escalated", to.name, TARGET + offset)


def _told(url: str, name: str, topics: list[str]) -> Destination:
    """Make somebody who is told by webhook at once; each step has its own, as each has its pace."""
    path = f"/hooks/{name}"
    made = Destination.objects.create(
        name=path,
        kind="webhook",
        mode=Destination.Mode.LIVE,
        topics=topics,
        config={"url": url + path},
        created_at=datetime.now(UTC),
    )
    announce.listen(made)
    return made


def _conversation(since: datetime) -> Conversation:
    return Conversation(
        genesys_id=factories.an_id("conv"),
        started_at=since,
        media_type="email",
        originating_direction="inbound",
        observed_at=since,
        content_hash=b"0" * 16,
    )


def _portions(rows: list[Conversation]) -> Iterator[list[Conversation]]:
    left = iter(rows)
    while some := list(islice(left, TOGETHER)):
        yield some
