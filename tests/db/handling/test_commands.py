import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from handling.models import AgentHandling, DailyHandling, Interruption
from tests.db.handling.mirrored import metrics, session

pytestmark = pytest.mark.django_db


def told(command: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def _interrupted() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-300")
    session("W", "voice", "i0-50", user="a2")


@pytest.mark.usefixtures("_interrupted")
def test_a_rebuild_writes_everything_and_a_second_nothing() -> None:
    first = told("recompute_handling")
    assert "agent 1 of 2: a1 2 new, 0 changed, 0 deleted rows, 1 interruptions, 2 days" in first
    assert "wrote: 3 new" in first
    second = told("recompute_handling")
    assert "agent 2 of 2: a2 nothing to change" in second
    assert "wrote: nothing to change" in second


@pytest.mark.usefixtures("_interrupted")
def test_a_rebuild_repairs_rows_that_are_wrong_or_left_over() -> None:
    told("recompute_handling")
    AgentHandling.objects.filter(user_id="a1").update(live_ms=1, media_type="fax")
    Interruption.objects.all().delete()
    DailyHandling.objects.update(handled=7)
    DailyHandling.objects.create(
        date="2020-01-01", user_id="a2", media_type="voice", handled=1, interrupted=0,
        gross_ms=1, adjusted_ms=1, interrupted_ms=0, other_hold_ms=0, acw_ms=0, shared_ms=1,
    )  # fmt: skip
    told("recompute_handling")
    assert "nothing to change" in told("recompute_handling").splitlines()[-1]
    assert AgentHandling.objects.filter(media_type="fax").count() == 0
    assert Interruption.objects.count() == 1
    assert set(DailyHandling.objects.values_list("handled", flat=True)) == {1}
    assert DailyHandling.objects.filter(date="2020-01-01").count() == 0


@pytest.mark.usefixtures("_interrupted")
def test_a_dry_run_says_what_it_would_write_and_writes_nothing() -> None:
    assert "would write: 2 new" in told("recompute_handling", agent="a1", dry_run=True)
    assert AgentHandling.objects.count() == DailyHandling.objects.count() == 0


@pytest.mark.usefixtures("_interrupted")
def test_a_rebuild_of_one_agent_leaves_the_others() -> None:
    told("recompute_handling", agent="a2")
    assert set(AgentHandling.objects.values_list("user_id", flat=True)) == {"a2"}


def test_sessions_that_agree_and_differences_with_their_causes() -> None:
    metrics(session("E", "email", "i0-100"), tTalkComplete=100_000, tHandle=100_000)
    metrics(session("V", "voice", "i0 w90-150"), tTalk=90_000, tHandle=90_000)
    session("M", "message", "i0-100")
    report = told("reconcile_handling")
    assert "1 of 2 sessions with tHandle agree to the millisecond" in report
    assert "computed 150000 ms, tHandle 90000 ms, +60000 ms" in report
    assert "+60000 ms wrapup: there are segments, but Genesys told no metric for them" in report
    (row,) = json.loads(told("reconcile_handling", json=True))["different"]
    assert (row["conversation_id"], row["unexplained_ms"]) == ("V", 0)
    assert row["reasons"] == [{"segment_type": "wrapup", "cause": "untold", "ms": 60_000}]


def test_an_unexplained_difference_is_listed_and_fails_the_command() -> None:
    metrics(session("E", "email", "i0-100"), tTalkComplete=100_000, tHandle=101_000)
    out = StringIO()
    with pytest.raises(CommandError, match="1 differences are unexplained"):
        call_command("reconcile_handling", stdout=out)
    assert "-1000 ms unexplained" in out.getvalue()


def test_customers_have_no_handle_time_to_reconcile() -> None:
    metrics(session("E", "email", "i0-100", user="", purpose="customer"), tHandle=5)
    assert "0 of 0 sessions" in told("reconcile_handling")
