"""What customers and supervisors say of a conversation, long after it has ended."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.models import Conversation, Survey
from integrations.errors import MalformedAnswerError
from integrations.genesys.client import Client
from integrations.genesys.feedback import read_feedback

pytestmark = pytest.mark.django_db


def _at(now: datetime, **before: float) -> str:
    return (now - timedelta(**before)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ended(analytics: Any, now: datetime, genesys_id: str, *, days: float, **more: Any) -> None:
    analytics.add(genesys_id, _at(now, days=days), _at(now, days=days - 0.1), **more)


def test_a_survey_that_comes_days_later_is_read_with_its_conversation(
    analytics: Any, client: Client, now: datetime
) -> None:
    survey = {"surveyId": "s", "eventTime": _at(now, minutes=5), "surveyStatus": "Finished"}
    _ended(analytics, now, "asked", days=9, surveys=[survey])
    _ended(analytics, now, "not-asked", days=9)

    read_feedback(client=client, now=now)

    assert Conversation.objects.get().genesys_id == "asked"
    assert Survey.objects.get().status == "Finished"


def test_only_what_came_since_the_last_run_is_asked_for(
    analytics: Any, client: Client, now: datetime
) -> None:
    read_feedback(client=client, now=now)
    analytics.queries.clear()
    evaluation = {"evaluationId": "e", "eventTime": _at(now, hours=3)}
    _ended(analytics, now, "known-before", days=1, evaluations=[evaluation])

    read_feedback(client=client, now=now + timedelta(minutes=10))

    asked = [q["evaluationFilters"] for q in analytics.queries if "evaluationFilters" in q]
    assert asked[0][0]["predicates"][0]["value"] == (
        "2026-03-27T16:35:00.000Z/2026-03-27T16:55:00.000Z"
    )
    assert not Conversation.objects.exists()


def test_a_filter_that_is_passed_over_is_told_and_does_not_read_everything(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.filters_feedback = False
    for i in range(250):
        _ended(analytics, now, f"c-{i}", days=2)

    with pytest.raises(MalformedAnswerError, match="without surveys came: the filter is ignored"):
        read_feedback(client=client, now=now)
    assert len(analytics.queries) <= 5
