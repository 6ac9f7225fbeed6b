"""The sweep against a slow second model, and the laws that hold whatever comes in."""

from collections import defaultdict
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from handling.domain.results import Handling
from handling.domain.sessions import AgentSession, Rules
from handling.domain.sweep import sweep
from tests.unit.handling.slow_model import evaluate

MEDIA = ["voice", "callback", "chat", "message", "email", "workitem", "video", "cobrowse"]
TYPES = ["interact", "hold", "hold", "wrapup", "alert", "parked", "dialing", "monitoring", "ivr"]
instants = st.integers(0, 24)
loose_segments = st.tuples(st.sampled_from(TYPES), instants, st.none() | instants)


@st.composite
def chains(draw: st.DrawFn) -> tuple[tuple[str, int, int | None], ...]:
    """Segments that follow each other, as they mostly do."""
    at = draw(st.integers(0, 12))
    found: list[tuple[str, int, int | None]] = []
    steps = st.tuples(st.sampled_from(TYPES), st.integers(1, 7))
    for kind, length in draw(st.lists(steps, max_size=6)):
        found.append((kind, at, at + length))
        at += length
    lasts: bool = draw(st.booleans())
    if found and lasts:
        found[-1] = (*found[-1][:2], None)
    return tuple(found)


sessions = st.builds(
    AgentSession,
    conversation_id=st.sampled_from("ABCDE"),
    agent_id=st.sampled_from(["a1", "a1", "a2"]),
    media_type=st.sampled_from(MEDIA),
    segments=chains() | st.lists(loose_segments, max_size=5).map(tuple),
    role=st.sampled_from(["", "", "", "", "", "consult", "monitor"]),
)
crowds = st.lists(sessions, max_size=8)
matrices = st.none() | st.dictionaries(
    st.sampled_from(MEDIA), st.frozensets(st.sampled_from(MEDIA)), max_size=8
)
rules = st.builds(Rules, interrupted_by=matrices, consult_interrupts=st.booleans())
law = settings(deadline=None)  # a loaded machine is no failure
cuts = st.sampled_from([0, 9, 17, 25, 100])


def run(crowd: list[AgentSession], as_of: int, rules: Rules) -> dict[tuple[str, str], Handling]:
    found = sweep(crowd, as_of=as_of, rules=rules)
    return {(h.agent_id, h.conversation_id): h for h in found}


@law
@given(crowds, cuts, rules)
def test_the_sweep_finds_what_the_definitions_say(
    crowd: list[AgentSession], as_of: int, rules: Rules
) -> None:
    slow = evaluate(crowd, as_of, rules)
    fast = run(crowd, as_of, rules)
    assert fast.keys() == slow.keys()
    for key, want in slow.items():
        got = fast[key]
        names = ("gross", "interrupted", "other_hold", "adjusted", "live", "acw", "parked")
        for name in (*names, "switched", "concurrent"):
            assert getattr(got, name) == getattr(want, name), (key, name)
        assert got.exact_shared == want.shared, key
        assert [leg[:3] for leg in got.legs] == want.legs, key
        assert [tuple(spell) for spell in got.spells] == want.spells, key


@law
@given(crowds, cuts, rules)
def test_parts_add_up(crowd: list[AgentSession], as_of: int, rules: Rules) -> None:
    busy: dict[str, int] = {}
    shared: dict[str, int] = defaultdict(int)
    exactly: dict[str, Fraction] = defaultdict(Fraction)
    for (agent, _), got in run(crowd, as_of, rules).items():
        assert got.gross == got.adjusted + got.interrupted
        assert 0 <= got.shared <= got.adjusted <= got.gross
        assert 0 <= got.switched <= got.other_hold
        assert got.interrupted == sum(leg.end - leg.start for leg in got.legs)
        assert got.interrupted == sum(spell.end - spell.start for spell in got.spells)
        assert got.gross == sum(end - start for start, end in got.worked)
        shared[agent] += got.shared
        exactly[agent] += got.exact_shared
        taken = {t for leg in got.legs for t in range(leg.start, leg.end)}
        own = {t for a, b in got.worked for t in range(a, b)} - taken
        busy[agent] = busy.get(agent, 0) | sum(1 << t for t in own)
    for agent, instants_ in busy.items():
        assert shared[agent] == exactly[agent] == instants_.bit_count()


@law
@given(crowds, cuts, rules, st.randoms(use_true_random=False), st.data())
def test_order_and_repetition_mean_nothing(
    crowd: list[AgentSession], as_of: int, rules: Rules, shuffler: object, data: st.DataObject
) -> None:
    again = crowd + [s for s in crowd if data.draw(st.booleans())]
    shuffled = [
        s._replace(segments=tuple(data.draw(st.permutations(s.segments + s.segments[:1]))))
        for s in data.draw(st.permutations(again))
    ]
    assert run(shuffled, as_of, rules) == run(crowd, as_of, rules)


@law
@given(crowds, rules)
def test_other_agents_change_nothing(crowd: list[AgentSession], rules: Rules) -> None:
    alone = [s for s in crowd if s.agent_id == "a1"]
    both = run(crowd, 100, rules)
    assert run(alone, 100, rules) == {k: h for k, h in both.items() if k[0] == "a1"}


@law
@given(crowds, rules)
def test_what_runs_beside_decides_and_nothing_else(crowd: list[AgentSession], rules: Rules) -> None:
    """Far work of the same agent changes no figure, not even by rounding: recomputing is local."""
    far = [
        s._replace(
            conversation_id=f"far {s.conversation_id}",
            segments=tuple(
                (kind, start + 1000, None if end is None else end + 1000)
                for kind, start, end in s.segments
            ),
        )
        for s in crowd
    ]
    closed = [
        s._replace(segments=tuple(seg for seg in s.segments if seg[2] is not None)) for s in crowd
    ]
    near = run(closed, 5000, rules)
    with_far = run(closed + far, 5000, rules)
    assert near == {key: h for key, h in with_far.items() if not key[1].startswith("far")}
