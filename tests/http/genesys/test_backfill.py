"""manage.py backfill, as an administrator runs it."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conversations.models import CommonEvent, Conversation
from integrations.genesys.backfill import BACKFILL
from integrations.genesys.client import Client
from integrations.genesys.jobs import AVAILABILITY
from integrations.management.commands import backfill as command
from integrations.models import HistoryDay
from simulator.clock import RunningClock
from simulator.server import serving
from simulator.world import World

pytestmark = pytest.mark.django_db
FIRST = date(2025, 1, 1)
NINETY_TWO = "--to=2025-04-02"
NINETY_THREE = "--to=2025-04-03"


@pytest.fixture
def no_data_yet(host: Any, client: Client, settings: Any) -> None:
    """Settings that name a Genesys whose jobs have the data of no day yet."""
    settings.GENESYS_BASE_URL = host.url
    told = {"dataAvailabilityDate": "2024-01-01T00:00:00.000Z"}
    host.routes[AVAILABILITY] = lambda stage: stage.answer(body=told)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal at which somebody sits: what is written here is typed."""
    typed, terminal = os.openpty()
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield typed
    os.close(typed)


def _backfill(*options: str) -> None:
    call_command("backfill", f"--from={FIRST}", *options)


def test_the_command_loads_days_says_how_far_it_is_and_goes_on_where_it_stopped(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    now = datetime.now(UTC)
    epoch = now - timedelta(days=2)
    monkeypatch.setattr(command, "PAUSE_S", 0.05)
    with serving(World(seed=7, epoch=epoch), RunningClock(now, speed=60)) as served:
        settings.GENESYS_BASE_URL = served.url
        settings.GENESYS_CLIENT_ID = settings.GENESYS_CLIENT_SECRET = "simulator"
        days = [f"--from={epoch.date()}", f"--to={epoch.date() + timedelta(days=1)}"]
        call_command("backfill", *days)
        told = capsys.readouterr().out
        assert "2 of 2 days" in told or "lie beyond" in told
        assert told.endswith("done so far\n" if "lie beyond" in told else "done\n")
        submitted = len(served.centre.jobs.known)
        assert Conversation.objects.exists()
        call_command("backfill", *days)
        assert len(served.centre.jobs.known) == submitted
        call_command("backfill", "--restart", *days)
        assert len(served.centre.jobs.known) > submitted
        assert not CommonEvent.objects.filter(historic=False).exists()
    with pytest.raises(Exception, match="lies before"):
        call_command("backfill", "--from=2026-03-02", "--to=2026-03-01")
    with pytest.raises(Exception, match="has not come yet: today is"):
        call_command("backfill", f"--from={epoch.date()}", f"--to={now.date() + timedelta(days=2)}")
    with pytest.raises(Exception, match="'yesterday' is no day: write it as"):
        call_command("backfill", "--from=yesterday", f"--to={epoch.date()}")


def test_where_nobody_can_be_asked_many_days_need_a_yes(
    host: Any, no_data_yet: None, capsys: Any
) -> None:
    with pytest.raises(CommandError, match="93 days are more than 92: say --yes"):
        _backfill(NINETY_THREE)
    assert host.asked == []
    assert not HistoryDay.objects.exists()

    _backfill(NINETY_THREE, "--yes")
    assert capsys.readouterr().out.splitlines() == [
        "93 of 93 days to load, a job for each",
        "93 of 93 days to load, a job for each",
        "0 of 93 days, 0 conversations",
        "93 days lie beyond what Genesys has ready: try later",
        "done so far",
    ]


@pytest.mark.parametrize(("typed", "ordered"), [("yes", 93), ("no", 0), ("", 0)])
def test_who_sits_at_a_terminal_is_asked(
    no_data_yet: None, keyboard: int, capsys: Any, typed: str, ordered: int
) -> None:
    os.write(keyboard, f"{typed}\n".encode())

    _backfill(NINETY_THREE)

    assert HistoryDay.objects.count() == ordered
    told = capsys.readouterr().out
    assert "93 jobs are many. Type yes to order them: " in told
    assert ("nothing was ordered" in told) is not bool(ordered)


def test_days_that_are_loaded_already_do_not_count(no_data_yet: None, capsys: Any) -> None:
    HistoryDay.objects.create(road=BACKFILL, day=FIRST, state="done")

    _backfill(NINETY_THREE)
    assert "92 of 93 days to load" in capsys.readouterr().out

    _backfill(NINETY_TWO, "--restart")
    assert "92 of 92 days to load" in capsys.readouterr().out
    with pytest.raises(CommandError, match="93 days are more than 92"):
        _backfill(NINETY_THREE, "--restart")
