"""Which conversations the filters of a query let through."""

from typing import Any

import pytest

from simulator.api.errors import ApiError
from simulator.api.predicates import accept
from simulator.world.records import Conversation, Participant, Segment, Session, Survey


@pytest.fixture
def conversation() -> Conversation:
    made = Conversation(
        "c1", "voice", 1_000, "inbound", ["d1", "d2"], "Customer", "c@x.example", "o@x.example"
    )
    customer = Session("s1", "customer", "voice", segments=[Segment("interact", 1_000, 9_000)])
    agent = Session(
        "s2", "agent", "voice", segments=[Segment("interact", 2_000, 9_000, queue_id="q1")]
    )
    made.participants = [
        Participant("p1", "customer", sessions=[customer]),
        Participant("p2", "agent", user_id="u1", sessions=[agent]),
    ]
    made.surveys = [Survey("v1", "Sent", "f", "F", "q1", "u1", event_time=1_767_225_600_000)]
    return made


def predicate(dimension: str, value: Any = None, operator: str = "matches", **more: Any) -> Any:
    extra = {} if value is None else {"value": value}
    return {"type": "dimension", "dimension": dimension, "operator": operator} | extra | more


def lets_through(conversation: Conversation, name: str, *predicates: Any, how: str = "and") -> bool:
    return accept({name: [{"type": how, "predicates": list(predicates)}]})(conversation)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (predicate("conversationId", "c1"), True),
        (predicate("conversationId", "c2"), False),
        (predicate("divisionId", "d2"), True),
        (predicate("divisionId", "d3"), False),
        (predicate("originatingDirection", "inbound"), True),
        (predicate("conversationEnd", operator="notExists"), True),
        (predicate("conversationEnd", operator="exists"), False),
        (predicate("conversationStart", range={"gte": "1970-01-01T00:00:01Z"}), True),
        (predicate("conversationStart", range={"gt": "1970-01-01T00:00:01Z"}), False),
        (predicate("conversationStart", "1970-01-01T00:00:00Z/1970-01-01T00:00:02Z"), True),
        (predicate("conversationStart", "1970-01-01T00:00:00Z/1970-01-01T00:00:01Z"), False),
    ],
)
def test_conversation_filters(conversation: Conversation, asked: Any, *, answer: bool) -> None:
    assert lets_through(conversation, "conversationFilters", asked) is answer


def test_a_segment_filter_wants_one_segment_that_meets_all_of_it(
    conversation: Conversation,
) -> None:
    agent, customer = predicate("purpose", "agent"), predicate("purpose", "customer")
    queue = predicate("queueId", "q1")
    assert lets_through(conversation, "segmentFilters", agent, queue)
    assert not lets_through(conversation, "segmentFilters", customer, queue)
    assert lets_through(conversation, "segmentFilters", customer, queue, how="or")


def test_several_filters_must_all_hold(conversation: Conversation) -> None:
    def filters(*values: str) -> Any:
        return [{"type": "and", "predicates": [predicate("purpose", v)]} for v in values]

    assert accept({"segmentFilters": filters("agent", "customer")})(conversation)
    assert not accept({"segmentFilters": filters("agent", "acd")})(conversation)


def test_clauses_combine_predicates_in_two_levels(conversation: Conversation) -> None:
    either = {"type": "or", "predicates": [predicate("userId", "u9"), predicate("userId", "u1")]}
    body = {"segmentFilters": [{"type": "and", "clauses": [either]}]}
    assert accept(body)(conversation)
    assert accept({})(conversation)


def test_surveys_are_found_by_the_time_of_their_event(conversation: Conversation) -> None:
    day = "2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z"
    assert lets_through(conversation, "surveyFilters", predicate("eventTime", day))
    later = predicate("eventTime", range={"gte": "2026-01-02T00:00:00.000Z"})
    assert not lets_through(conversation, "surveyFilters", later)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"segmentFilters": {}}, None),
        ({"segmentFilters": {"type": "and"}}, "segmentFilters must be a list"),
        ({"segmentFilters": ["x"]}, "a filter needs"),
        ({"segmentFilters": [{"type": "nor", "predicates": []}]}, "a filter needs"),
        ({"segmentFilters": [{"type": "and"}]}, "needs predicates"),
        ({"segmentFilters": [{"type": "and", "predicates": ["x"]}]}, "is an object"),
        (
            {
                "segmentFilters": [
                    {"type": "and", "predicates": [predicate("conversationEnd", "x")]}
                ]
            },
            "unknown dimension 'conversationEnd'",
        ),
        (
            {"conversationFilters": [{"type": "and", "predicates": [predicate("queueId", "x")]}]},
            "unknown dimension 'queueId'",
        ),
        (
            {
                "segmentFilters": [
                    {"type": "and", "predicates": [predicate("queueId", "x", "like")]}
                ]
            },
            "unknown operator 'like'",
        ),
        (
            {"segmentFilters": [{"type": "and", "predicates": [predicate("queueId")]}]},
            "needs a value or a range",
        ),
        (
            {"surveyFilters": [{"type": "and", "predicates": [predicate("eventTime", "x/y")]}]},
            "is no bound for eventTime",
        ),
    ],
)
def test_a_malformed_filter_is_refused_with_its_reason(
    conversation: Conversation, body: Any, complaint: str | None
) -> None:
    if complaint is None:
        assert accept(body)(conversation)
        return
    with pytest.raises(ApiError, match=complaint) as refused:
        accept(body)
    assert refused.value.status == 400
