"""Forgotten work: told apart from work in progress, and from waiting for the customer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chrono.hours import Hours
from conversations.domain.presence import Away
from sla.domain.clock import Clock, State
from sla.domain.fold import replay
from sla.domain.forgotten import Seat, Stretch, seat_of, watched
from sla.domain.steps import as_json
from sla.domain.terms import Kind, Terms
from sla.domain.turns import AgentWrote, Closed, Created, CustomerWrote, PolicyDeactivated, Turn
from sla.domain.words import filled, users_in
from tests.unit.sla.timelines import OFFICE

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TERMS = Terms(
    hours=Hours.of(timezone="UTC", hours=OFFICE),
    forgotten=2 * HOUR,
    away=30 * MINUTE,
    waiting_on_customer_pauses=True,
)


def friday(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 27, hour, minute, tzinfo=UTC)


def monday(hour: int, minute: int = 0) -> datetime:
    return friday(hour, minute) + timedelta(days=3)


def seat(state: str, since: datetime, user_id: str = "anna", media_type: str = "email") -> Seat:
    return Seat(user_id, media_type, state, since, since, f"segment {user_id}/1")


def found(
    *seats: Seat,
    turns: tuple[Turn, ...] = (Created(at=friday(9)),),
    away: Mapping[str, Away] | None = None,
    terms: Terms = TERMS,
) -> Clock | None:
    return watched(replay(turns, terms), seats, away or {}).clock(Kind.FORGOTTEN)


def due(*seats: Seat, **told: object) -> datetime | None:
    clock = found(*seats, **told)  # type: ignore[arg-type]  # as found takes them
    assert clock
    return clock.due_at


def reason(clock: Clock | None) -> str:
    assert clock
    berlin = ZoneInfo("Europe/Berlin")
    names = {"anna": "Anna Berg", "ben": "Ben Ode"}
    return filled(
        clock.reason, at=lambda at: f"{at.astimezone(berlin):%H:%M}", user=lambda who: names[who]
    )


@pytest.mark.parametrize("state", ["parked", "hold", "interact"])
def test_what_an_agent_leaves_alone_is_forgotten_after_so_much_business_time(state: str) -> None:
    assert due(seat(state, friday(10))) == friday(12)
    assert due(seat(state, friday(16))) == monday(10)


@pytest.mark.parametrize(
    "seats",
    [
        (),
        (seat("alert", friday(9)),),
        (seat("wrapup", friday(9)),),
        (seat("interact", friday(9), media_type="voice"),),
        (seat("hold", friday(9)), seat("interact", friday(10), "ben", "voice")),
    ],
    ids=["waits in a queue", "rings", "after-call work", "a call", "a call beside it"],
)
def test_work_that_nobody_has_or_that_goes_on_is_not_forgotten(seats: tuple[Seat, ...]) -> None:
    assert found(*seats) is None


def test_a_call_on_hold_may_be_forgotten_too() -> None:
    assert due(seat("hold", friday(10), media_type="voice")) == friday(12)


@pytest.mark.parametrize(
    "turns", [(Created(at=friday(9)), Closed(at=friday(11))), (), None], ids=str
)
def test_an_ended_conversation_is_not_forgotten_whatever_its_sessions_say(
    turns: tuple[Turn, ...] | None,
) -> None:
    off = (Created(at=friday(9)), PolicyDeactivated(at=friday(10)))

    assert found(seat("parked", friday(10)), turns=off if turns is None else turns) is None


def test_without_such_a_promise_nothing_is_forgotten() -> None:
    neither = replace(TERMS, forgotten=None, away=None)
    away = {"anna": Away("OFFLINE", friday(9))}

    assert found(seat("parked", friday(10)), away=away, terms=neither) is None
    assert found(seat("parked", friday(10)), terms=replace(TERMS, forgotten=None)) is None


def test_every_action_of_an_agent_begins_it_anew() -> None:
    asked = (Created(at=friday(9)), AgentWrote(at=friday(9, 30)), CustomerWrote(at=friday(9, 40)))
    two = (seat("parked", friday(10)), seat("hold", friday(11), "ben"))

    assert due(seat("interact", friday(9, 10)), turns=asked) == friday(11, 40)
    assert due(seat("interact", friday(10, 30)), turns=asked) == friday(12, 30)
    assert due(*two, turns=asked) == friday(13)


def test_parked_while_the_customer_looks_for_a_photo_is_not_forgotten() -> None:
    asked_for_a_photo = (Created(at=friday(9)), AgentWrote(at=friday(10)))
    clock = found(
        seat("parked", friday(10, 1)),
        turns=asked_for_a_photo,
        away={"anna": Away("OFFLINE", friday(12))},
    )

    assert clock
    assert (clock.state, clock.due_at, clock.breaches_at) == (State.PAUSED, None, None)
    assert reason(clock) == "the agent wrote last: the customer is waited for"
    sent = (*asked_for_a_photo, CustomerWrote(at=friday(14)))
    assert due(seat("parked", friday(10, 1)), turns=sent) == friday(16)


def test_a_policy_whose_clocks_wait_for_nobody_calls_it_forgotten_all_the_same() -> None:
    turns = (Created(at=friday(9)), AgentWrote(at=friday(10)))
    terms = replace(TERMS, waiting_on_customer_pauses=False)

    assert due(seat("parked", friday(9, 30)), turns=turns, terms=terms) == friday(12)


def test_parked_and_gone_home_with_the_message_unanswered_is_told_in_words() -> None:
    clock = found(seat("parked", friday(13, 2)), away={"anna": Away("AWAY", friday(14, 10))})

    assert clock
    assert (clock.started_at, clock.due_at) == (friday(14, 10), friday(14, 40))
    assert reason(clock) == ("parked since 14:02 by Anna Berg, who is off queue since 15:10")
    assert users_in(clock.reason) == {"anna"}


def test_gone_home_on_friday_is_due_on_monday_though_the_weekend_has_48_hours() -> None:
    gone = {"anna": Away("OFFLINE", friday(16, 50))}
    clock = found(seat("interact", friday(16, 45)), away=gone)

    assert clock
    assert (clock.due_at, clock.breaches_at) == (monday(9, 20), monday(9, 20))
    assert reason(clock) == (
        "open with Anna Berg, nothing done since 17:45, who is signed out since 17:50"
    )


def test_who_is_away_already_when_the_customer_writes_is_so_from_then_on() -> None:
    turns = (Created(at=friday(9)), AgentWrote(at=friday(10)), CustomerWrote(at=friday(13)))
    gone = {"anna": Away("OFFLINE", friday(11))}
    clock = found(seat("parked", friday(10)), turns=turns, away=gone)

    assert clock
    assert (clock.started_at, clock.due_at) == (friday(13), friday(13, 30))
    assert reason(clock).endswith("; the customer waits since 14:00")


def test_as_long_as_one_of_several_agents_is_there_nobody_has_gone() -> None:
    seats = (seat("parked", friday(10)), seat("hold", friday(9, 30), "ben"))
    anna = {"anna": Away("OFFLINE", friday(10, 30))}
    both = anna | {"ben": Away("BUSY", friday(11))}

    assert due(*seats, away=anna) == friday(12)
    assert due(*seats, away=both) == friday(11, 30)
    assert reason(found(*seats, away=both)) == (
        "parked since 11:00 by Anna Berg and 1 more, who are off queue since 12:00"
    )


def test_the_earlier_of_idle_and_away_is_due() -> None:
    late = {"anna": Away("OFFLINE", friday(11, 45))}

    assert due(seat("parked", friday(10)), away=late) == friday(12)


def stretch(state: str, hour: int, until: int | None = None) -> Stretch:
    return Stretch(state, friday(hour), None if until is None else friday(until), f"s/{hour}")


@pytest.mark.parametrize(
    ("stretches", "media_type", "expected"),
    [
        ([], "email", None),
        ([stretch("interact", 9, 10)], "email", None),
        ([stretch("alert", 9, 10), stretch("interact", 10)], "email", ("interact", 10, 10)),
        (
            [stretch("interact", 9, 10), stretch("hold", 10, 11), stretch("interact", 11)],
            "email",
            ("interact", 11, 9),
        ),
        ([stretch("interact", 9, 10), stretch("hold", 10)], "message", ("hold", 10, 9)),
        ([stretch("interact", 9, 10), stretch("hold", 10)], "voice", ("hold", 10, 10)),
        ([stretch("interact", 9, 10), stretch("parked", 10)], "email", ("parked", 10, 10)),
        (
            [stretch("parked", 9, 10), stretch("interact", 10, 11), stretch("hold", 11)],
            "email",
            ("hold", 11, 10),
        ),
    ],
    ids=[
        "not begun",
        "over",
        "answered",
        "on hold for a while",
        "a message on hold",
        "a call on hold",
        "parked",
        "taken out of parking, and on hold since",
    ],
)
def test_what_agents_do_is_connecting_and_parking_and_putting_a_call_on_hold(
    stretches: list[Stretch], media_type: str, expected: tuple[str, int, int] | None
) -> None:
    found = seat_of("anna", media_type, stretches)

    if expected is None:
        assert found is None
        return
    state, since, touched = expected
    wanted = Seat("anna", media_type, state, friday(since), friday(touched), f"s/{touched}")
    assert found == wanted


def test_an_email_on_hold_for_calls_again_and_again_is_forgotten_all_the_same() -> None:
    holds = [
        Stretch("hold" if n % 2 else "interact", friday(9, n), friday(9, n + 1), f"s/{n}")
        for n in range(50)
    ]
    now = seat_of("anna", "email", [*holds, Stretch("hold", friday(9, 50), None, "s/50")])

    assert now
    assert due(now) == friday(11)
    assert reason(found(now)) == "on hold with Anna Berg, nothing done since 10:00"


def test_its_step_says_why_and_by_which_event() -> None:
    standing = watched(replay([Created(at=friday(9))], TERMS), [seat("parked", friday(10))], {})

    assert as_json(standing.steps[-1:]) == [
        {
            "clock": "forgotten",
            "at": "2026-03-27T10:00:00.000Z",
            "action": "started",
            "reason": "parked since {at 2026-03-27T10:00:00.000Z} by {user anna}",
            "business_s": 0,
            "source": "segment anna/1",
        }
    ]
