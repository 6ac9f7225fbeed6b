"""manage.py import_conversations: takes what it can, names what it refuses."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Conversation
from tests.documents import answered_email, at

pytestmark = pytest.mark.django_db


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_good_documents_are_imported_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "answer.json", {"conversations": [answered_email("a"), answered_email("b")]})
    write(tmp_path / "one.json", answered_email("c"))

    call_command("import_conversations", str(tmp_path))

    assert set(Conversation.objects.values_list("genesys_id", flat=True)) == {"a", "b", "c"}
    assert capsys.readouterr().out == (
        "2 files: 3 new, 0 changed, 0 unchanged, 0 older than what is known, 0 refused\n"
    )


def test_a_bad_document_is_named_and_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = write(tmp_path / "mixed.json", [answered_email("a"), {"conversationId": "b"}])
    broken = tmp_path / "broken.json"
    broken.write_text('{"conversations": [')
    lines = tmp_path / "lines.ndjson"
    lines.write_text(
        f'{json.dumps(answered_email("c"))}\n{{"oops\n{json.dumps(answered_email("d"))}'
    )

    with pytest.raises(SystemExit) as stopped:
        call_command("import_conversations", str(tmp_path), str(tmp_path / "missing.json"))

    assert stopped.value.code == 1
    assert set(Conversation.objects.values_list("genesys_id", flat=True)) == {"a", "c", "d"}
    told = capsys.readouterr()
    assert f"{mixed}: conversation 2: conversationStart is missing" in told.err
    assert f"{broken}: is not JSON" in told.err
    assert f"{lines}: line 2: is not JSON" in told.err
    assert f"{tmp_path / 'missing.json'}: cannot be read: No such file or directory" in told.err
    assert "3 new" in told.out
    assert "4 refused" in told.out


def test_each_document_counts_as_read_at_its_latest_instant_unless_told(tmp_path: Path) -> None:
    path = write(tmp_path / "one.json", answered_email("a"))

    call_command("import_conversations", str(path))
    assert Conversation.objects.get().observed_at == at(30)

    write(path, answered_email("a", user="u2"))
    call_command("import_conversations", str(path), observed_at=at(60))
    assert Conversation.objects.get().observed_at == at(60)
    assert Conversation.objects.get().user_id == "u2"


def test_an_observation_time_that_is_none_is_refused_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="lacks its time zone"):
        call_command("import_conversations", str(tmp_path), "--observed-at=2026-01-01T00:00:00")


def test_a_folder_without_json_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call_command("import_conversations", str(tmp_path))
    assert "no .json, .ndjson or .jsonl file found" in capsys.readouterr().err
