"""Handle time told a second time, straight from its definitions and instant by instant.

Quadratic and without any of the sweep's machinery: between two neighbouring instants at which
anything starts or ends it asks every question anew.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from handling.domain.sessions import AgentSession, Rules

ORDER = ["voice", "callback", "chat", "message", "email", "workitem"]
STRENGTH = ["live", "acw", "hold", "alert", "parked"]
NAMES = {
    "interact": "live",
    "dialing": "live",
    "contacting": "live",
    "wrapup": "acw",
    "hold": "hold",
    "alert": "alert",
    "parked": "parked",
}

Told = tuple[AgentSession, list[tuple[str, int, int]]]
Voice = tuple[int, int, int, str, str]  # strength, urgency, first segment; medium, state


@dataclass
class Account:
    gross: int = 0
    interrupted: int = 0
    other_hold: int = 0
    adjusted: int = 0
    live: int = 0
    acw: int = 0
    parked: int = 0
    switched: int = 0
    concurrent: int = 0
    shared: Fraction = Fraction()
    legs: list[tuple[str, int, int]] = field(default_factory=list)
    spells: list[tuple[int, int, int | None]] = field(default_factory=list)
    states: list[tuple[int, int, str]] = field(default_factory=list)


def evaluate(
    sessions: list[AgentSession], as_of: int, rules: Rules
) -> dict[tuple[str, str], Account]:
    found: dict[tuple[str, str], Account] = {}
    for agent in {s.agent_id for s in sessions}:
        own = [s for s in sessions if s.agent_id == agent]
        for name, account in _of_agent(own, as_of, rules).items():
            found[agent, name] = account
    return found


def _height(media: str) -> int:
    return len(ORDER) - ORDER.index(media) if media in ORDER else 0


def _may_interrupt(media: str, held: str, rules: Rules) -> bool:
    if rules.interrupted_by is not None:
        return media in rules.interrupted_by.get(held, frozenset())
    return media in ORDER and held in ORDER and _height(media) > _height(held)


def _repaired(session: AgentSession, as_of: int) -> list[tuple[str, int, int]]:
    kept = []
    for kind, start, end in set(session.segments):
        later = [s for _, s, _ in session.segments if s > start]
        close = end if end is not None else min(later, default=10**9)
        if start < close and start < as_of:
            kept.append((kind, start, min(close, as_of)))
    return kept


def _state(segments: list[tuple[str, int, int]], at: int) -> str | None:
    covering = [(start, kind) for kind, start, end in segments if start <= at < end]
    if not covering:
        return None
    newest = max(start for start, _ in covering)
    states = {NAMES.get(kind) for start, kind in covering if start == newest}
    return next((state for state in STRENGTH if state in states), None)


def _of_agent(sessions: list[AgentSession], as_of: int, rules: Rules) -> dict[str, Account]:
    accounts = {s.conversation_id: Account() for s in sessions if s.role in {"", "agent"}}
    told = [
        (s, _repaired(s, as_of)) for s in sessions if s.role not in {"monitor", "barge", "coach"}
    ]
    if not rules.consult_interrupts:
        told = [(s, segments) for s, segments in told if s.role != "consult"]
    instants = sorted({t for _, segments in told for _, a, b in segments for t in (a, b)})
    for start, end in pairwise(instants):
        _interval(start, end, told, accounts, rules)
    for account in accounts.values():
        _tell_runs(account)
    return accounts


def _voices(told: list[Told], at: int, *, consult: bool) -> dict[str, Voice]:
    """Return what is in any state at an instant: the strongest session of each conversation."""
    found: dict[str, list[Voice]] = defaultdict(list)
    for session, segments in told:
        state = _state(segments, at)
        if state is not None and (session.role == "consult") == consult:
            first = min(start for _, start, _ in segments)
            voice = (STRENGTH.index(state), -_height(session.media_type), first)
            found[session.conversation_id].append((*voice, session.media_type, state))
    return {name: min(voices) for name, voices in found.items()}


@dataclass
class Moment:
    counted: dict[str, Voice]
    consults: dict[str, Voice]
    rules: Rules

    def owner(self, name: str, voice: Voice) -> str | None:
        """Return who takes the seconds of a held conversation."""
        rivals = [
            (*other[:3], conversation)
            for side in (self.counted, self.consults)
            for conversation, other in side.items()
            if conversation != name and self._interrupts(conversation, other, voice[3])
        ]
        return min(rivals)[3] if rivals else None

    def _interrupts(self, name: str, voice: Voice, held: str) -> bool:
        state, media = voice[4], voice[3]
        if state == "parked" or not _may_interrupt(media, held, self.rules):
            return False
        higher = _height(media) > _height(held)
        return state != "hold" or (higher and self.owner(name, voice) is None)

    @property
    def running(self) -> set[str]:
        sides = [*self.counted.items(), *self.consults.items()]
        return {name for name, voice in sides if voice[4] in {"live", "acw"}}


def _interval(
    start: int, end: int, told: list[Told], accounts: dict[str, Account], rules: Rules
) -> None:
    counted = _voices(told, start, consult=False)
    now = Moment(counted, _voices(told, start, consult=True), rules)
    d = end - start
    owners = {n: now.owner(n, v) for n, v in counted.items() if v[4] == "hold"}
    active = [n for n, v in counted.items() if v[4] in {"live", "acw"}]
    free = [n for n, taken_by in owners.items() if taken_by is None]
    for name, voice in counted.items():
        _book(accounts[name], voice[4], (owners.get(name), start, end))
        account = accounts[name]
        if name in free:
            account.other_hold += d
            account.switched += d if now.running - {name} else 0
        if name in (active or free):
            account.shared += Fraction(d, len(active or free))
        if name in active and len(active) > 1:
            account.concurrent += d


def _book(account: Account, state: str, leg: tuple[str | None, int, int]) -> None:
    taken_by, start, end = leg
    d = end - start
    account.states.append((start, end, state))
    if state in {"live", "acw", "hold"}:
        account.gross += d
    if state in {"live", "acw", "parked"}:
        setattr(account, state, getattr(account, state) + d)
    if taken_by is not None:
        account.interrupted += d
        account.legs.append((taken_by, start, end))
    elif state in {"live", "acw", "hold"}:
        account.adjusted += d


def _merged(runs: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    out: list[tuple[str, int, int]] = []
    for label, start, end in runs:
        if out and out[-1][0] == label and out[-1][2] == start:
            out[-1] = (label, out[-1][1], end)
        else:
            out.append((label, start, end))
    return out


def _tell_runs(account: Account) -> None:
    raw = account.legs
    account.legs = _merged(raw)
    spells = [(a, b) for _, a, b in _merged([("", a, b) for _, a, b in raw])]
    states = _merged([(state, a, b) for a, b, state in account.states])
    for start, end in spells:
        hold = next((a, b) for state, a, b in states if state == "hold" and a <= start < b)
        last = not any(end <= other < hold[1] for other, _ in spells)
        resumed = any(s in {"live", "acw"} and a == hold[1] for s, a, _ in states)
        account.spells.append((start, end, hold[1] - end if last and resumed else None))
