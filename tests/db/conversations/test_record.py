"""Recording snapshots: the mirror equals what was read, whatever came before and in what order."""

import json
import re
from copy import deepcopy
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import groupby, permutations
from typing import Any

import pytest
import zstandard
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from conversations import bulk, selectors, services
from conversations.domain import facts
from conversations.models import (
    Change,
    CommonEvent,
    Conversation,
    Metric,
    Participant,
    RawSnapshot,
    Segment,
    Session,
    Survey,
)
from conversations.services import Recorded
from integrations.genesys import payloads
from tests.documents import answered_email, at, conversation, participant, raw, segment, session

pytestmark = pytest.mark.django_db


def snapshot(document: dict[str, Any], minutes: float = 1_000) -> facts.Snapshot:
    content = raw(document)
    content_hash = blake2b(content, digest_size=16).digest()
    return facts.Snapshot(payloads.conversation(content), at(minutes), content_hash, content)


def record(now: datetime, *snapshots: facts.Snapshot) -> Recorded:
    return services.record(snapshots=snapshots, now=now)


def mirrored(genesys_id: str = "c1") -> facts.Conversation:
    (found,) = selectors.conversation_facts([genesys_id])
    return found


def counts() -> list[int]:
    kinds = (Participant, Session, Segment, Metric, CommonEvent, Change, RawSnapshot)
    return [kind._default_manager.count() for kind in kinds]


def test_what_was_read_is_what_the_mirror_shows(now: datetime) -> None:
    document = answered_email() | {
        "divisionIds": ["d1"],
        "surveys": [{"surveyId": "v", "surveyStatus": "Sent"}],
        "evaluations": [{"evaluationId": "e", "oTotalScore": 80}],
        "resolutions": [{"queueId": "q1", "nNextContactAvoided": 0}],
    }
    one = snapshot(document)

    assert record(now, one) == Recorded(new=1)
    assert mirrored() == one.conversation
    row = Conversation.objects.get()
    assert (row.media_type, row.queue_id, row.user_id) == ("email", "q1", "u1")
    first = CommonEvent.objects.earliest("at", "name")
    assert (first.name, first.at, first.recorded_at) == ("conversation.created", at(0), now)


def test_the_same_twice_writes_nothing(now: datetime) -> None:
    record(now, snapshot(answered_email()))
    before = counts()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        done = record(now, snapshot(answered_email(), 2_000))

    assert done == Recorded(unchanged=1)
    assert counts() == before
    written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []


def test_an_older_snapshot_never_overwrites_a_newer_one(now: datetime) -> None:
    newer = snapshot(answered_email(), 31)
    record(now, newer)

    assert record(now, snapshot(answered_email(end=None), 20)) == Recorded(stale=1)
    assert mirrored() == newer.conversation


def test_snapshots_in_any_order_end_in_the_same_rows_and_events(now: datetime) -> None:
    ringing = conversation(
        "c1", participant("p-agent", "agent", session("s-agent", segment("alert", 5)), userId="u1")
    )
    history = [
        snapshot(ringing, 5.5),
        snapshot(answered_email(end=None), 20),
        snapshot(answered_email(), 31),
    ]
    ends = []
    for order in permutations(history):
        Conversation.objects.all().delete()
        for one in (*order, *order):
            record(now, one)
        ends.append((mirrored(), set(CommonEvent.objects.values_list("name", "subject", "at"))))

    assert [end[0] for end in ends] == [history[-1].conversation] * 6
    final = max((events for _, events in ends), key=len)
    assert all(events == final for _, events in ends)


def test_two_snapshots_of_one_instant_end_alike_in_either_order(now: datetime) -> None:
    one, other = snapshot(answered_email(), 40), snapshot(answered_email(user="u2"), 40)

    record(now, one)
    record(now, other)
    first = mirrored()
    Conversation.objects.all().delete()
    record(now, other, one)

    assert mirrored() == first


def test_what_vanished_upstream_vanishes_here_and_the_rest_keeps_its_pk(now: datetime) -> None:
    document = answered_email() | {"surveys": [{"surveyId": "v"}]}
    record(now, snapshot(document, 31))
    kept = dict(Session.objects.values_list("genesys_id", "pk"))

    corrected = deepcopy(document)
    corrected["surveys"] = []
    corrected["participants"][2]["sessions"][0]["segments"].pop(0)
    corrected["participants"][2]["sessions"][0]["metrics"] = []
    del corrected["participants"][0]
    new = snapshot(corrected, 5_000)
    record(now, new)

    assert mirrored() == new.conversation
    assert Survey.objects.count() == Metric.objects.count() == 0
    assert Participant.objects.count() == 2
    assert Session.objects.get(genesys_id="s-agent").pk == kept["s-agent"]


def test_a_change_asks_for_the_union_of_what_was_and_what_is(now: datetime) -> None:
    record(now, snapshot(answered_email(end=None), 20))
    Change.objects.all().delete()
    record(now, snapshot(answered_email(user="u2"), 31))

    change = Change.objects.get()
    assert change.user_ids == ["u1", "u2"]
    assert (change.window_start, change.window_end) == (at(5), None)


def test_a_handover_that_only_time_ends_is_told_by_the_next_look(now: datetime) -> None:
    document = conversation(
        "c1",
        participant("p0", "customer", session("s0", segment("interact", 0))),
        participant(
            "p1", "agent", session("s1", segment("interact", 1, 2, disconnectType="client"))
        ),
    )
    record(now, snapshot(document, 2))
    assert not CommonEvent.objects.filter(name="handover.ended").exists()
    Change.objects.all().delete()

    assert record(now, snapshot(document, 3)) == Recorded(changed=1)
    assert CommonEvent.objects.filter(name="handover.ended").count() == 1
    assert record(now, snapshot(document, 4)) == Recorded(unchanged=1)
    assert not Change.objects.exists()


def test_whoever_is_beaten_to_new_conversations_tries_again_as_long_as_any_is_new(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [snapshot(answered_email(name)) for name in ("c1", "c2")]
    write, others = services._record, iter(both)

    def beaten(latest: dict[str, facts.Snapshot], now: datetime, **told: bool) -> Recorded:
        for other in others:
            write({other.conversation.genesys_id: other}, now)
            raise IntegrityError
        return write(latest, now, **told)

    monkeypatch.setattr(services, "_record", beaten)
    assert record(now, *both) == Recorded(unchanged=2)


def test_what_the_database_refuses_for_good_is_not_tried_for_ever(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(latest: dict[str, facts.Snapshot], now: datetime, **told: bool) -> Recorded:
        raise IntegrityError

    monkeypatch.setattr(services, "_record", refused)
    with pytest.raises(IntegrityError):
        record(now, snapshot(answered_email()))


def test_the_newest_of_one_conversation_in_a_batch_stands(now: datetime) -> None:
    newer = snapshot(answered_email(), 31)

    assert record(now, newer, snapshot(answered_email(end=None), 20)) == Recorded(new=1, stale=1)
    assert mirrored() == newer.conversation


@pytest.mark.parametrize("conversations", [1, 60])
def test_a_batch_costs_the_same_statements_however_large(now: datetime, conversations: int) -> None:
    batch = [snapshot(answered_email(f"c{n}")) for n in range(conversations)]
    with CaptureQueriesContext(connection) as first:
        record(now, *batch)
    later = [snapshot(answered_email(f"c{n}", user="u2"), 2_000) for n in range(conversations)]
    with CaptureQueriesContext(connection) as second:
        record(now, *later)

    assert (_statements(first), _statements(second)) == (16, 21)


def _statements(captured: CaptureQueriesContext) -> int:
    """Count statements; SQLite's two for one insert, many rows at a time and the rest, are one."""
    texts = [re.sub(r"^\d+ times: ", "", query["sql"]) for query in captured.captured_queries]
    return len(list(groupby(text.partition(" VALUES ")[0] for text in texts)))


def test_hostile_texts_come_back_as_they_went_in(now: datetime) -> None:
    name = 'a\tb\nc\r\\N"\x01\x02None,\u2028😀\\'
    one = snapshot(
        conversation("c1", participant("p", "customer", session("s"), participantName=name))
    )
    empty = snapshot(conversation("c2", participant("p", "customer", participantName="None")))
    record(now, one, empty)

    assert mirrored("c1") == one.conversation
    assert mirrored("c2").participants[0].name == "None"


def test_no_statement_names_more_rows_than_sqlite_takes_as_it_is_delivered(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_IN_A_STATEMENT", 2)
    many = [session(f"s{n}", segment("interact", n, n + 1)) for n in range(7)]
    moved = [session(f"s{n}", segment("interact", n, n + 2)) for n in range(5)]
    record(now, snapshot(conversation("c1", participant("p", "agent", *many)), 100))

    later = snapshot(conversation("c1", participant("p", "agent", *moved)), 101)
    with CaptureQueriesContext(connection) as queries:
        record(now, later)
    assert mirrored() == later.conversation
    named = [query["sql"].partition(" IN (")[2] for query in queries]
    assert max(text.partition(")")[0].count(",") for text in named) == 1


def test_a_document_of_a_hundred_thousand_segments_is_taken(now: datetime) -> None:
    start = at(0)
    segments = [
        {
            "segmentType": "interact" if n % 2 else "hold",
            "segmentStart": (start + timedelta(seconds=n)).isoformat(),
            "segmentEnd": (start + timedelta(seconds=n + 1)).isoformat(),
        }
        for n in range(100_000)
    ]
    document = conversation("c1", participant("p", "agent", session("s", *segments), userId="u"))

    assert record(now, snapshot(document, 10_000)) == Recorded(new=1)
    assert Segment.objects.count() == 100_000


def test_the_document_is_kept_compressed_for_replay(now: datetime) -> None:
    record(now, snapshot(answered_email(end=None), 20))
    record(now, snapshot(answered_email(), 31))

    kept = RawSnapshot.objects.get()
    assert json.loads(zstandard.decompress(bytes(kept.body))) == answered_email()
    assert kept.observed_at == at(31)
