"""How fast SLA timers that are due are asked about and fired: events, alerts and notices written.

Run in a process of its own with DATABASE_URL set.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

os.environ |= {
    "SECRET_KEY": "only this benchmark's, of fifty characters or somewhat more",
    "LOG_LEVEL": "ERROR",
}

import django
from django.core.management import call_command

from benchmarks.figures import Figure, database, rate

django.setup()

from django.db import connection  # noqa: E402

from conversations.models import Audience, Conversation  # noqa: E402
from integrations.checking import check_timers  # noqa: E402
from integrations.models import Reading  # noqa: E402
from sla.models import Calendar, Clock, Ladder, Notice, Policy, Rung, Timer  # noqa: E402

CLOCKS: Final = 5_000
HOUR: Final = timedelta(hours=1)


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    now = datetime.now(UTC)
    _due(now)
    fired = rate(lambda: check_timers(now=now))
    assert Notice.objects.count() == 2 * CLOCKS
    return [
        Figure(
            what=f"{database()}: {2 * CLOCKS:,} due SLA timers asked about and fired",
            rate=2 * CLOCKS / fired,
            unit="s",
            target=3 if connection.vendor == "postgresql" else 15,
            more_is_better=False,
        )
    ]


def _due(now: datetime) -> None:
    """Make clocks whose breach and first rung are due, of conversations that were read just now."""
    hours = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    calendar = Calendar.objects.create(name="Always", timezone="UTC", hours=hours)
    ladder = Ladder.objects.create(name="Ladder")
    rung = Rung.objects.create(ladder=ladder, audience=Rung.Audience.SUPERVISORS)
    policy = Policy.objects.create(
        name="Four hours", calendar=calendar, position=1, next_response_s=14_400, ladder=ladder
    )
    Audience.objects.create(name="somebody")
    begun = now - 4 * HOUR - timedelta(minutes=1)
    made = Conversation.objects.bulk_create(
        Conversation(
            genesys_id=f"00000000-0000-4000-8000-{n:012}",
            started_at=begun,
            observed_at=now,
            content_hash=b"",
            media_type="voice",
        )
        for n in range(CLOCKS)
    )
    Reading.objects.bulk_create(Reading(conversation=one, read_at=now + HOUR) for one in made)
    Clock.objects.bulk_create(_clock(one, policy, begun) for one in made)
    Timer.objects.bulk_create(
        Timer(
            conversation=one,
            kind=Clock.Kind.NEXT_RESPONSE,
            round_at=begun,
            rung=key,
            of_rung=of_rung,
            due_at=begun + 4 * HOUR,
        )
        for one in made
        for key, of_rung in (("breach", None), (f"rung:{rung.pk}", rung))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _clock(of: Conversation, policy: Policy, begun: datetime) -> Clock:
    return Clock(
        conversation=of,
        kind=Clock.Kind.NEXT_RESPONSE,
        policy=policy,
        state=Clock.State.RUNNING,
        since=begun,
        started_at=begun,
        elapsed_ms=0,
        target_s=14_400,
        due_at=begun + 4 * HOUR,
        breaches_at=begun + 4 * HOUR,
        changed_at=begun,
    )


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
