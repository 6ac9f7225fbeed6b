"""The calculators on files: answers in order, bad cases named, no database asked."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

OFFICE = {"mon": [["09:00", "17:00"]]}
CASE: dict[str, Any] = {"timezone": "UTC", "hours": OFFICE, "holidays": []}


def question(name: str, op: str, **args: Any) -> dict[str, Any]:
    return CASE | {"id": name, "op": op, "args": args}


QUESTIONS = [
    question("open", "in_hours", at="2026-02-02T09:00:00Z"),
    question(
        "span", "within", **{"from": "2026-02-02T10:00:00.500Z", "to": "2026-02-02T09:00:00Z"}
    ),
    question("later", "after", **{"from": "2026-02-02T16:00:00+00:00", "seconds": 7200}),
    question("earlier", "before", **{"from": "2026-02-02T09:30:00Z", "seconds": 1800}),
    question("never", "after", **{"from": "2026-02-02T09:30:00Z", "seconds": 1}) | {"hours": {}},
]
ANSWERS = [
    {"id": "open", "result": True},
    {"id": "span", "result": -3600.5},
    {"id": "later", "result": "2026-02-09T10:00:00.000Z"},
    {"id": "earlier", "result": "2026-02-02T09:00:00.000Z"},
    {"id": "never", "result": None},
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "in.json"


def test_questions_are_answered_in_their_order(source: Path, tmp_path: Path) -> None:
    source.write_text(json.dumps(QUESTIONS))
    call_command("business_time", input=source, output=tmp_path / "out.json")

    assert json.loads((tmp_path / "out.json").read_text()) == ANSWERS


def test_without_an_output_answers_go_to_standard_output(source: Path) -> None:
    source.write_text(json.dumps({"cases": QUESTIONS}))
    shown = StringIO()
    call_command("business_time", input=source, stdout=shown)

    assert json.loads(shown.getvalue()) == ANSWERS


def answered(case: dict[str, Any], source: Path) -> Any:
    source.write_text(json.dumps([case]))
    shown = StringIO()
    call_command("business_time", input=source, stdout=shown)
    return json.loads(shown.getvalue())[0]["result"]


def test_microseconds_are_read_and_written(source: Path) -> None:
    start, end = "2026-02-02T10:00:00.123456Z", "2026-02-02T11:00:00.123457Z"
    span = question("span", "within", **{"from": start, "to": end})
    later = question("later", "after", **{"from": start, "seconds": 1})
    sooner = question("sooner", "before", **{"from": start, "seconds": 0.123456})

    assert answered(span, source) == 3600.000001
    assert answered(later, source) == "2026-02-02T10:00:01.123456Z"
    assert answered(sooner, source) == "2026-02-02T10:00:00.000Z"


@pytest.mark.parametrize("seconds", [-7200, -60.5])
def test_a_negative_amount_goes_the_other_way(source: Path, seconds: float) -> None:
    here = {"from": "2026-02-09T10:00:00Z"}
    for op, other in (("after", "before"), ("before", "after")):
        back = question("back", op, **here, seconds=seconds)
        there = question("there", other, **here, seconds=-seconds)
        assert answered(back, source) == answered(there, source) is not None


@pytest.mark.parametrize("seconds", [10**14, -(10**14), 1e300])
def test_an_amount_beyond_any_calendar_is_never_reached(source: Path, seconds: float) -> None:
    never = question("never", "after", **{"from": "2026-02-09T10:00:00Z", "seconds": seconds})

    assert answered(never, source) is None


def test_scenarios_are_replayed(source: Path) -> None:
    created = {"at": "2026-02-02T10:00:00Z", "type": "created"}
    scenario = CASE | {"id": "s", "policy": {"resolution_s": 3600}, "events": [created]}
    source.write_text(json.dumps([scenario]))
    shown = StringIO()
    call_command("sla_replay", input=source, stdout=shown)

    (found,) = json.loads(shown.getvalue())
    assert found.pop("steps")[0]["action"] == "started"
    assert found == {
        "id": "s",
        "first_response_due": None,
        "next_response_due": None,
        "resolution_due": "2026-02-02T11:00:00.000Z",
        "next_deadline": "2026-02-02T11:00:00.000Z",
        "warn_at": None,
        "force_disconnect_at": None,
        "paused": False,
        "first_response_business_s": None,
        "next_response_business_s": None,
        "resolution_business_s": 0,
        "missed": [],
    }


def test_a_bad_case_is_named_and_hides_no_other(source: Path, tmp_path: Path) -> None:
    bad = question("bad", "after", **{"from": "2026-02-02T09:30:00Z", "seconds": "many"})
    source.write_text(json.dumps([QUESTIONS[0], bad, 7, question("odd", "guess"), QUESTIONS[3]]))
    said = StringIO()

    with pytest.raises(CommandError, match="3 of 5 cases could not be read"):
        call_command("business_time", input=source, output=tmp_path / "out.json", stderr=said)

    rows = json.loads((tmp_path / "out.json").read_text())
    assert [row["id"] for row in rows] == ["open", "bad", None, "odd", "earlier"]
    assert rows[1]["error"] == "args.seconds: Expected `float`, got `str`"
    assert rows[3]["error"] == "op: 'guess' is none of in_hours, within, after, before"
    assert rows[4] == ANSWERS[3]
    assert f"{source}: case bad: args.seconds: Expected `float`, got `str`" in said.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("7", "holds no cases"),
        ('{"cases": {}}', "holds no cases"),
    ],
)
def test_a_file_without_cases_is_refused_by_name(
    source: Path, content: str | None, message: str
) -> None:
    if content is not None:
        source.write_text(content)

    with pytest.raises(CommandError, match=message) as raised:
        call_command("business_time", input=source)

    assert str(source) in str(raised.value)


def test_an_output_that_cannot_be_written_is_named(source: Path, tmp_path: Path) -> None:
    source.write_text("[]")

    with pytest.raises(CommandError, match="cannot be written"):
        call_command("sla_replay", input=source, output=tmp_path / "none" / "out.json")
