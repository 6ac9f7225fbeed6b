"""How many SLA clocks a second are computed anew after a change of their policy.

Run in a process of its own with DATABASE_URL set, since Django has one database a process.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

import django
from django.core.management import call_command

from benchmarks.figures import Figure, database, median_rates

django.setup()

from conversations.models import Conversation, Message  # noqa: E402 - models need Django set up
from sla import recomputing, versions  # noqa: E402
from sla.models import Clock, Policy, PolicyVersion  # noqa: E402

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
COUNT: Final = 25_000  # with two clocks each
ROUNDS: Final = 3
TARGET: Final = 5_000
BATCH: Final = 5_000


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    _fill()
    _anew("first")
    still, moved = median_rates(ROUNDS, lambda: _anew("the same"), _changed)
    where = database()
    return [
        Figure(what=f"{where}: clocks recomputed", rate=still, unit="clocks/s", target=TARGET),
        Figure(
            what=f"{where}: clocks recomputed and written",
            rate=moved,
            unit="clocks/s",
            target=TARGET,
        ),
    ]


def _fill() -> None:
    """Make open conversations in which customer and agent wrote by turns, the customer last.

    Both clocks have been promised for longer than any of them lasts.
    """
    policy = Policy.objects.get()
    policy.next_response_s, policy.resolution_s = 4 * 3600, 40 * 3600
    policy.save()
    PolicyVersion.objects.all().delete()
    versions.note_policy(policy=policy, now=NOW - timedelta(days=30))
    for start in range(0, COUNT, BATCH):
        rows = [_conversation(number) for number in range(start, start + BATCH)]
        Conversation.objects.bulk_create(rows)
        Message.objects.bulk_create([one for row in rows for one in _messages(row)])


def _conversation(number: int) -> Conversation:
    started_at = NOW - timedelta(minutes=10 + number % 4000)
    return Conversation(
        genesys_id=f"c{number}",
        started_at=started_at,
        observed_at=NOW,
        content_hash=b"x" * 16,
        originating_direction="inbound",
        media_type="email",
        queue_id=f"q{number % 20}",
    )


def _messages(of: Conversation) -> list[Message]:
    kinds = (Message.Sender.CUSTOMER, Message.Sender.AGENT, Message.Sender.CUSTOMER)
    return [
        Message(
            conversation=of,
            genesys_id=f"{of.genesys_id}-{number}",
            sent_at=of.started_at + timedelta(minutes=3 * number),
            sender=sender,
        )
        for number, sender in enumerate(kinds)
    ]


def _changed() -> int:
    """Promise a minute more, so that every clock is another one."""
    policy = Policy.objects.get()
    policy.next_response_s = (policy.next_response_s or 0) + 60
    policy.resolution_s = (policy.resolution_s or 0) + 60
    policy.save()
    versions.note_policy(policy=policy, now=NOW)
    return _anew("changed")


def _anew(cause: str) -> int:
    """Work a recomputation off, as the workers do; return how many clocks there are."""
    recomputing.order(cause=cause, now=NOW)
    while recomputing.work_off(now=NOW):
        pass
    count = Clock.objects.count()
    assert count == 2 * COUNT
    return count


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
