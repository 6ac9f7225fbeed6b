"""Reading analytics details: tolerant where Genesys varies, strict where a document is damaged."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from conversations.domain import facts
from integrations.errors import MalformedPayloadError
from integrations.genesys import payloads
from tests.documents import answered_email, at, conversation, participant, raw, segment, session


def read(document: dict[str, Any]) -> facts.Conversation:
    return payloads.conversation(raw(document))


def test_a_document_becomes_facts() -> None:
    found = read(answered_email())

    customer, acd, agent = found.participants
    assert (found.genesys_id, found.started_at, found.ended_at) == ("c1", at(0), at(30))
    assert (customer.purpose, customer.name) == ("customer", "Ada")
    assert acd.sessions[0].segments[0].disconnect_type == "transfer"
    assert agent.user_id == "u1"
    assert agent.sessions[0].metrics == (facts.Metric("tAlert", 60_000),)
    assert [s.segment_type for s in agent.sessions[0].segments] == ["alert", "interact", "wrapup"]
    assert agent.sessions[0].segments[2].wrap_up_code == "w1"
    assert (agent.sessions[0].started_at, agent.sessions[0].ended_at) == (at(5), at(30))


def test_absent_and_null_are_alike() -> None:
    bare = conversation("c", participant("p", "agent", session("s", segment("interact", 0))))
    full = json.loads(json.dumps(bare))
    full |= {"conversationEnd": None, "divisionIds": None, "surveys": None, "externalTag": None}
    full["participants"][0] |= {"userId": None, "participantName": None, "attributes": None}
    full["participants"][0]["sessions"][0] |= {"metrics": None, "direction": None, "ani": None}
    full["participants"][0]["sessions"][0]["segments"][0] |= {
        "segmentEnd": None,
        "disconnectType": None,
        "conference": None,
    }

    assert read(full) == read(bare)


def test_what_is_not_known_is_kept_as_it_stands() -> None:
    document = conversation(
        "c",
        participant(
            "p",
            "hologram",
            session(
                "s",
                segment("levitating", 0, disconnectType="evaporated", newField={"a": [1]}),
                mediaType="telepathy",
                metrics=[{"name": "tThought", "value": 5_173_038_302, "emitDate": None}],
            ),
        ),
    )

    (found,) = read(document).participants
    assert found.purpose == "hologram"
    assert found.sessions[0].media_type == "telepathy"
    assert found.sessions[0].segments[0].segment_type == "levitating"
    assert found.sessions[0].segments[0].disconnect_type == "evaporated"
    assert found.sessions[0].metrics == (facts.Metric("tThought", 5_173_038_302, None),)


def test_surveys_evaluations_and_resolutions_are_read() -> None:
    found = read(
        conversation(
            "c",
            surveys=[
                {
                    "surveyId": "v1",
                    "surveyStatus": "Finished",
                    "surveyCompletedDate": "2026-03-29T10:00:00.000Z",
                    "oSurveyTotalScore": 87.0,
                    "surveyPromoterScore": 9,
                }
            ],
            evaluations=[{"evaluationId": "e1", "oTotalScore": 70, "released": True}],
            resolutions=[{"nNextContactAvoided": 1, "queueId": "q1"}],
        )
    )

    (survey,), (evaluation,), (resolution,) = found.surveys, found.evaluations, found.resolutions
    assert (survey.genesys_id, survey.status, survey.total_score) == ("v1", "Finished", 87)
    assert survey.completed_at == datetime(2026, 3, 29, 10, tzinfo=UTC)
    assert (evaluation.total_score, evaluation.released, evaluation.deleted) == (70, True, False)
    assert (resolution.next_contact_avoided, resolution.queue_id) == (1, "q1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-04-2T15:30:51.418Z", datetime(2021, 4, 2, 15, 30, 51, 418_000, UTC)),
        ("2020-01-01T00:00:00.00Z", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2020-01-01T02:00:00.123456+02:00", datetime(2020, 1, 1, 0, 0, 0, 123_000, UTC)),
    ],
)
def test_instants_are_read_as_they_are_found_in_the_wild(text: str, expected: datetime) -> None:
    assert read(conversation("c") | {"conversationStart": text}).started_at == expected


def test_nul_becomes_the_replacement_character_since_postgresql_has_none() -> None:
    document = raw(conversation("c", participant("p", "customer", participantName="A\x00\\u0000B")))

    assert payloads.conversation(document).participants[0].name == "A\ufffd\\u0000B"


def test_attributes_that_are_no_texts_are_kept_as_their_json() -> None:
    """As numbers, 1e30 would come back from PostgreSQL as what no JSON writer here can write."""
    attributes = {"a": 1e30, "b": 1.0, "c": {"y": [1], "x": None}, "d": None, "e": "1.0"}
    found = read(conversation("c", participant("p", "customer", attributes=attributes)))

    assert json.loads(found.participants[0].attributes) == {
        "a": "1e30",
        "b": "1.0",
        "c": '{"x":null,"y":[1]}',
        "d": "null",
        "e": "1.0",
    }


def test_attributes_are_kept_whatever_their_keys() -> None:
    attributes = {"ANI ": "1", "ivr.Skills": "x", "2amLogic": "", "LLM (AW) question": "?"}
    found = read(conversation("c", participant("p", "customer", attributes=attributes)))

    assert json.loads(found.participants[0].attributes) == attributes


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"conversationStart": "2026-01-01T00:00:00Z"}, "conversationId is missing"),
        ({"conversationId": ""}, "conversationId is missing"),
        ({"conversationId": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"}, "conversationId is masked"),
        ({"conversationId": "c"}, "conversationStart is missing"),
        ({"conversationId": 5}, "Expected `str | null`, got `int` - at `conversationId`"),
        ({"conversationId": "c" * 101}, "length <= 100"),
        (
            {"conversationId": "c", "conversationStart": "yesterday"},
            "conversationStart: 'yesterday' is not an ISO-8601 instant",
        ),
        (
            {"conversationId": "c", "conversationStart": "2026-01-01T00:00:00"},
            "lacks its time zone",
        ),
        (
            {"conversationId": "c", "conversationStart": "0001-01-01T00:00:00Z"},
            "lies outside the years 2000 to 2100",
        ),
        (
            {"conversationId": "c", "conversationStart": "2026-02-30T00:00:00Z"},
            "conversationStart: '2026-02-30T00:00:00Z' is not an instant",
        ),
        (conversation("c", end=-1), "conversationEnd lies before conversationStart"),
        (conversation("c", participant("", "agent")), "participants[0].participantId is missing"),
        (
            conversation("c", participant("p", "agent", session("s"), session("t", {}))),
            "participants[0].sessions[1].segments[0].segmentStart is missing",
        ),
        (
            conversation("c", participant("p", "agent", session("s"), session("s"))),
            "sessionId stands twice in one conversation",
        ),
        (
            conversation("c", participant("p", "agent", {"sessionId": "s", "segments": {}})),
            "Expected `array | null`, got `object` - at `participants[0].sessions[0].segments`",
        ),
        (
            conversation("c", participant("p", "a", session("s", metrics=[{"name": "n"}]))),
            "participants[0].sessions[0].metrics[0].value is missing",
        ),
        (
            conversation(
                "c", participant("p", "a", session("s", metrics=[{"name": "n", "value": 1.5}]))
            ),
            "participants[0].sessions[0].metrics[0].value is 1.5: a whole number was expected",
        ),
        (
            conversation(
                "c", participant("p", "a", session("s", metrics=[{"name": "n", "value": 2**63}]))
            ),
            "at `participants[0].sessions[0].metrics[0].value`",
        ),
    ],
)
def test_a_damaged_document_is_refused_by_place_and_reason(
    document: dict[str, Any], reason: str
) -> None:
    with pytest.raises(MalformedPayloadError) as refused:
        read(document)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe{}",
        b'{"conversationId": "\\ud800"}',
        b'{"conversationId": "c", "x": 1e999' + b"0" * 10_000,
        b'{"conversationId": "c", "x": ' + b"[" * 1_000 + b"]" * 1_000 + b"}",
        b'{"conversationId": "c", "x": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    ],
)
def test_hostile_bytes_are_refused_and_nothing_breaks(document: bytes) -> None:
    with pytest.raises(MalformedPayloadError):
        payloads.conversation(document)


def test_an_error_never_carries_what_the_document_says_of_people() -> None:
    document = conversation("c", participant("p", "agent", participantName={"first": "Ada"}))

    with pytest.raises(MalformedPayloadError) as refused:
        read(document)
    assert "Ada" not in str(refused.value)


def test_the_latest_instant_is_the_last_that_a_document_tells_of() -> None:
    late = "2026-04-02T08:00:00.000Z"
    document = answered_email() | {"evaluations": [{"evaluationId": "e", "eventTime": late}]}

    assert payloads.latest_instant(read(answered_email())) == at(30)
    assert payloads.latest_instant(read(document)) == datetime(2026, 4, 2, 8, tzinfo=UTC)
