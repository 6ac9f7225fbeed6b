"""The command handling_time and the files it reads and writes."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

EMAIL = {
    "conversation": "E",
    "agent": "a1",
    "media": "email",
    "segments": [
        {"type": "interact", "start": "2026-03-27T23:00:00Z", "end": "2026-03-27T23:10:00Z"},
        {"type": "hold", "start": "2026-03-27T23:10:00Z", "end": "2026-03-28T00:10:00Z"},
        {"type": "wrapup", "start": "2026-03-28T00:10:00Z"},
    ],
}
CALL = {
    "conversation": "V",
    "agent": "a1",
    "media": "voice",
    "segments": [
        {"type": "interact", "start": "2026-03-27T23:50:00Z", "end": "2026-03-28T00:05:00Z"}
    ],
}
CASE: dict[str, Any] = {
    "id": "one",
    "as_of": "2026-03-28T00:12:00Z",
    "tz": "UTC",
    "sessions": [EMAIL, CALL],
}


def answers(folder: Path, *cases: Any) -> list[dict[str, Any]]:
    source, target = folder / "in.json", folder / "out.json"
    source.write_text(json.dumps({"about": "…", "cases": cases}), encoding="utf-8")
    call_command("handling_time", input=source, output=target, stderr=StringIO())
    return list(json.loads(target.read_text(encoding="utf-8")))


def test_a_case_is_answered_in_seconds(tmp_path: Path) -> None:
    (answer,) = answers(tmp_path, CASE)
    assert answer["id"] == "one"
    assert answer["conversations"]["E"] == {
        "gross": 4320,
        "interrupted": 900,
        "other_hold": 2700,
        "adjusted": 3420,
        "shared": 3420,
        "interruptions": [
            {
                "by": "V",
                "start": "2026-03-27T23:50:00.000Z",
                "end": "2026-03-28T00:05:00.000Z",
                "provisional": False,
            }
        ],
        "spells": [
            {
                "start": "2026-03-27T23:50:00.000Z",
                "end": "2026-03-28T00:05:00.000Z",
                "resume_lag": 300,
            }
        ],
        "live": 600,
        "acw": 120,
        "switched": 0,
        "concurrent": 0,
        "parked": 0,
        "dropped_segments": 0,
        "provisional": True,
        "by_day": {
            "2026-03-27": {"gross": 3600, "interrupted": 600, "adjusted": 3000},
            "2026-03-28": {"gross": 720, "interrupted": 300, "adjusted": 420},
        },
    }


def test_figures_of_several_agents_are_summed(tmp_path: Path) -> None:
    (answer,) = answers(tmp_path, {**CASE, "sessions": [EMAIL, {**EMAIL, "agent": "a2"}]})
    assert answer["conversations"]["E"]["gross"] == 2 * 4320
    assert answer["conversations"]["E"]["interrupted"] == 0


def test_without_as_of_the_latest_instant_named_is_the_cut(tmp_path: Path) -> None:
    case = {"id": "open", "sessions": [EMAIL]}
    (answer,) = answers(tmp_path, case)
    assert answer["conversations"]["E"]["gross"] == 4200
    assert "by_day" not in answer["conversations"]["E"]


def test_who_is_no_agent_takes_no_part_unless_users_count(tmp_path: Path) -> None:
    user = {**CALL, "purpose": "user"}
    customer = {"conversation": "C", "purpose": "customer", "media": "chat", "segments": []}
    case = {**CASE, "sessions": [EMAIL, user, customer]}
    plain, counted = answers(tmp_path, case, {**case, "count_non_acd": True})
    assert plain["conversations"]["E"]["interrupted"] == 0
    assert plain["conversations"]["V"]["gross"] == plain["conversations"]["C"]["gross"] == 0
    assert counted["conversations"]["E"]["interrupted"] == 900


def test_shares_are_told_with_their_fractions(tmp_path: Path) -> None:
    segment = {"type": "interact", "start": "2026-03-27T00:00:00Z", "end": "2026-03-27T00:00:01Z"}
    chats = [
        {"conversation": name, "agent": "a1", "media": "chat", "segments": [segment]}
        for name in "ABC"
    ]
    (answer,) = answers(tmp_path, {"id": 1, "sessions": chats})
    assert answer["conversations"]["B"]["shared"] == pytest.approx(1 / 3, abs=1e-12)


def test_call_is_another_name_of_voice(tmp_path: Path) -> None:
    call = {**CALL, "media": "call"}
    case = {**CASE, "sessions": [EMAIL, call]}
    ranked, allowed, forbidden = answers(
        tmp_path,
        case,
        {**CASE, "interrupted_by": {"email": ["call"]}},
        {**case, "interrupted_by": {"call": ["email"]}},
    )
    assert ranked["conversations"]["E"]["interrupted"] == 900
    assert allowed["conversations"]["E"]["interrupted"] == 900
    assert forbidden["conversations"]["E"]["interrupted"] == 0


def session(**changes: Any) -> dict[str, Any]:
    return {**CASE, "id": "bad", "sessions": [{**EMAIL, **changes}]}


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        (7, "case 0: case is 7: write an object"),
        ({"id": "bad"}, "case bad: case has no sessions: write a list"),
        (session(agent=None), "case bad: sessions[0] has no agent: write a text"),
        (session(media=3), "sessions[0].media is 3: write a text"),
        (session(segments="x"), "sessions[0].segments is 'x': write a list"),
        (session(segments=[{"type": "hold"}]), "sessions[0].segments[0] has no start"),
        (
            session(segments=[{"type": "hold", "start": "noon"}]),
            "sessions[0].segments[0].start: 'noon' is not an ISO-8601 instant",
        ),
        (
            session(segments=[{"type": "hold", "start": "2026-01-01T00:00:00"}]),
            "lacks its time zone",
        ),
        ({**CASE, "tz": "Mars/Base"}, "tz is 'Mars/Base': write an IANA zone"),
        ({**CASE, "tz": "../etc"}, "tz is '../etc': write an IANA zone"),
        ({**CASE, "as_of": 5}, "as_of is 5: write a text"),
        ({**CASE, "interrupted_by": ["voice"]}, "interrupted_by is list: write an object"),
        ({**CASE, "interrupted_by": {"email": [1]}}, "interrupted_by.email is 1: write a text"),
        ({**CASE, "consult_interrupts": "no"}, "consult_interrupts is 'no': write true or false"),
    ],
)
def test_a_bad_case_is_named_with_its_reason_and_the_rest_is_answered(
    tmp_path: Path, case: Any, complaint: str
) -> None:
    source, target, errors = tmp_path / "in.json", tmp_path / "out.json", StringIO()
    source.write_text(json.dumps([case, {**CASE, "id": "good"}]), encoding="utf-8")
    with pytest.raises(CommandError, match="1 of 2 cases could not be read"):
        call_command("handling_time", input=source, output=target, stderr=errors)
    assert complaint in errors.getvalue()
    assert str(source) in errors.getvalue()
    assert [row["id"] for row in json.loads(target.read_text())] == ["good"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "Expecting"), ('"x"', "holds no cases"), ("[" * 200_000, "recursion")],
    ids=["cut off", "no list", "deep"],
)
def test_a_file_that_is_no_list_of_cases_is_refused(
    tmp_path: Path, text: str, complaint: str
) -> None:
    source = tmp_path / "in.json"
    source.write_text(text)
    with pytest.raises(CommandError, match=complaint) as caught:
        call_command("handling_time", input=source)
    assert "in.json" in str(caught.value)


def test_a_file_that_is_missing_or_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*nowhere\.json"):
        call_command("handling_time", input=tmp_path / "nowhere.json")
    source = tmp_path / "in.json"
    source.write_text("[]")
    with pytest.raises(CommandError, match="cannot write"):
        call_command("handling_time", input=source, output=tmp_path / "no" / "out.json")
