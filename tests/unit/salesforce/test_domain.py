"""What is decided about Salesforce without asking anybody."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integrations.salesforce.domain import ids, linking, matching, owner, texts
from integrations.salesforce.domain.linking import Found, How, Named
from integrations.salesforce.domain.matching import Hold
from integrations.salesforce.domain.owner import Action, Case, Change, Policy
from integrations.salesforce.domain.texts import Interrupter

START = datetime(2026, 3, 27, 9, tzinfo=UTC)
US, TARGET, CHEF, QUEUE = "005us", "005target", "005chef", "00Gqueue"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


# -- ids ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_id", "made"),
    [
        ("500D0000001uNwR", "500D0000001uNwRIAU"),
        ("500D0000001uNwRIAU", "500D0000001uNwRIAU"),
        (" 500D0000001uNwR ", "500D0000001uNwRIAU"),
        ("500D0000001uNwRIAA", None),
        ("001D0000001uNwR", None),
        ("500D0000001uNw", None),
        ("500D0000001uN-R", None),
        ("", None),
    ],
)
def test_ids_of_fifteen_letters_are_made_eighteen(given_id: str, made: str | None) -> None:
    assert ids.full(given_id, ids.CASE_PREFIX) == made


# -- links -------------------------------------------------------------------------------------
def test_the_most_trusted_way_decides_and_two_cases_are_none() -> None:
    one, other = "500D0000001uNwRIAU", "500D0000001uNwSIAU"
    assert linking.choose({How.TAG: [other], How.FIELD: [one[:15], one]}) == Found(one, "field")
    assert linking.choose({How.EMAIL: ["001D0000001uNwR"]}) == Found(
        "", reason="no case is known to belong to it"
    )
    assert linking.choose({How.TAG: [one], How.FIELD: [one, other]}).case_id == ""


def test_texts_name_cases_by_id_or_number() -> None:
    told = ["00001026", "500D0000001uNwR", "no case", "500D0000001uNwRIAU", "1' OR '1"]
    assert linking.named(told) == Named(("500D0000001uNwRIAU",), ("00001026",))


# -- matching ----------------------------------------------------------------------------------
def hold(start: float, end: float | None, session: str = "s") -> Hold:
    return Hold(session, at(start), None if end is None else at(end))


@pytest.mark.parametrize(
    ("found", "known", "pairs"),
    [
        ([hold(0, 10)], [hold(0, None)], ((0, 0),)),
        ([hold(3, 10)], [hold(0, 8)], ((0, 0),)),
        ([hold(9, 10)], [hold(0, 5)], ()),
        ([hold(4.9, 5)], [hold(0, 4.5)], ((0, 0),)),
        ([hold(0, 10, "other")], [hold(0, 10)], ()),
        ([hold(0, 10), hold(20, 30)], [hold(20.2, 30), hold(0.1, 10)], ((0, 1), (1, 0))),
        ([hold(0, 30)], [hold(0, 10), hold(12, 30)], ((0, 1),)),
        ([hold(0, 10), hold(12, 30)], [hold(0, 30)], ((1, 0),)),
        ([hold(7, 7)], [hold(5, 5)], ((0, 0),)),
    ],
)
def test_holds_are_matched_by_overlap_else_by_a_near_start(
    found: list[Hold], known: list[Hold], pairs: tuple[tuple[int, int], ...]
) -> None:
    matched = matching.match(found, known)
    assert matched.pairs == pairs
    assert set(matched.new) == set(range(len(found))) - {i for i, _ in pairs}
    assert set(matched.gone) == set(range(len(known))) - {j for _, j in pairs}


spans = st.lists(
    st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(0, 30))), max_size=5
)


@example([(0, None), (0, 7)], [(0, None), (6, None), (6, 1)], Random(1))
@settings(suppress_health_check=[HealthCheck.too_slow])  # on a machine that is busy
@given(spans, spans, st.randoms(use_true_random=False))
def test_the_order_in_which_holds_are_given_does_not_matter(
    found: list[tuple[int, int | None]], known: list[tuple[int, int | None]], draw: object
) -> None:
    def made(spans: list[tuple[int, int | None]]) -> list[Hold]:
        return [hold(start, None if long is None else start + long) for start, long in set(spans)]

    def told(one: list[Hold], other: list[Hold]) -> set[tuple[Hold, Hold]]:
        return {(one[i], other[j]) for i, j in matching.match(one, other).pairs}

    one, other = made(found), made(known)
    before = told(one, other)
    draw.shuffle(one)  # type: ignore[attr-defined]
    draw.shuffle(other)  # type: ignore[attr-defined]
    assert told(one, other) == before


def test_a_key_is_hexadecimal_and_made_of_the_first_start() -> None:
    key = matching.key("org", "c1", hold(0, None))
    assert key == matching.key("org", "c1", hold(0, 99))
    assert len(key) == 40
    assert set(key) <= set("0123456789abcdef")
    others = {matching.key("org", "c1", hold(0.001, None)), matching.key("org", "c2", hold(0, 1))}
    assert len(others | {key}) == 3


def test_seconds_of_a_hold_are_those_within_it() -> None:
    parts = [(at(-5), at(3)), (at(4), at(6.4)), (at(9), at(99)), (at(100), at(101))]
    assert matching.seconds_within(hold(0, 10), parts) == 6


# -- owner -------------------------------------------------------------------------------------
def case(owner_id: str = CHEF, **more: object) -> Case:
    made = {"is_closed": False, "created": Change(at(-3600), CHEF), **more}
    return Case(owner_id=owner_id, **made)  # type: ignore[arg-type]


OURS = {"assigned_at": at(-60), "changes": (Change(at(-60), US),)}


@pytest.mark.parametrize(
    ("seen", "policy", "action"),
    [
        (case(TARGET), Policy(), Action.STAYS),
        (case(TARGET, changes=(Change(at(5), CHEF),)), Policy(), Action.STAYS),
        (case(QUEUE), Policy(), Action.MOVE),
        (case(QUEUE, created=Change(at(5), CHEF)), Policy(), Action.MOVE),
        (case(QUEUE, changes=(Change(at(5), CHEF),)), Policy(), Action.CONFLICT),
        (case("005other", **OURS), Policy(from_users=False), Action.MOVE),
        (case("005other", assigned_at=at(9)), Policy(), Action.SKIP),
        (case(changes=(Change(at(5), CHEF),)), Policy(), Action.CONFLICT),
        (case(changes=(Change(at(0), CHEF),)), Policy(), Action.CONFLICT),
        (case(changes=(Change(at(-1), CHEF),)), Policy(), Action.MOVE),
        (case(changes=(Change(at(5), US),)), Policy(), Action.MOVE),
        (case(QUEUE, changes=(Change(at(5), CHEF),), tracked=False), Policy(), Action.CONFLICT),
        (case(QUEUE, changes=(Change(at(-1), CHEF),), tracked=False), Policy(), Action.MOVE),
        (case(QUEUE, changes=(Change(at(5), US),), tracked=False), Policy(), Action.MOVE),
        (case(created=Change(at(5), CHEF)), Policy(), Action.CONFLICT),
        (case(), Policy(), Action.MOVE),
        (case(), Policy(from_users=False), Action.SKIP),
        (case(QUEUE, is_closed=True), Policy(), Action.SKIP),
        (case(QUEUE, is_closed=True), Policy(closed=True), Action.MOVE),
    ],
)
def test_who_gets_a_case(seen: Case, policy: Policy, action: Action) -> None:
    decision = owner.decide(seen, target=TARGET, at=at(0.4), us=US, policy=policy)
    assert decision.action is action


# -- texts -------------------------------------------------------------------------------------
def test_durations_are_said_as_people_do() -> None:
    assert [texts.duration(s) for s in (0, 59, 60, 600, 3599, 3661)] == [
        *("0 s", "59 s", "1 min 0 s", "10 min 0 s", "59 min 59 s", "1 h 1 min 1 s"),
    ]


def test_a_subject_says_what_was_held_how_long_because_of_what() -> None:
    call = Interrupter("c2", 300, "voice", "inbound", "Hotline")
    chat = Interrupter("c3", 30, "chat")
    assert texts.subject("email", 600, [call, chat]) == (
        "E-mail held 10 min 0 s: call (inbound) of queue Hotline, chat"
    )
    assert texts.subject("email", 600, []) == "E-mail held 10 min 0 s"
    assert texts.interrupted_by([call, chat]) == (
        "call (inbound) of queue Hotline: 5 min 0 s\nchat: 30 s"
    )


@given(st.text(max_size=600), st.integers(2, 300))
def test_a_clean_text_is_one_line_and_no_longer_than_it_may_be(text: str, most: int) -> None:
    made = texts.clean(text, most)
    assert len(made.encode("utf-16-le", "replace")) // 2 <= most
    assert not set(made) & {"\n", "\r", "\t", "\x00", "\u202e", "\u2066"}
