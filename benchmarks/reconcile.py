"""What it costs to reconcile days that did not change, beyond reading them: CPU for 50,000.

Both shapes of a document, a query's and a job's, by turns, as the hourly and the nightly
reconciliation meet them. Run in a process of its own with DATABASE_URL set.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time

import django
from django.core.management import call_command

from benchmarks.documents import documents
from benchmarks.figures import Figure, database

django.setup()

from integrations.genesys import ingest  # noqa: E402 - models need Django to be set up

NOW = datetime(2026, 11, 1, tzinfo=UTC)
COUNT, DAY, ROUNDS = 2_000, 50_000, 3
MOST_S = 10.0


def measure() -> list[Figure]:
    """Return the figure of this process's database."""
    queried = list(documents(COUNT))
    from_job = [_with_attributes(document) for document in queried]
    at = _recorded(queried, NOW)
    at = _recorded(from_job, at)
    spent = []
    for _ in range(ROUNDS):
        for given in (queried, from_job):
            before = process_time()
            at = _recorded(given, at, unchanged=True)
            spent.append(process_time() - before)
    where = database()
    return [
        Figure(
            what=f"{where}: reconcile {DAY:,} unchanged conversations, CPU of the worker",
            rate=median(spent) * DAY / COUNT,
            unit="s",
            target=MOST_S,
            more_is_better=False,
        )
    ]


def _recorded(given: list[bytes], at: datetime, *, unchanged: bool = False) -> datetime:
    """Take documents as read a minute later; return that instant."""
    later = at + timedelta(minutes=1)
    taken = ingest.take(given, observed_at=later, now=later, batch=500)
    assert not taken.refused
    assert not unchanged or taken.recorded.unchanged == len(given)
    return later


def _with_attributes(document: bytes) -> bytes:
    """Write a document as a job tells it."""
    told = json.loads(document)
    told["participants"][0]["attributes"] = {"customer.tier": "gold", "language": "de"}
    return json.dumps(told).encode()


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
