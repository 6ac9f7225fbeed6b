"""Conversations by script, and what is to be told of each: the cases of the requirements.

Each has waited in its queue for a while when its first second begins. An agent whom nobody else
has is named by the first name.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from simulator.world.desk import Desk
from tests.scripted import Scripted

SERVICE, CLAIMS, PORTAL, CALLS = (
    "Web Messaging",
    "Claims E-Mail",
    "Partner Portal",
    "Service Hotline",
)
CONNECTED, TRANSFERRED = "agent.connected", "agent.transferred"
LEFT, OVER = "agent.disconnected", "handover.ended"

Agents = Callable[[str], Desk]
Told = list[tuple[str, str, int]]


class Step(NamedTuple):
    """What happens at a second: by whom, unless it is nobody of ours, and how."""

    at: float
    does: Callable[..., object]
    who: str = ""
    how: Mapping[str, Any] = {}


class Row(NamedTuple):
    """A conversation: its queue, what happens when, and what is told: event, agent, second."""

    queue: str
    steps: Sequence[Step]
    told: Told

    def happens(self, it: Scripted, agents: Agents) -> None:
        """Plan all steps."""
        for step in self.steps:
            desks = [agents(step.who)] if step.who else []
            it.at(step.at, partial(step.does, it, *desks, **step.how))


def _answers(who: str, rung: float, answered: float) -> list[Step]:
    return [Step(rung, Scripted.rings, who), Step(answered, Scripted.answers, who)]


def _hangs_up(who: str, at: float, acw: int = 5) -> Step:
    return Step(at, Scripted.hangs_up, who, {"acw": acw})


def _consults(who: str, whom: str) -> list[Step]:
    """Call a colleague from a call that was answered in the fourth second."""
    return [*_answers(who, 2, 4), Step(8, Scripted.holds, who), *_answers(whom, 8, 11)]


def _had_by(who: str, since: int, until: int) -> Told:
    return [(CONNECTED, who, since), (LEFT, who, until), (OVER, "", until)]


# Finn has two others in hand when the third of three rings.
TABLE = {
    "auto-answer, long after-call work": Row(
        PORTAL, [*_answers("Ada", 2, 2.3), _hangs_up("Ada", 10, acw=40)], _had_by("Ada", 2, 10)
    ),
    "answered by hand": Row(
        SERVICE, [*_answers("Bruno", 2, 6), _hangs_up("Bruno", 12)], _had_by("Bruno", 6, 12)
    ),
    "declined, another answers": Row(
        SERVICE,
        [
            Step(2, Scripted.rings, "Carla"),
            Step(5, Scripted.declines, "Carla"),
            *_answers("Dario", 6, 9),
        ],
        [(CONNECTED, "Dario", 9)],
    ),
    "nobody answers": Row(
        SERVICE,
        [
            Step(2, Scripted.rings, "Elif"),
            Step(47, Scripted.declines, "Elif", {"how": "system"}),
        ],
        [],
    ),
    "nobody comes": Row(SERVICE, [Step(20, Scripted.leaves_queue)], [(OVER, "", 20)]),
    "first of three": Row(SERVICE, _answers("Finn", 2, 3), [(CONNECTED, "Finn", 3)]),
    "second of three": Row(SERVICE, _answers("Finn", 3, 4), [(CONNECTED, "Finn", 4)]),
    "third of three": Row(SERVICE, [Step(4, Scripted.rings, "Finn")], []),
    "consult": Row(
        CALLS,
        [
            *_consults("Hugo", "Ines"),
            Step(25, Scripted.transfers, "Hugo", {"how": "consultTransfer"}),
            _hangs_up("Ines", 35),
        ],
        [
            (CONNECTED, "Hugo", 4),
            (CONNECTED, "Ines", 25),
            (TRANSFERRED, "Hugo", 25),
            (LEFT, "Ines", 35),
            (OVER, "", 35),
        ],
    ),
    "consult in vain": Row(
        CALLS,
        [
            *_consults("Jonas", "Klara"),
            Step(25, Scripted.transfers, "Klara", {"how": "peer"}),
            _hangs_up("Jonas", 40),
        ],
        _had_by("Jonas", 4, 40),
    ),
    "blind transfer": Row(
        SERVICE,
        [
            *_answers("Leo", 2, 4),
            Step(10, Scripted.gives_back, "Leo"),
            *_answers("Mira", 28, 31),
            _hangs_up("Mira", 40),
        ],
        [(CONNECTED, "Leo", 4), (TRANSFERRED, "Leo", 10), *_had_by("Mira", 31, 40)],
    ),
    # Twelve seconds lie between the agent who handed on and the next queue.
    "transfer on its way": Row(
        SERVICE,
        [
            *_answers("Rosa", 2, 4),
            Step(10, Scripted.transfers, "Rosa", {"acw": 30}),
            Step(22, Scripted.waits),
        ],
        [(CONNECTED, "Rosa", 4), (TRANSFERRED, "Rosa", 10)],
    ),
    "attended transfer": Row(
        SERVICE,
        [
            *_answers("Nils", 2, 4),
            Step(10, Scripted.waits),
            *_answers("Olga", 11, 14),
            Step(14.2, Scripted.transfers, "Nils"),
            _hangs_up("Olga", 30),
        ],
        [
            (CONNECTED, "Nils", 4),
            (CONNECTED, "Olga", 14),
            (TRANSFERRED, "Nils", 14),
            (LEFT, "Olga", 30),
            (OVER, "", 30),
        ],
    ),
    "mails sent one by one": Row(
        CLAIMS,
        [
            *_answers("Paul", 2, 4),
            Step(12, Scripted.sends, "Paul"),
            Step(22, Scripted.sends, "Paul"),
            _hangs_up("Paul", 32),
        ],
        _had_by("Paul", 4, 32),
    ),
    "reopened": Row(
        SERVICE,
        [
            *_answers("Quinn", 2, 4),
            _hangs_up("Quinn", 10, acw=2),
            Step(40, Scripted.returns),
            *_answers("Quinn", 41, 43),
            _hangs_up("Quinn", 49, acw=2),
        ],
        [*_had_by("Quinn", 4, 10), *_had_by("Quinn", 43, 49)],
    ),
}
