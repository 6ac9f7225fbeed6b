"""manage.py simulate_policy: drafts from files and by name; what cannot be tried is told."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.models import Queue
from sla.management.commands.simulate_policy import Command
from sla.models import Calendar, Clock, Ladder, Policy, Rota, Rung
from tests.db.sla.mirrored import conversation, wrote
from tests.factories import NEVER_CLOSED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _answered_after_two_hours() -> None:
    Calendar.objects.update(hours=NEVER_CLOSED, timezone="UTC")
    Queue.objects.create(genesys_id="q1", name="Support EU")
    began = timezone.now() - timedelta(days=2)
    wrote("agent", conversation(1, started_at=began), began + timedelta(hours=2))


class Drafts:
    """Writes drafts into files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, **content: Any) -> str:
        path = self.folder / "draft.json"
        path.write_text(json.dumps({"name": name, **content}))
        return str(path)


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    return Drafts(tmp_path)


def shown(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    call_command("simulate_policy", *args)
    return capsys.readouterr().out


def refused(*args: str) -> str:
    with pytest.raises(CommandError) as raised:
        call_command("simulate_policy", *args)
    return str(raised.value)


def test_a_file_changes_the_policy_of_its_name(
    drafts: Drafts, capsys: pytest.CaptureFixture[str]
) -> None:
    path = drafts.write("Answer within 4 hours", next_response_s=3600, warnings=["30 min"])

    said = shown(capsys, "--policy", path, "--days", "7")

    assert (
        "With this draft, the last 7 days: 1 warning, 1 breach; as it is today: 0 and 0. "
        "Notices with this draft: 2 x whoever is told of SLA events."
    ) in said
    assert "Of 1 conversations 0 fall to another policy." in said
    assert "Promises kept: 0.0 % (0 of 1); as it is today: 100.0 % (1 of 1)." in said
    rows = [line.split() for line in said.splitlines() if "Support EU" in line]
    assert sum(row.count("(+1)") for row in rows) == 2  # a warning and a breach
    began = (timezone.now() - timedelta(days=2)).date()
    assert said.endswith(
        f"The mirror has conversations from {began} on: before that there was nothing to try. "
        "manage.py backfill reads earlier days.\nForgotten work is not tried.\n"
    )
    assert Policy.objects.get().next_response_s == 14_400
    assert not Clock.objects.exists()


def test_a_new_policy_takes_conversations_and_names_them_in_json(
    drafts: Drafts, capsys: pytest.CaptureFixture[str]
) -> None:
    path = drafts.write("Premium", calendar="Office hours", position=1, next_response_s=3600)

    found = json.loads(shown(capsys, "--policy", path, "--json"))

    assert found["moved"] == {"count": 1, "conversationIds": ["c1"]}
    assert found["totals"]["breaches"] == {"today": 0, "draft": 1}
    assert found["totals"]["waits"]["draft"] == {"kept": 0, "waits": 1}
    assert found["notices"] == {"whoever is told of SLA events": {"today": 0, "draft": 1}}
    (day,) = [day for day in found["days"] if day["breaches"]["draft"]]
    assert (day["queueId"], day["queue"]) == ("q1", "Support EU")
    assert day["behind"]["breaches"] == {
        "today": {"count": 0, "conversationIds": []},
        "draft": {"count": 1, "conversationIds": ["c1"]},
    }


def test_a_policy_by_name_is_tried_as_if_it_were_on_and_with_a_ladder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Policy.objects.update(active=False)
    ladder = Ladder.objects.create(name="Night")
    Rung.objects.create(ladder=ladder, offset_s=-12_600, audience="administrators")

    said = shown(capsys, "--policy", "Answer within 4 hours", "--ladder", "Night")

    assert "notices, the administrators: 1 (+1)" in said
    assert "1 fall to another policy" in said


def test_a_new_ladder_of_a_file_goes_with_a_policy(
    drafts: Drafts, capsys: pytest.CaptureFixture[str]
) -> None:
    rungs = [{"offset_s": -12_600, "audience": "administrators"}]
    path = drafts.write("Night", rungs=rungs)

    said = shown(capsys, "--policy", "Answer within 4 hours", "--ladder", path)

    assert "notices, the administrators: 1 (+1)" in said
    assert not Ladder.objects.exists()
    assert "say with --policy who is to use it" in refused("--ladder", path)


def test_a_file_draws_a_saved_ladder_anew_for_all_who_use_it(
    drafts: Drafts, capsys: pytest.CaptureFixture[str]
) -> None:
    Rota.objects.create(name="First line")
    ladder = Ladder.objects.create(name="Night")
    Rung.objects.create(ladder=ladder, offset_s=-12_600, audience="administrators")
    Policy.objects.update(ladder=ladder)
    early = {"offset_s": -10_800, "audience": "rota", "rota": "First line"}
    path = drafts.write("Night", rungs=[early, {"offset_s": 60}])

    said = shown(capsys, "--ladder", path)

    assert "notices, the administrators: 0 (-1)" in said
    assert "notices, whoever is on call (First line): 1 (+1)" in said
    assert ladder.rungs.get().offset_s == -12_600


def test_a_file_that_leaves_out_the_rungs_keeps_them(
    drafts: Drafts, capsys: pytest.CaptureFixture[str]
) -> None:
    ladder = Ladder.objects.create(name="Night")
    Rung.objects.create(ladder=ladder, offset_s=-12_600, audience="administrators")
    Policy.objects.update(ladder=ladder)
    begins, ends = (timezone.now() + timedelta(hours=hours) for hours in (-1, 4))
    quiet = {"quiet_from": f"{begins:%H:%M}", "quiet_until": f"{ends:%H:%M}"}
    path = drafts.write("Night", **quiet, quiet_timezone="UTC")

    assert "notices, the administrators: 1" not in shown(capsys, "--ladder", path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"rungs": {"offset_s": 0}}, "rungs: write a list, such as"),
        ({"rungs": [{}, {"offset": 0}]}, "rungs: no. 2: offset: unknown; write one of audience, "),
        ({"rungs": [{"audience": "all"}]}, "rungs: no. 1: audience: Value 'all' is not a valid"),
        ({"rungs": [{"rota": "Day"}]}, "rungs: no. 1: rota: there is no rota named 'Day', but no"),
        ({"quiet_from": "22:00"}, "quiet_timezone: Write from when until when"),
    ],
)
def test_a_file_that_holds_no_ladder_is_refused_with_its_place(
    drafts: Drafts, content: dict[str, Any], message: str
) -> None:
    path = drafts.write("Night", **content)

    assert message in refused("--policy", "Answer within 4 hours", "--ladder", path)


def test_hours_of_a_file_are_tried_for_those_who_keep_them(
    drafts: Drafts, capsys: pytest.CaptureFixture[str]
) -> None:
    Policy.objects.update(next_response_s=3600, warnings=[])
    path = drafts.write("Office hours", hours={}, overrides={"2020-01-01": [["09:00", "10:00"]]})

    assert "0 warnings, 0 breaches; as it is today: 0 and 1." in shown(capsys, "--calendar", path)


def test_new_hours_go_with_a_policy(drafts: Drafts, capsys: pytest.CaptureFixture[str]) -> None:
    Policy.objects.update(next_response_s=3600, warnings=[])
    path = drafts.write("Night", timezone="UTC", overrides={"2020-01-01": [["09:00", "10:00"]]})

    said = shown(capsys, "--policy", "Answer within 4 hours", "--calendar", path)

    assert "0 warnings, 0 breaches; as it is today: 0 and 1." in said
    assert "nobody keeps opening hours named 'Night' yet" in refused("--calendar", path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"next_response": 3600}, "draft.json: next_response: unknown; write one of active, "),
        ({"next_response_s": None}, "It promises nothing"),
        ({"next_response_s": "soon"}, "draft.json: next_response_s: “soon” value must be"),
        ({"calendar": "Night"}, "calendar: there is no calendar named 'Night', but 'Office hours'"),
        ({"media_types": "email"}, "media_types: Write a list of texts"),
    ],
)
def test_a_file_that_holds_no_policy_is_refused_with_its_place(
    drafts: Drafts, content: dict[str, Any], message: str
) -> None:
    path = drafts.write("Answer within 4 hours", **content)

    assert message in refused("--policy", path)


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    assert refused("--policy", str(path)) == f"{path}: cannot be read: No such file or directory"
    path.write_text("{")
    assert refused("--policy", str(path)).startswith(f"{path}: is no JSON: ")
    path.write_text("[]")
    assert refused("--policy", str(path)).startswith(f"{path}: holds no draft")
    path.write_text("{}")
    assert refused("--policy", str(path)).startswith(f"{path}: name: write one, such as")
    assert refused("--policy", "None such").startswith(
        "--policy: there is no policy named 'None such', but 'Answer within 4 hours'"
    )
    assert "there is no ladder named 'x', but none at all" in refused(
        "--policy", "Answer within 4 hours", "--ladder", "x"
    )
    assert refused("--days", "7") == "nothing to try: write --policy, --calendar or --ladder"
    assert refused("--policy", "x", "--days", "0") == "--days: 0: write 1 to 366"


def test_unreadable_hours_are_told() -> None:
    Calendar.objects.update(timezone="Berlin")

    assert "'Berlin' is no time zone" in refused("--policy", "Answer within 4 hours")


def test_help_shows_examples() -> None:
    said = Command().create_parser("manage.py", "simulate_policy").format_help()

    assert "manage.py simulate_policy --policy premium.json --days 7\n" in said
    assert "exit code: 0 it was tried" in said
