"""manage.py erase_person, as an administrator runs it."""

from collections.abc import Sequence
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations.models import ErasureRequest
from tests.db.erasure.someone import EMAIL, PHONE, document, event, hear, other, residues, take

pytestmark = pytest.mark.django_db


def run(*options: str) -> str:
    output = StringIO()
    call_command("erase_person", *options, stdout=output)
    return output.getvalue()


def test_the_command_counts_without_changing_anything(now: datetime) -> None:
    take(now, document("c1"), other())
    hear(now, event("c1"))

    said = run("--email", EMAIL, "--dry-run")

    assert "nothing was changed" in said
    counted = dict(line.rsplit(maxsplit=1) for line in said.splitlines() if line.startswith("  "))
    assert counted["  sessions"] == "3"
    assert counted["  segments"] == "3"
    assert counted["  events"] == "1"
    assert residues() > 0
    assert not ErasureRequest.objects.exists()


def test_the_command_asks_first(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    take(now, document("c1"))
    answers = iter(["no", "yes"])
    monkeypatch.setattr("builtins.input", lambda: next(answers))

    assert "nothing was changed" in run("--phone", PHONE)
    assert residues() > 0
    assert "erased, request" in run("--phone", PHONE)
    assert residues() == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "whom?"),
        (("--email", "canary"), "--email: this is no email"),
        (("--phone", "123"), "--phone: this is no phone"),
        (("--phone", "030 1234567"), "--phone: the country code is lacking"),
    ],
)
def test_the_command_says_what_is_missing_and_repeats_no_data(
    options: Sequence[str], told: str
) -> None:
    with pytest.raises(CommandError, match=told.replace("?", r"\?")) as refusal:
        run(*options, "--no-input")

    assert "canary" not in str(refusal.value)
