"""The made-up organization: who works there, on which queues, when, and by which rules.

All ids follow from the seed and nothing else: a restart finds the same organization.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final
from uuid import UUID

# Which media may interrupt which (utilization), in analytics' spelling.
INTERRUPTABLE: Final[dict[str, frozenset[str]]] = {
    "voice": frozenset(),
    "callback": frozenset(),
    "chat": frozenset(),
    "message": frozenset({"voice", "callback"}),
    "email": frozenset({"voice", "callback", "chat", "message"}),
}
CAPACITY: Final = {"voice": 1, "callback": 1, "chat": 2, "message": 6, "email": 6}
# How long each medium rings at an agent, in seconds.
ALERTING_TIMEOUT: Final = {"voice": 15, "callback": 30, "chat": 30, "message": 45, "email": 120}
# What the utilization API calls a medium.
UTILIZATION_NAMES: Final = {"voice": "call"}

WRAP_UP_NAMES: Final = (
    "Question answered",
    "Follow-up needed",
    "Complaint",
    "Contract changed",
    "Claim opened",
    "Payment arranged",
    "Wrong department",
    "Spam",
)
FLOWS: Final = ("E-mail triage", "Welcome bot", "Main menu")
SKILLS: Final = ("Contracts", "Damage", "Billing", "Complaints")
LANGUAGES: Final = ("German", "English", "Turkish")
LABELS: Final = ("Premium", "Regulator")
FORMS: Final = ("Customer satisfaction", "Quality monitoring")


@dataclass(frozen=True, slots=True)
class Division:
    id: str
    name: str
    home: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of one medium. rate is contacts a weekday; hours None means around the clock."""

    id: str
    name: str
    division_id: str
    media: str
    rate: float
    message_type: str = ""
    address: str = ""  # what customers write to or call
    hours: tuple[int, int] | None = None  # local hours, Monday to Friday
    answer_within: int = 20_000  # service level, ms
    multiple_actions: bool = False  # each sent e-mail ends a session
    outbound: bool = False  # its agents call out
    auto_answer: bool = False  # what it offers is answered without the agent's doing


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent, the queues joined, and the shift: local hours, past 24 where overnight."""

    id: str
    name: str
    email: str
    division_id: str
    queue_ids: tuple[str, ...]
    shift: tuple[float, float]
    days_off: tuple[int, ...]  # Monday is 0


@dataclass(frozen=True, slots=True)
class Named:
    """A wrap-up code, a form, a flow, a skill, a language or a utilization label."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Opening times as a local start and end and a rule of recurrence; "" means once."""

    id: str
    name: str
    start: str
    end: str
    rrule: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleGroup:
    id: str
    name: str
    open_ids: tuple[str, ...]
    closed_ids: tuple[str, ...] = ()
    holiday_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organization:
    """All that does not change while the world turns."""

    id: str
    zone: str
    divisions: tuple[Division, ...]
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    supervisors: tuple[Agent, ...]
    wrap_up_codes: tuple[Named, ...]
    forms: tuple[Named, ...]
    flows: tuple[Named, ...]
    schedules: tuple[Schedule, ...]
    schedule_groups: tuple[ScheduleGroup, ...]
    skills: tuple[Named, ...]
    languages: tuple[Named, ...]
    labels: tuple[Named, ...]
    queue_by_id: dict[str, Queue] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "queue_by_id", {queue.id: queue for queue in self.queues})


_OFFICE = (8, 18)
# name, division, medium, contacts a weekday, message type, address, hours, extras
_QUEUES: Final = (
    ("Service E-Mail", 1, "email", 76, "", "service@harbour.example", None),
    ("Claims E-Mail", 2, "email", 26, "", "claims@harbour.example", _OFFICE),
    ("Billing E-Mail", 1, "email", 20, "", "billing@harbour.example", _OFFICE),
    ("WhatsApp", 1, "message", 74, "whatsapp", "+4930555010", None),
    ("Web Messaging", 1, "message", 66, "webmessaging", "messenger", None),
    ("SMS", 1, "message", 18, "sms", "+4930555011", None),
    ("Partner Portal", 2, "message", 10, "open", "portal", _OFFICE),
    ("Service Chat", 1, "chat", 44, "", "chat", (8, 20)),
    ("Service Hotline", 1, "voice", 96, "", "+4930555001", None),
    ("Claims Hotline", 2, "voice", 30, "", "+4930555002", _OFFICE),
    ("Callback", 1, "callback", 16, "", "+4930555003", (8, 20)),
    ("Sales Outbound", 0, "voice", 24, "", "+4930555004", (9, 19)),
)
_BLENDED = (0, 2, 8, 10)
_CLAIMS = (1, 6, 9)
_DIGITAL = (3, 4, 5, 7, 0)
_SALES = (11, 2, 8)
_NIGHT = (0, 3, 4, 8)
_EARLY, _DAY, _LATE, _OVERNIGHT = (7.0, 15.5), (9.0, 17.5), (12.5, 21.5), (21.0, 31.5)
# name, queues, shift, days off
_AGENTS: Final = (
    ("Ada Brandt", _BLENDED, _EARLY, (5, 6)),
    ("Bruno Keller", _BLENDED, _DAY, (5, 6)),
    ("Carla Simon", _BLENDED, _LATE, (0, 1)),
    ("Dario Weiss", _BLENDED, _EARLY, (1, 2)),
    ("Elif Aydin", _BLENDED, _LATE, (3, 4)),
    ("Finn Petersen", _BLENDED, _LATE, (2, 3)),
    ("Greta Vogel", _NIGHT, _OVERNIGHT, (3, 4)),
    ("Hugo Laurent", _CLAIMS, _EARLY, (5, 6)),
    ("Ines Romero", _CLAIMS, _DAY, (5, 6)),
    ("Jonas Adler", _CLAIMS, _DAY, (5, 6)),
    ("Klara Novak", _DIGITAL, _EARLY, (5, 6)),
    ("Leo Fontana", _DIGITAL, _EARLY, (0, 1)),
    ("Mira Hansen", _DIGITAL, _DAY, (2, 3)),
    ("Nils Ostberg", _DIGITAL, _DAY, (5, 6)),
    ("Olga Marek", _DIGITAL, _LATE, (0, 1)),
    ("Paul Richter", _DIGITAL, _LATE, (3, 4)),
    ("Quinn Doyle", _NIGHT, _OVERNIGHT, (1, 2)),
    ("Rosa Lindt", _SALES, _DAY, (5, 6)),
    ("Samir Haddad", _SALES, _DAY, (5, 6)),
    ("Tea Kovac", _SALES, _LATE, (5, 6)),
    ("Udo Franke", _NIGHT, _OVERNIGHT, (0, 1)),
    ("Vera Blum", _NIGHT, _OVERNIGHT, (2, 3)),
    ("Willem Bakker", _NIGHT, _OVERNIGHT, (4, 5)),
    ("Yara Costa", _NIGHT, _OVERNIGHT, (6, 0)),
)
_SUPERVISORS: Final = ("Xenia Thorn", "Zoe Albers")


def found(*, seed: int, zone: str, auto_answer: Collection[str] = ()) -> Organization:
    """Found the organization of a seed; zone is its IANA time zone.

    auto_answer names the queues whose contacts are answered at once. Raises ValueError where there
    is no such queue.
    """
    if unknown := set(auto_answer) - {row[0] for row in _QUEUES}:
        raise ValueError(f"there is no queue {', '.join(sorted(unknown))}")
    draw = Random(f"organization/{seed}")
    ids = iter(lambda: new_id(draw), "")
    divisions = tuple(
        Division(next(ids), name, home=name == "Home") for name in ("Home", "Service", "Claims")
    )
    queues = tuple(
        _queue(next(ids), divisions, row, auto_answer=row[0] in auto_answer) for row in _QUEUES
    )
    schedules = _schedules(ids)
    return Organization(
        id=next(ids),
        zone=zone,
        divisions=divisions,
        queues=queues,
        agents=tuple(_agent(next(ids), divisions, queues, row) for row in _AGENTS),
        supervisors=tuple(
            _agent(next(ids), divisions, queues, (name, (), _DAY, (5, 6))) for name in _SUPERVISORS
        ),
        wrap_up_codes=tuple(Named(next(ids), name) for name in WRAP_UP_NAMES),
        forms=tuple(Named(next(ids), name) for name in FORMS),
        flows=tuple(Named(next(ids), name) for name in FLOWS),
        schedules=schedules,
        schedule_groups=_schedule_groups(ids, schedules),
        skills=tuple(Named(next(ids), name) for name in SKILLS),
        languages=tuple(Named(next(ids), name) for name in LANGUAGES),
        labels=tuple(Named(next(ids), name) for name in LABELS),
    )


def new_id(draw: Random) -> str:
    """Return a version 4 UUID made of a seeded generator's bits."""
    return str(UUID(int=draw.getrandbits(128), version=4))


def _queue(
    id_: str,
    divisions: tuple[Division, ...],
    row: tuple[str, int, str, float, str, str, tuple[int, int] | None],
    *,
    auto_answer: bool,
) -> Queue:
    name, division, media, rate, message_type, address, hours = row
    return Queue(
        id=id_,
        name=name,
        division_id=divisions[division].id,
        media=media,
        rate=rate,
        message_type=message_type,
        address=address,
        hours=hours,
        answer_within=4 * 3_600_000 if media == "email" else 20_000,
        multiple_actions=name == "Claims E-Mail",
        outbound=name == "Sales Outbound",
        auto_answer=auto_answer,
    )


def _agent(
    id_: str,
    divisions: tuple[Division, ...],
    queues: tuple[Queue, ...],
    row: tuple[str, tuple[int, ...], tuple[float, float], tuple[int, ...]],
) -> Agent:
    name, joined, shift, days_off = row
    queue_ids = tuple(queues[index].id for index in joined)
    division_id = queues[joined[0]].division_id if joined else divisions[0].id
    email = f"{name.lower().replace(' ', '.')}@harbour.example"
    return Agent(id_, name, email, division_id, queue_ids, shift, days_off)


def _schedules(ids: Iterator[str]) -> tuple[Schedule, ...]:
    weekdays = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    rows = (
        (
            "Monday to Friday 8 to 18",
            "2024-01-01T08:00:00.000",
            "2024-01-01T18:00:00.000",
            weekdays,
        ),
        ("Every day 0 to 24", "2024-01-01T00:00:00.000", "2024-01-02T00:00:00.000", "FREQ=DAILY"),
        ("Every day 8 to 20", "2024-01-01T08:00:00.000", "2024-01-01T20:00:00.000", "FREQ=DAILY"),
        (
            "Team meeting",
            "2024-01-03T12:30:00.000",
            "2024-01-03T13:00:00.000",
            "FREQ=WEEKLY;BYDAY=WE",
        ),
        ("New Year", "2024-01-01T00:00:00.000", "2024-01-02T00:00:00.000", "FREQ=YEARLY"),
        ("Christmas", "2024-12-25T00:00:00.000", "2024-12-27T00:00:00.000", "FREQ=YEARLY"),
        ("Overnight maintenance", "2025-02-08T22:00:00.000", "2025-02-09T06:00:00.000", ""),
    )
    return tuple(Schedule(next(ids), *row) for row in rows)


def _schedule_groups(
    ids: Iterator[str], schedules: tuple[Schedule, ...]
) -> tuple[ScheduleGroup, ...]:
    office, always, day, meeting, new_year, christmas, maintenance = (s.id for s in schedules)
    holidays = (new_year, christmas)
    return (
        ScheduleGroup(next(ids), "Office", (office,), (meeting,), holidays),
        ScheduleGroup(next(ids), "Around the clock", (always,), (maintenance,)),
        ScheduleGroup(next(ids), "Chat and callback", (day,), (), holidays),
    )
