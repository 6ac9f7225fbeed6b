from simulator.world import ledger
from simulator.world.records import Metric, Session


def agent() -> Session:
    return Session("s", "agent", "email", queue_id="q")


def test_a_segment_ends_where_the_next_begins_and_emits_its_length() -> None:
    session = agent()
    ledger.enter(session, "alert", 1_000)
    ledger.enter(session, "interact", 4_000)
    assert [(s.segment_type, s.start, s.end) for s in session.segments] == [
        ("alert", 1_000, 4_000),
        ("interact", 4_000, None),
    ]
    assert session.metrics == [Metric("tAlert", 3_000, 4_000)]


def test_a_segment_without_length_is_as_if_it_had_never_been() -> None:
    session = agent()
    ledger.enter(session, "interact", 1_000)
    ledger.enter(session, "hold", 3_000)
    ledger.enter(session, "interact", 3_000)
    assert [(s.segment_type, s.start, s.end) for s in session.segments] == [
        ("interact", 1_000, None)
    ]
    assert session.metrics == []


def test_a_first_segment_without_length_gives_way_to_the_next() -> None:
    session = agent()
    ledger.enter(session, "interact", 1_000)
    ledger.enter(session, "parked", 1_000)
    assert [s.segment_type for s in session.segments] == ["parked"]


def test_disconnecting_totals_talk_and_hold_at_the_end_of_the_last_of_each() -> None:
    session = agent()
    ledger.enter(session, "interact", 0)
    ledger.enter(session, "hold", 10)
    ledger.enter(session, "interact", 30)
    ledger.enter(session, "hold", 60)
    ledger.disconnect(session, 100, "peer")
    assert session.segments[-1].disconnect_type == "peer"
    assert Metric("tTalkComplete", 40, 60) in session.metrics
    assert Metric("tHeldComplete", 60, 100) in session.metrics


def test_handle_time_comes_with_the_end_of_after_call_work_and_leaves_parking_out() -> None:
    session = agent()
    ledger.enter(session, "interact", 0)
    ledger.enter(session, "parked", 10)
    ledger.enter(session, "interact", 1_000)
    ledger.disconnect(session, 1_005, "client")
    ledger.wrap_up(session, 1_005)
    ledger.end_wrap_up(session, 1_025, code="w", note="n")
    assert Metric("tHandle", 10 + 5 + 20, 1_025) in session.metrics
    assert Metric("tParkComplete", 990, 1_000) in session.metrics
    last = session.segments[-1]
    assert (last.segment_type, last.disconnect_type, last.wrap_up_code) == ("wrapup", "client", "w")


def test_an_alert_that_nobody_answered_has_no_handle_time() -> None:
    session = agent()
    ledger.enter(session, "alert", 0)
    ledger.disconnect(session, 15, "system")
    ledger.settle(session, 15)
    assert session.metrics == [Metric("tAlert", 15, 15)]
