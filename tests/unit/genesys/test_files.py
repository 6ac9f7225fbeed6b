"""Conversation documents out of files of every shape."""

import json
from pathlib import Path

import pytest

from integrations.errors import MalformedPayloadError
from integrations.genesys.files import documents, paths_below

ONE, TWO = {"conversationId": "a"}, {"conversationId": "b"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"conversations": [ONE, TWO], "totalHits": 2}),
        json.dumps({"conversations": [ONE, TWO], "cursor": "x", "dataAvailabilityDate": "y"}),
        json.dumps([ONE, TWO], indent=2),
        f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n",
        f"\ufeff{json.dumps(ONE)}\r\n\r\n{json.dumps(TWO)}",
        "\n".join(json.dumps({"conversations": [one]}) for one in (ONE, TWO)),
    ],
    ids=[
        *("query answer", "job result", "list", "lines", "lines with a byte order mark"),
        "an answer a line",
    ],
)
def test_every_shape_holds_the_same_two(content: str) -> None:
    found = documents(content.encode())

    assert [json.loads(document.content) for document in found] == [ONE, TWO]


def test_one_conversation_alone_is_a_file_too() -> None:
    (found,) = documents(json.dumps(ONE, indent=1).encode())

    assert json.loads(found.content) == ONE


def test_an_answer_without_hits_holds_none() -> None:
    assert documents(b'{"totalHits": 0, "conversations": null}') == []
    assert documents(b"[]") == []


def test_a_damaged_line_is_left_to_be_refused_on_its_own() -> None:
    found = documents(b'{"conversationId": "a"}\n{"conversa\n{"conversationId": "b"}')

    assert [document.place for document in found] == ["line 1", "line 2", "line 3"]


@pytest.mark.parametrize(
    "damaged",
    [b'{"conversa', b'{"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", b'{"conversations": 5}', b"5"],
    ids=["cut off", "nested", "another shape", "a number"],
)
def test_a_damaged_first_line_costs_only_itself(damaged: bytes) -> None:
    found = documents(damaged + b'\n{"conversationId": "a"}\n{"conversationId": "b"}')

    assert [document.place for document in found] == ["line 1", "line 2", "line 3"]
    assert found[0].content == damaged


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"conversations": [', "is not JSON"),
        (b"<html>", "is not JSON"),
        (b'[\n{"conversationId": "a"},\n{"conversationId": "b"}\n', "is not JSON"),
        (b'{"conversations": {"conversationId": "a"}}', "Expected `array"),
        (b'"text"', "Expected `object`, got `str`"),
        (b"[" * 5_000 + b"]" * 5_000, "is nested too deeply"),
    ],
)
def test_a_file_of_no_such_shape_is_refused_by_reason(content: bytes, reason: str) -> None:
    with pytest.raises(MalformedPayloadError) as refused:
        documents(content)
    assert reason in str(refused.value)


def test_a_folder_gives_its_json_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.json", "a.NDJSON", "deep/c.jsonl", "notes.txt"):
        (tmp_path / name).write_text("{}")

    names = [path.relative_to(tmp_path).as_posix() for path in paths_below(tmp_path)]
    assert names == ["a.NDJSON", "b.json", "deep/c.jsonl"]
