"""Clocks are computed anew after a change: in slices, to the end, behind what happens now."""

from datetime import datetime

import pytest
from django.db import OperationalError

from conversations.models import Change
from sla import recomputing
from sla.models import Clock, Recomputation
from sla.services import Refreshed
from tests.db.sla.mirrored import conversation, later

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "BATCH", 2)


def stood() -> tuple[int, int, bool]:
    (row,) = Recomputation.objects.filter(cause="here")
    return row.done, row.total, row.finished_at is not None


def test_open_conversations_are_done_slice_by_slice_to_the_last(now: datetime) -> None:
    made = [conversation(number) for number in range(5)]
    conversation(9, ended_at=later(1))

    ordered = recomputing.order(cause="here", now=now)
    assert recomputing.work_slice(pk=ordered.pk, now=now) == (2, Refreshed(2, 0))
    assert stood() == (2, 5, False)
    assert recomputing.work_off(now=now) == 3

    assert stood() == (5, 5, True)
    assert set(Clock.objects.values_list("conversation_id", flat=True)) == {c.pk for c in made}
    assert recomputing.work_slice(pk=ordered.pk, now=now) is None
    assert recomputing.work_off(now=now) == 0


def test_ended_conversations_are_done_where_all_are_asked_for(now: datetime) -> None:
    conversation(1, ended_at=later(1))

    recomputing.order(cause="here", now=now, only_open=False)

    assert recomputing.work_off(now=now) == 1
    assert Clock.objects.get().state == "stopped"


def test_what_happens_now_goes_first_but_never_stops_it(now: datetime) -> None:
    made = [conversation(number) for number in range(5)]
    Change.objects.create(conversation=made[0], recorded_at=now)
    recomputing.order(cause="here", now=now)

    assert [recomputing.work_off(now=now) for _ in range(4)] == [2, 2, 1, 0]


def test_what_is_ordered_later_covers_what_was_ordered_before(now: datetime) -> None:
    for number in range(3):
        conversation(number)
    before = recomputing.order(cause="before", now=now)
    everything = recomputing.order(cause="all", now=now, only_open=False)
    recomputing.work_slice(pk=everything.pk, now=now)

    recomputing.order(cause="here", now=now)

    # One that covers ended conversations goes on beside one that does not.
    assert list(recomputing.left().values_list("cause", flat=True)) == ["all", "here"]
    assert recomputing.work_slice(pk=before.pk, now=now) is None
    assert recomputing.work_off(now=now) == 4
    assert stood() == (3, 3, True)


def test_a_slice_that_is_cut_off_is_done_again_and_nothing_twice(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        conversation(number)
    ordered = recomputing.order(cause="here", now=now)
    recomputing.work_slice(pk=ordered.pk, now=now)

    def cut_off(**_: object) -> Refreshed:
        raise OperationalError("the server is gone")

    with monkeypatch.context() as patched:
        patched.setattr(recomputing, "refresh", cut_off)
        with pytest.raises(OperationalError):
            recomputing.work_slice(pk=ordered.pk, now=now)

    assert stood() == (2, 3, False)
    assert recomputing.work_slice(pk=ordered.pk, now=now) == (1, Refreshed(1, 0))


def test_a_slice_in_which_something_fails_is_left_to_be_tried_one_by_one(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [conversation(number) for number in range(3)]
    recomputing.order(cause="here", now=now)

    def failing(**_: object) -> Refreshed:
        raise ZeroDivisionError

    monkeypatch.setattr(recomputing, "refresh", failing)

    assert recomputing.work_off(now=now) == 2
    assert recomputing.work_off(now=now) == 1
    assert stood() == (3, 3, True)
    assert list(Change.objects.values_list("conversation_id", flat=True)) == [c.pk for c in made]
