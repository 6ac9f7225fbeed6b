"""python -m simulator: what it refuses, and what it remembers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chrono.instants import isoformat
from simulator.__main__ import _centre, _epoch, _parser
from simulator.push import options as push_options

NOW = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--host", "0.0.0.0"], "not a loopback address"),
        (["--host", "example.org"], "not a loopback address"),
        (["--zone", "Berlin"], "no IANA time zone"),
        (["--epoch", "yesterday"], "not an ISO-8601 instant"),
        (["--epoch", "2026-03-27T00:00:00"], "lacks its time zone"),
        (["--speed", "0"], "not above 0"),
        (["--corrections", "2"], "not a share"),
        (["--lag", "-1"], "below 0"),
    ],
)
def test_a_wrong_option_is_refused_with_its_reason(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(arguments)
    assert complaint in capsys.readouterr().err


def test_a_queue_that_there_is_not_is_refused() -> None:
    options = _parser().parse_args(["--auto-answer", "Nowhere"])

    with pytest.raises(SystemExit, match="--auto-answer: there is no queue Nowhere"):
        _centre(options, epoch=NOW, present=NOW)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_any_loopback_address_will_do(host: str) -> None:
    assert _parser().parse_args(["--host", host]).host == host


def test_history_begins_two_days_ago_unless_told_otherwise() -> None:
    assert _epoch(_parser().parse_args([]), NOW) == NOW - timedelta(days=2)
    told = _parser().parse_args(["--epoch", "2026-01-01T01:00:00+01:00"])
    assert _epoch(told, NOW) == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_restart_goes_on_with_the_remembered_history(tmp_path: Path) -> None:
    options = _parser().parse_args(["--epoch-file", str(tmp_path / "epoch")])
    first = _epoch(options, NOW)
    assert _epoch(options, NOW + timedelta(days=3)) == first


def test_a_history_older_than_what_is_kept_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "epoch"
    options = _parser().parse_args(["--epoch-file", str(file), "--keep-days", "5"])
    _epoch(options, NOW)
    later = NOW + timedelta(days=9)
    assert _epoch(options, later) == later - timedelta(days=2)
    assert file.read_text(encoding="utf-8").strip() == isoformat(later - timedelta(days=2))


def test_a_file_that_holds_no_epoch_stops_the_start_by_name(tmp_path: Path) -> None:
    file = tmp_path / "epoch"
    file.write_text("not an epoch", encoding="utf-8")
    options = _parser().parse_args(["--epoch-file", str(file)])
    with pytest.raises(SystemExit, match="does not hold an epoch"):
        _epoch(options, NOW)


# -- what is pushed --------------------------------------------------------------------------
def test_nothing_is_pushed_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMULATOR_PUSH_URL", raising=False)
    assert push_options.read(_parser().parse_args([])).destinations == ()


def test_the_receiver_and_its_token_come_from_options_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIMULATOR_PUSH_URL", "http://127.0.0.1:8000/hooks/genesys/")
    monkeypatch.setenv("SIMULATOR_PUSH_TOKEN", "secret")
    plan = push_options.read(_parser().parse_args(["--push-faults", "0.1"]))
    (ours,) = plan.destinations
    assert (ours.shape, ours.url) == ("trigger", "http://127.0.0.1:8000/hooks/genesys/")
    assert ours.token == "secret"
    assert (plan.faults.lost, plan.faults.forged) == (0.1, 0.1)
    told = _parser().parse_args(["--push-shape", "eventbridge", "--push-url", "http://a/b"])
    assert push_options.read(told).destinations[0].shape == "eventbridge"


def test_a_plan_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text('{"destinations": [{"name": "a", "shape": "connect", "url": "http://a"}]}')
    plan = push_options.read(_parser().parse_args(["--push-plan", str(file)]))
    assert plan.destinations[0].shape == "connect"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--push-url", "localhost:8000"],
        ["--push-url", "http://a", "--push-faults", "2"],
        ["--push-plan", "/nowhere"],
    ],
)
def test_a_malformed_plan_stops_the_start(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="what is to be pushed is malformed"):
        push_options.read(_parser().parse_args(arguments))
