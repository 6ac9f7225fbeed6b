import pytest

from integrations.domain.topics import normalise

UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


@pytest.mark.parametrize(
    ("given", "topic", "topic_id"),
    [
        ("v2.detail.events.conversation.{id}.user.end", None, ""),
        (f"v2.detail.events.conversation.{UUID}.user.end", None, UUID),
        ("v2.detail.events.conversation.id.user.end", None, ""),
        ("v2.detail.events.conversation.user.end", None, ""),
        ("v2.detail.events.conversation.${conversationId}.user.end", None, ""),
        ("  v2.detail.events.conversation.c1.user.end ", None, "c1"),
        ("v2.detail.events.agent.a1.state", "v2.detail.events.agent.{id}.state", "a1"),
        ("v2.users.a1.conversations.emails", "v2.users.{id}.conversations.emails", "a1"),
        ("v2.users.{id}.activity", "v2.users.{id}.activity", ""),
        ("v2.routing.queues.q1.conversations", "v2.routing.queues.{id}.conversations", "q1"),
        ("v2.analytics.conversation.c1.metrics", "v2.analytics.conversation.{id}.metrics", "c1"),
        (f"v2.outbound.campaigns.{UUID}", "v2.outbound.campaigns.{id}", UUID),
        ("v2.quality.evaluations", "v2.quality.evaluations", ""),
        (
            "v2.analytics.conversations.details.jobs.availability",
            "v2.analytics.conversations.details.jobs.availability",
            "",
        ),
        ("eventAgentConnect", "eventAgentConnect", ""),
    ],
)
def test_a_topic_has_one_spelling(given: str, topic: str | None, topic_id: str) -> None:
    found = normalise(given)
    assert found == (topic or "v2.detail.events.conversation.{id}.user.end", topic_id)
    assert normalise(found[0]) == (found[0], "")


def test_nothing_is_no_topic() -> None:
    assert normalise("") == ("", "")
