"""How many segments a second the sweep attributes, beside asking all anew at every change."""

from collections import defaultdict
from itertools import pairwise
from random import Random

from benchmarks.figures import Figure, median_rates
from handling.domain import media
from handling.domain.sessions import AgentSession, Rules, Segment
from handling.domain.sweep import sweep

AGENTS, SESSIONS, NAIVE_AGENTS, ROUNDS = 250, 60, 10, 3
MORNING = 1_774_598_400_000
# What an agent's day is made of: how many of a medium, and how often one is put aside and taken up
# again; then how long talk, hold and after-call work are, in seconds.
MIX = (
    ("voice", 28, (0, 0, 1), (60, 300), (20, 120), (15, 60)),
    ("email", 14, (0, 1, 2, 3), (40, 400), (60, 500), (5, 60)),
    ("message", 12, (0, 1, 2, 4), (20, 200), (30, 300), (5, 30)),
    ("chat", 6, (0, 1, 2), (40, 200), (20, 200), (10, 45)),
)
SHIFT_S = 8 * 3600


def measure() -> list[Figure]:
    """Return segments a second of shifts of 60 sessions each, attributed whole."""
    random = Random(7)
    crowd = [session for agent in range(AGENTS) for session in shift(f"agent-{agent}", random)]
    few = crowd[: NAIVE_AGENTS * SESSIONS]
    segments = sum(len(session.segments) for session in crowd)
    swept, naive = median_rates(ROUNDS, lambda: _sweep(crowd), lambda: _naive(few))
    return [
        Figure(
            what=f"sweep: {segments:,} segments of {AGENTS} agents",
            rate=swept,
            unit="segments/s",
            target=150_000,
            against="asking every session at every change",
            ratio=swept / naive,
        )
    ]


def shift(agent_id: str, random: Random) -> list[AgentSession]:
    """Return a day of one agent: sessions of all media, some at once."""
    kinds = [kind for kind in MIX for _ in range(kind[1])]
    found = []
    for number, (medium, _, holds, talk, hold, acw) in enumerate(kinds):
        at = MORNING + random.randrange(SHIFT_S * 1000)
        spans = [("alert", random.randrange(1_000, 12_000)), ("interact", _ms(talk, random))]
        for _ in range(random.choice(holds)):
            spans += [("hold", _ms(hold, random)), ("interact", _ms(talk, random))]
        segments: list[Segment] = []
        for kind, length in [*spans, ("wrapup", _ms(acw, random))]:
            segments.append((kind, at, at + length))
            at += length
        found.append(AgentSession(f"{agent_id}-{number}", agent_id, medium, tuple(segments)))
    return found


def _ms(seconds: tuple[int, int], random: Random) -> int:
    return random.randrange(seconds[0] * 1000, seconds[1] * 1000)


def _sweep(crowd: list[AgentSession]) -> int:
    sweep(crowd, as_of=MORNING + 7 * SHIFT_S * 1000, rules=Rules())
    return sum(len(session.segments) for session in crowd)


def _naive(crowd: list[AgentSession]) -> int:
    """Ask at every change, of every session of the agent, what it is doing: the plain way."""
    by_agent = defaultdict(list)
    for session in crowd:
        by_agent[session.agent_id].append(session)
    for sessions in by_agent.values():
        edges = sorted({t for s in sessions for _, *ends in s.segments for t in ends if t})
        for start, end in pairwise(edges):
            _interrupted(sessions, start, end)
    return sum(len(session.segments) for session in crowd)


def _interrupted(sessions: list[AgentSession], start: int, end: int) -> int:
    """Return held time between two changes in which a more urgent session was busy."""
    now = [
        (session.media_type, kind)
        for session in sessions
        for kind, a, b in session.segments
        if a <= start and b is not None and start < b
    ]
    busy = {medium for medium, kind in now if kind != "hold"}
    held = [medium for medium, kind in now if kind == "hold"]
    return sum(end - start for medium in held if busy & media.interrupters(medium))
