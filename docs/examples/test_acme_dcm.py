"""Tests of Acme's handlers: each called by itself, and both by DCM."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from acme_dcm.handlers import order_call_back
from acme_dcm.models import CallBack, Transfer
from django.core.management import call_command
from django.utils import timezone

from conversations.events import ConversationEnded
from integrations.tasks import deliver

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
ENDED = ConversationEnded(
    key="c1:conversation.ended:1", conversation_id="c1", at=AT, recorded_at=AT
)


def handed_on(times: int) -> None:
    for number in range(times):
        Transfer.objects.create(key=f"k{number}", conversation_id="c1", user_id="u1", at=AT)


@pytest.mark.django_db
def test_who_was_handed_on_too_often_is_called_back_once() -> None:
    handed_on(3)
    order_call_back(ENDED)
    order_call_back(ENDED)  # at least once, it says: so twice must do no harm
    assert CallBack.objects.get().key == ENDED.key


@pytest.mark.django_db
def test_who_was_handed_on_twice_is_not() -> None:
    handed_on(2)
    order_call_back(ENDED)
    assert not CallBack.objects.exists()


def document() -> dict[str, object]:
    """Return a call as Genesys tells it: three agents hand it on, the fourth ends it."""
    started = timezone.now().replace(microsecond=0, tzinfo=None)

    def agent(number: int, end: str) -> dict[str, object]:
        at = f"{started.isoformat()}.{number}00Z"
        ended = f"{started.isoformat()}.{number}50Z"
        segment = {"segmentType": "interact", "segmentStart": at, "segmentEnd": ended}
        return {
            "participantId": f"p{number}",
            "purpose": "agent",
            "userId": f"u{number}",
            "sessions": [
                {
                    "sessionId": f"s{number}",
                    "mediaType": "voice",
                    "segments": [{**segment, "disconnectType": end}],
                }
            ],
        }

    return {
        "conversationId": "c2",
        "conversationStart": f"{started.isoformat()}.000Z",
        "conversationEnd": f"{started.isoformat()}.900Z",
        "originatingDirection": "inbound",
        "participants": [*(agent(n, "transfer") for n in range(3)), agent(3, "client")],
    }


@pytest.mark.django_db(transaction=True)
def test_dcm_calls_both(tmp_path: Path) -> None:
    deliver()  # from here on order_call_back is told
    (tmp_path / "calls.json").write_text(json.dumps([document()]))

    call_command("import_conversations", str(tmp_path))
    assert list(Transfer.objects.order_by("at").values_list("user_id", flat=True)) == [
        "u0",
        "u1",
        "u2",
    ]

    deliver()
    assert CallBack.objects.get().key == "c2:conversation.ended:1"
