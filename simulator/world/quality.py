"""The body of v2.quality.evaluations."""

from collections.abc import Mapping
from typing import Any

from simulator.world.records import Conversation, Evaluation
from simulator.world.wording import moment

TOPIC = "v2.quality.evaluations"
Body = dict[str, Any]


def body(
    conversation: Conversation, known: Evaluation, *, before: str, names: Mapping[str, str]
) -> Body:
    """Tell an evaluation as it now is; before is the status that it had, "" where it is new."""
    told: Body = {
        "id": known.id,
        "conversationId": conversation.id,
        "agent": {"id": known.user_id, "displayName": names.get(known.user_id, "")},
        "evaluator": {"id": known.evaluator_id, "displayName": names.get(known.evaluator_id, "")},
        "eventTime": moment(known.event_time),
        "evaluationFormId": known.form_id,
        "formName": known.form_name,
        "status": known.status,
        "agentHasRead": False,
        "divisionIds": conversation.division_ids,
        "rescore": known.rescored,
        "rescoreCount": int(known.rescored),
        "conversationDate": moment(conversation.start),
        "mediaType": [conversation.media],
    }
    if before:
        told["previousStatus"] = before
    if known.released:
        told["releaseDate"] = told["eventTime"]
    if known.total_score is not None:
        told["scoringSet"] = {
            "totalScore": known.total_score,
            "totalCriticalScore": known.total_critical_score,
        }
    return told
