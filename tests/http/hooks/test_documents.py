"""docs/webhooks-in.md: what it shows is what the schema says and what the endpoint takes."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.test import Client

from integrations.genesys import hooks
from integrations.inbox import examples
from tests.http.hooks.conftest import Sender

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "webhooks-in.md").read_text(encoding="utf-8")
SCHEMA = json.loads((DOCS / "schemas/genesys-event.schema.json").read_text(encoding="utf-8"))
EXAMPLES = [*re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL), examples.BODY]


def valid(value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(value))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_fits_the_schema_and_is_read(example: str) -> None:
    assert valid(json.loads(example))
    for read in hooks.read(example.encode()):
        assert read.topic.startswith("v2.detail.events.conversation.{id}.")


@pytest.mark.django_db
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_taken(example: str, genesys: Sender) -> None:
    answer = Client().post(
        "/hooks/genesys/",
        example,
        "application/json",
        headers={"Authorization": f"Bearer {genesys.key}"},
    )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"topic": "v2.x"},
        {"conversationId": "c"},
        {"topic": "user.end", "conversationId": "c"},
        {"topic": "v2.x", "conversationId": ""},
        {"topic": "v2.x", "conversationId": "c" * 101},
        {"topic": "v2.x", "conversationId": "c", "eventTime": "yesterday"},
        {"topic": "v2.x", "conversationId": "c", "eventTime": 1774629900},  # seconds
        {"topic": "v2.x", "conversationId": "c", "eventTime": "1774629900"},
        {"topic": "v2.x", "conversationId": "c", "heldDurationMs": "-1"},
        [{}],
    ],
)
def test_the_schema_refuses_what_is_no_event(wrong: Any) -> None:
    assert not valid(wrong)
