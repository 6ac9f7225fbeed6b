"""How long a month of history takes to be tried with a draft beside what is in force.

Run in a process of its own with DATABASE_URL set, since Django has one database a process.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any, Final
from zoneinfo import ZoneInfo

import django
from django.core.management import call_command

from benchmarks.figures import Figure, database

django.setup()

from conversations import bulk, models  # noqa: E402 - models need Django to be set up
from sla.backtest import backtest_of, last_days, run  # noqa: E402
from sla.domain.tally import What  # noqa: E402
from sla.drafts import Draft  # noqa: E402
from sla.models import Ladder, Policy, Rung  # noqa: E402

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAYS, A_DAY, QUEUES = 30, 2_000, 40
TARGET_S = 30.0
MEDIA = ("email", "message")
HOUR_S: Final = 3_600

Row = tuple[Any, ...]


def measure() -> list[Figure]:
    """Return the figure of this process's database: the median of three runs."""
    _write(Random(5))
    policy = Policy.objects.get()
    Policy.objects.update(first_response_s=HOUR_S, resolution_s=20 * HOUR_S, ladder=_ladder())
    draft = Policy.objects.get(pk=policy.pk)
    draft.next_response_s, draft.first_response_s = 2 * HOUR_S, HOUR_S // 2
    taken = sorted(_tried(Draft(policy=draft)) for _ in range(3))[1]
    return [
        Figure(
            what=f"{database()}: backtest of {DAYS} days x {A_DAY:,} conversations, three clocks",
            rate=taken,
            unit="s",
            target=TARGET_S,
            more_is_better=False,
        )
    ]


def _tried(draft: Draft) -> float:
    started = perf_counter()
    test = backtest_of(draft, span=last_days(DAYS, NOW), zone=ZoneInfo("Europe/Berlin"))
    tally = run(test)
    taken = perf_counter() - started
    assert tally.conversations == DAYS * A_DAY
    assert tally.pair(What.BREACHES).difference > 0
    return taken


def _ladder() -> Ladder:
    ladder = Ladder.objects.create(name="Usual")
    for offset_s in (-1800, 0, HOUR_S):
        Rung.objects.create(ladder=ladder, offset_s=offset_s)
    return ladder


def _write(random: Random) -> None:
    """Write conversations that begin at any time of these days, and who wrote in them when."""
    began = [NOW - timedelta(seconds=random.randrange(DAYS * 86_400)) for _ in range(DAYS * A_DAY)]
    lasted = [timedelta(seconds=random.randrange(600, 3 * 86_400)) for _ in began]
    conversations = models.Conversation.objects.bulk_create(
        (_conversation(n, at, at + lasted[n], random) for n, at in enumerate(began)),
        batch_size=1_000,
    )
    bulk.insert(
        models.Message,
        ("conversation_id", "genesys_id", "sent_at", "sender", "user_id"),
        _messages(zip((row.pk for row in conversations), began, lasted, strict=True), random),
    )


def _conversation(
    number: int, began: datetime, ended: datetime, random: Random
) -> models.Conversation:
    return models.Conversation(
        genesys_id=f"c{number}",
        started_at=began,
        ended_at=ended if ended < NOW else None,
        originating_direction="inbound",
        media_type=random.choice(MEDIA),
        queue_id=f"q{random.randrange(QUEUES)}",
        observed_at=NOW,
        content_hash=b"0" * 16,
    )


def _messages(
    conversations: Iterable[tuple[int, datetime, timedelta]], random: Random
) -> Iterator[Row]:
    """Yield one to eight messages of a conversation, the customer's and the agent's in turns."""
    for pk, began, lasted in conversations:
        count = random.randrange(1, 9)
        for number in range(count):
            at = began + lasted * number / count
            if at < NOW:
                yield pk, f"{pk}-{number}", at, ("customer", "agent")[number % 2], ""


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
