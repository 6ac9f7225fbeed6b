"""Cases on file: sessions in as JSON, handle time out as JSON. For analysts and for support."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chrono.instants import from_ms, isoformat, parse, to_ms
from handling.domain.days import by_day
from handling.domain.media import named
from handling.domain.results import Handling
from handling.domain.sessions import AgentSession, Rules, Segment
from handling.domain.sweep import sweep

T = TypeVar("T")
_NAMED = {str: "a text", list: "a list", dict: "an object", bool: "true or false"}


class BadCaseError(ValueError):
    """A case cannot be read. The message names the field and says what is expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Sessions, the rules for them, the instant that cuts them, and a zone for days, if wanted.

    conversations are all that the case names, also those that no agent handles.
    """

    sessions: tuple[AgentSession, ...]
    conversations: tuple[str, ...]
    rules: Rules
    as_of: int
    zone: ZoneInfo | None


def cases_of(document: Any) -> list[Any]:
    """Return the cases of a file: a list, or an object with a list under "cases".

    Raises BadCaseError where it is neither.
    """
    found = document.get("cases") if isinstance(document, dict) else document
    if not isinstance(found, list):
        raise BadCaseError('the file holds no cases: write a list, or an object with "cases"')
    return found


def read(raw: Any) -> Case:
    """Read one case. as_of defaults to the latest instant that the case names.

    Raises BadCaseError.
    """
    case = _typed(raw, dict, "case")
    items = list(enumerate(_required(case, "sessions", list, "case")))
    sessions = [_session(item, f"sessions[{at}]", case) for at, item in items]
    return Case(
        sessions=tuple(s for s in sessions if s.agent_id),
        conversations=tuple(sorted({s.conversation_id for s in sessions})),
        rules=Rules(
            interrupted_by=_matrix(case.get("interrupted_by")),
            consult_interrupts=_optional(case, "consult_interrupts", bool, "case", default=True),
        ),
        as_of=_as_of(case.get("as_of"), sessions),
        zone=_zone(case.get("tz")),
    )


def answer(case: Case) -> dict[str, Any]:
    """Return {conversation: figures}: seconds, summed over the agents of a conversation."""
    found: dict[str, list[Handling]] = {name: [] for name in case.conversations}
    for handling in sweep(case.sessions, as_of=case.as_of, rules=case.rules):
        found[handling.conversation_id].append(handling)
    return {name: _figures(parts, case.zone) for name, parts in found.items()}


def _figures(parts: list[Handling], zone: ZoneInfo | None) -> dict[str, Any]:
    figures: dict[str, Any] = {
        name: _seconds(sum(getattr(part, name) for part in parts))
        for name in ("gross", "interrupted", "other_hold", "adjusted")
    }
    figures["shared"] = _seconds(sum((part.exact_shared for part in parts), Fraction()))
    figures["interruptions"] = [
        {"by": leg.interrupter_id, **_from_to(leg.start, leg.end), "provisional": leg.provisional}
        for leg in sorted((leg for p in parts for leg in p.legs), key=lambda leg: leg[1:])
    ]
    figures["spells"] = [
        {
            **_from_to(spell.start, spell.end),
            "resume_lag": None if spell.resume_lag is None else _seconds(spell.resume_lag),
        }
        for spell in sorted((spell for p in parts for spell in p.spells), key=lambda s: s[:2])
    ]
    for name in ("live", "acw", "switched", "concurrent", "parked"):
        figures[name] = _seconds(sum(getattr(part, name) for part in parts))
    figures["dropped_segments"] = sum(part.dropped for part in parts)
    figures["provisional"] = any(part.provisional for part in parts)
    if zone is not None:
        figures["by_day"] = _days(parts, zone)
    return figures


def _days(parts: list[Handling], zone: ZoneInfo) -> dict[str, Any]:
    return {
        day.isoformat(): {
            "gross": _seconds(sums.gross),
            "interrupted": _seconds(sums.interrupted),
            "adjusted": _seconds(sums.adjusted),
        }
        for day, sums in by_day(parts, zone).items()
    }


def _from_to(start: int, end: int) -> dict[str, str]:
    return {"start": isoformat(from_ms(start)), "end": isoformat(from_ms(end))}


def _seconds(milliseconds: int | Fraction) -> int | float:
    seconds = Fraction(milliseconds) / 1000
    return seconds.numerator if seconds.denominator == 1 else float(seconds)


def _session(raw: Any, where: str, case: Mapping[str, Any]) -> AgentSession:
    """Read a session; one that is no agent's work has no agent_id."""
    session = _typed(raw, dict, where)
    purposes = {"agent", "user"} if case.get("count_non_acd") else {"agent"}
    works = _optional(session, "purpose", str, where, default="agent") in purposes
    segments = _required(session, "segments", list, where)
    return AgentSession(
        conversation_id=_required(session, "conversation", str, where),
        agent_id=_required(session, "agent", str, where) if works else "",
        media_type=named(_required(session, "media", str, where)),
        segments=tuple(_segment(s, f"{where}.segments[{at}]") for at, s in enumerate(segments)),
        role=_optional(session, "role", str, where, default="").lower(),
    )


def _segment(raw: Any, where: str) -> Segment:
    segment = _typed(raw, dict, where)
    end = segment.get("end")
    return (
        _required(segment, "type", str, where),
        _instant(_required(segment, "start", str, where), f"{where}.start"),
        None if end is None else _instant(end, f"{where}.end"),
    )


def _as_of(raw: Any, sessions: list[AgentSession]) -> int:
    if raw is not None:
        return _instant(raw, "as_of")
    return max(_instants(sessions), default=0)


def _instants(sessions: list[AgentSession]) -> Iterator[int]:
    for session in sessions:
        for _, start, end in session.segments:
            yield start if end is None else max(start, end)


def _matrix(raw: Any) -> dict[str, frozenset[str]] | None:
    if raw is None:
        return None
    rows = _typed(raw, dict, "interrupted_by").items()
    return {named(name): _media(media, f"interrupted_by.{name}") for name, media in rows}


def _media(raw: Any, where: str) -> frozenset[str]:
    return frozenset(named(_typed(medium, str, where)) for medium in _typed(raw, list, where))


def _zone(raw: Any) -> ZoneInfo | None:
    if raw is None:
        return None
    try:
        return ZoneInfo(_typed(raw, str, "tz"))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadCaseError(f"tz is {raw!r}: write an IANA zone such as Europe/Berlin") from error


def _instant(raw: Any, where: str) -> int:
    try:
        return to_ms(parse(_typed(raw, str, where)))
    except BadCaseError:
        raise
    except ValueError as error:
        raise BadCaseError(f"{where}: {error}") from error


def _required(item: Mapping[str, Any], key: str, kind: type[T], where: str) -> T:
    if item.get(key) in (None, ""):
        raise BadCaseError(f"{where} has no {key}: write {_NAMED[kind]}")
    return _typed(item[key], kind, f"{where}.{key}")


def _optional(item: Mapping[str, Any], key: str, kind: type[T], where: str, *, default: T) -> T:
    return default if item.get(key) is None else _typed(item[key], kind, f"{where}.{key}")


def _typed(value: Any, kind: type[T], where: str) -> T:
    if not isinstance(value, kind):
        raise BadCaseError(f"{where} is {_shown(value)}: write {_NAMED[kind]}")
    return value


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, int | float | str) else type(value).__name__
