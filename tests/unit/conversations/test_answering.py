"""Which setting counts where several tell whether a session is answered by itself."""

from datetime import timedelta
from typing import Any

import pytest

from conversations.domain.answering import answers_itself, rings_for


def auto(told: object) -> dict[str, Any]:
    return {"enableAutoAnswer": told}


def message(medium: object, **kinds: object) -> dict[str, Any]:
    sub_types = {name: auto(told) for name, told in kinds.items()}
    return {"message": auto(medium) | {"subTypeSettings": sub_types}}


@pytest.mark.parametrize(
    ("settings", "media", "kind", "agents", "expected"),
    [
        (message(False, open=True), "message", "open", False, True),
        (message(True, open=False), "message", "open", True, False),
        (message(True, Open=False), "message", "open", True, False),
        (message(True, whatsapp=False), "message", "open", False, True),
        (message(False, whatsapp=True), "message", "open", True, False),
        (message(True, open=None), "message", "open", None, True),
        (message(None, open="true"), "message", "open", True, True),
        ({"message": auto(True) | {"subTypeSettings": []}}, "message", "open", None, True),
        ({"email": auto(True)}, "email", "", False, True),
        ({"email": auto(True)}, "voice", "", None, False),
        ({"call": auto(True)}, "voice", "", False, True),
        ({"call": auto(False)}, "voice", "", True, False),
        ({"call": {}}, "voice", "", True, True),
        ({"call": "on"}, "voice", "", False, False),
        ({}, "chat", "", True, True),
        ({}, "chat", "", None, False),
    ],
)
def test_the_most_special_setting_counts(
    settings: dict[str, Any],
    media: str,
    kind: str,
    agents: bool | None,  # noqa: FBT001 - a row of the table
    expected: bool,  # noqa: FBT001
) -> None:
    found = answers_itself(settings, media_type=media, message_type=kind, agents=agents)

    assert found is expected


@pytest.mark.parametrize(
    ("told", "seconds"), [(30, 30), (7.5, 7.5), (10**9, 900), (0, None), ("30", None), (True, None)]
)
def test_a_ring_lasts_as_long_as_the_queue_says(told: object, seconds: float | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)

    assert rings_for({"call": {"alertingTimeoutSeconds": told}}, "voice") == expected
