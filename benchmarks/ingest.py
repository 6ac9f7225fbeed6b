"""How many conversations a second go into the mirror, beside a naive way and beside the limit.

Run in a process of its own with DATABASE_URL set, since Django has one database a process.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import django
from django.core.management import call_command
from django.db import connection, transaction

from benchmarks.documents import documents
from benchmarks.figures import Figure, database, median_rates, rate

django.setup()

from conversations import models  # noqa: E402 - models need Django to be set up
from integrations.genesys import ingest, payloads  # noqa: E402
from integrations.models import Reading  # noqa: E402

NOW = datetime(2026, 11, 1, tzinfo=UTC)
COUNT, NAIVE_COUNT, ROUNDS = 2_000, 30, 3
BATCH = {"postgresql": 500, "sqlite": ingest.BATCH}
TARGETS = {"postgresql": (1_500, 20_000), "sqlite": (1_000, 20_000)}
# The limit: bare columns of text, no key, no index, no check, not logged.
BARE = {"conversation": 5, "participant": 5, "session": 10, "segment": 7, "metric": 4}

Row = tuple[Any, ...]


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    given = list(documents(COUNT))
    naive = _median_naive(given[:NAIVE_COUNT])
    first, again, limit = median_rates(
        ROUNDS,
        *(lambda: _take(given), lambda: _take(given), lambda: _bare(given)),
        before=_empty,
    )
    yardstick = median_rates(ROUNDS, lambda: _only_json(given))[0]
    where = database()
    first_target, again_target = TARGETS[connection.vendor]
    unit = "conversations/s"
    return [
        Figure(what=f"{where}: yardstick, json.loads alone", rate=yardstick, unit=unit),
        Figure(what=f"{where}: update_or_create a row", rate=naive, unit=unit),
        Figure(
            what=f"{where}: first load",
            rate=first,
            unit=unit,
            target=first_target,
            against="update_or_create",
            ratio=first / naive,
        ),
        Figure(
            what=f"{where}: unchanged again",
            rate=again,
            unit=unit,
            target=again_target,
            against="update_or_create",
            ratio=again / naive,
        ),
        Figure(
            what=f"{where}: bare rows, the limit",
            rate=limit,
            unit=unit,
            against="first load",
            ratio=limit / first,
        ),
    ]


def _only_json(given: list[bytes]) -> int:
    """Read the documents with the standard library: how fast this machine is today."""
    for document in given:
        json.loads(document)
    return len(given)


def _take(given: list[bytes]) -> int:
    taken = ingest.take(
        given,
        observed_at=NOW,
        now=NOW,
        batch=BATCH[connection.vendor],
        writers=ingest.most_writers(),
    )
    assert not taken.refused
    return len(given)


def _empty() -> None:
    """Empty the mirror."""
    kinds = (
        *(Reading, models.Change, models.CommonEvent, models.RawSnapshot, models.Metric),
        *(models.Segment, models.Session, models.Participant, models.Conversation),
    )
    names = [connection.ops.quote_name(kind._meta.db_table) for kind in kinds]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")
        else:
            for name in names:
                cursor.execute(f"DELETE FROM {name}")


def _median_naive(given: list[bytes]) -> float:
    _empty()
    return rate(lambda: _naive(given))


def _naive(given: list[bytes]) -> int:
    """Write as most write: one update_or_create for each row, one transaction a conversation."""
    for document in given:
        with transaction.atomic():
            _naive_conversation(payloads.conversation(document))
    return len(given)


def _naive_conversation(read: Any) -> None:
    parent, _ = models.Conversation.objects.update_or_create(
        genesys_id=read.genesys_id,
        defaults={"started_at": read.started_at, "ended_at": read.ended_at}
        | {"observed_at": NOW, "content_hash": b""},
    )
    for ordinal, person in enumerate(read.participants):
        participant, _ = models.Participant.objects.update_or_create(
            conversation=parent,
            genesys_id=person.genesys_id,
            defaults={"ordinal": ordinal, "purpose": person.purpose, "user_id": person.user_id},
        )
        for number, talk in enumerate(person.sessions):
            session, _ = models.Session.objects.update_or_create(
                conversation=parent,
                genesys_id=talk.genesys_id,
                defaults={"participant": participant, "ordinal": number}
                | {"purpose": person.purpose, "media_type": talk.media_type},
            )
            for kind, leaves in ((models.Segment, talk.segments), (models.Metric, talk.metrics)):
                for at, leaf in enumerate(leaves):
                    kind.objects.update_or_create(
                        session=session, ordinal=at, defaults=leaf._asdict()
                    )


def _bare(given: list[bytes]) -> int:
    """Write the same rows as texts into tables without anything, in one go."""
    _make_bare()
    rows: dict[str, list[Row]] = {name: [] for name in BARE}
    for document in given:
        for name, row in _flattened(json.loads(document)):
            rows[name].append(row)
    with transaction.atomic(), connection.cursor() as cursor:
        for name, some in rows.items():
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY bare_{name} FROM STDIN") as copy:
                    copy.write("".join(["\t".join(row) + "\n" for row in some]))
            else:
                marks = ", ".join(["%s"] * BARE[name])
                cursor.executemany(f"INSERT INTO bare_{name} VALUES ({marks})", some)
    return len(given)


def _make_bare() -> None:
    unlogged = "UNLOGGED" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name, width in BARE.items():
            columns = ", ".join(f"c{n} text" for n in range(width))
            cursor.execute(f"DROP TABLE IF EXISTS bare_{name}")
            cursor.execute(f"CREATE {unlogged} TABLE bare_{name} ({columns})")


def _flattened(read: dict[str, Any]) -> Iterator[tuple[str, Row]]:
    key = read["conversationId"]
    yield "conversation", (key, *_texts(read, "conversationStart conversationEnd"), "", "")
    for person in read["participants"]:
        owner = person["participantId"]
        yield "participant", (key, *_texts(person, "participantId purpose userId participantName"))
        for talk in person["sessions"]:
            yield "session", (owner, *_texts(talk, SESSION))
            yield from chain(
                (("segment", (talk["sessionId"], *_texts(s, SEGMENT))) for s in talk["segments"]),
                (("metric", (talk["sessionId"], *_texts(m, METRIC))) for m in talk["metrics"]),
            )


SESSION = "sessionId mediaType direction provider peerId ani dnis addressFrom addressTo"
SEGMENT = "segmentStart segmentEnd segmentType queueId disconnectType wrapUpCode"
METRIC = "name value emitDate"


def _texts(found: dict[str, Any], names: str) -> list[str]:
    return [str(found.get(name, "")) for name in names.split()]


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
