"""What a backtest came to, for people to read: a sentence, sums, and rows by day and queue."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from conversations.models import Queue
from sla import ways
from sla.backtest import EVENTS
from sla.domain.tally import Behind, Pair, Side, Tally, What
from sla.models import Rota, Rung

# What a draft is compared by, in the order in which it is shown.
SHOWN: Final = (What.WARNINGS, What.BREACHES, What.NOTICES)
LONGEST_SENTENCE: Final = 3  # ways that it names


class Kept(NamedTuple):
    """Of so many waits that were over so many were kept, on one side."""

    kept: int
    waits: int

    def __str__(self) -> str:
        if not self.waits:
            return "none was over"
        share = 100 * self.kept / self.waits
        return f"{share:.1f} % ({self.kept:,} of {self.waits:,})"


class Row(NamedTuple):
    """The numbers of a day and a queue: of warnings, breaches and notices, and waits kept."""

    day: str
    queue_id: str
    queue: str
    pairs: tuple[tuple[What, Pair], ...]
    today: Kept
    draft: Kept


class Report(NamedTuple):
    """All of it. notices are by way, in words, most of them first.

    moved are the conversations to which another policy applies with the draft.
    """

    sentence: str
    pairs: tuple[tuple[What, Pair], ...]
    today: Kept
    draft: Kept
    notices: tuple[tuple[str, Pair], ...]
    rows: tuple[Row, ...]
    conversations: int
    moved: int


def report(tally: Tally, *, days: int) -> Report:
    """Return what a backtest over so many days came to."""
    numbers = {what: tally.pair(what) for what in What}
    notices = _notices(tally.ways())
    found = list(tally.rows())
    names = _queues({queue_id for _, queue_id, _ in found})
    return Report(
        sentence=_sentence(numbers, notices, days),
        pairs=_shown(numbers),
        today=_kept(numbers, Side.TODAY),
        draft=_kept(numbers, Side.DRAFT),
        notices=notices,
        rows=tuple(
            Row(
                day,
                queue_id,
                names.get(queue_id) or queue_id or "no queue",
                _shown(sums),
                _kept(sums, Side.TODAY),
                _kept(sums, Side.DRAFT),
            )
            for day, queue_id, sums in found
        ),
        conversations=tally.conversations,
        moved=tally.moved.number,
    )


def _notices(by_way: Mapping[str, Pair]) -> tuple[tuple[str, Pair], ...]:
    """Return notices by their ways in words, most of them first; what is called alike is one."""
    words = said(by_way)
    found: dict[str, Pair] = {}
    for way, (today, draft) in by_way.items():
        known = found.get(words[way], Pair())
        found[words[way]] = Pair(known.today + today, known.draft + draft)
    return tuple(sorted(found.items(), key=lambda item: (-max(item[1]), item[0])))


def _sentence(numbers: Mapping[What, Pair], notices: Iterable[tuple[str, Pair]], days: int) -> str:
    warnings, breaches = numbers[What.WARNINGS], numbers[What.BREACHES]
    told = [f"{pair.draft:,} x {way}" for way, pair in notices if pair.draft]
    if told[LONGEST_SENTENCE:]:
        told = [*told[:LONGEST_SENTENCE], "others"]
    lasted = "the last day" if days == 1 else f"the last {days} days"
    return (
        f"With this draft, {lasted}: {_counted(warnings.draft, 'warning')}, "
        f"{_counted(breaches.draft, 'breach', 'breaches')}; as it is today: {warnings.today:,} and "
        f"{breaches.today:,}. Notices with this draft: {', '.join(told) or 'none'}."
    )


def said(found: Iterable[str]) -> dict[str, str]:
    """Return in words by which ways notices go, as drafts.way_of writes them."""
    reached, rotas = ways.every(), dict(Rota.objects.values_list("pk", "name"))
    return {way: _said(way, reached, rotas) for way in found}


def _said(way: str, reached: Mapping[int, ways.Way], rotas: Mapping[int, str]) -> str:
    if way == EVENTS:
        return "whoever is told of SLA events"
    audience, destination, rota = way.split(":")
    known = reached.get(int(destination)) if destination else None
    by = (known.name if known else f"destination {destination}") if destination else ""
    if audience == Rung.Audience.DESTINATION:
        return by or "whoever is told of SLA events"
    whom = str(Rung.Audience(audience).label)
    if rota:
        whom = f"{whom} ({rotas.get(int(rota), 'a rota that is gone')})"
    return f"{whom} by {by}" if by else whom


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def _shown(numbers: Mapping[What, Pair]) -> tuple[tuple[What, Pair], ...]:
    return tuple((what, numbers[what]) for what in SHOWN)


def _kept(numbers: Mapping[What, Pair], side: Side) -> Kept:
    kept, waits = numbers[What.KEPT], numbers[What.WAITS]
    if side is Side.TODAY:
        return Kept(kept.today, waits.today)
    return Kept(kept.draft, waits.draft)


def queue_name(queue_id: str) -> str:
    """Return the name of a queue, or its id where it has none."""
    return _queues([queue_id]).get(queue_id) or queue_id


def _queues(ids: Iterable[str]) -> dict[str, str]:
    known = Queue.objects.filter(genesys_id__in=ids)
    return dict(known.values_list("genesys_id", "name"))


def as_json(found: Report, tally: Tally, *, genesys_ids: Mapping[int, str]) -> dict[str, Any]:
    """Return a report as JSON has it, with the conversations behind its numbers by Genesys id."""
    return {
        "sentence": found.sentence,
        "conversations": found.conversations,
        "moved": _named(tally.moved, genesys_ids),
        "totals": _numbers(found.pairs, found.today, found.draft),
        "notices": {way: pair._asdict() for way, pair in found.notices},
        "days": [
            {"day": row.day, "queueId": row.queue_id, "queue": row.queue}
            | _numbers(row.pairs, row.today, row.draft)
            | {"behind": _behind(tally, row, genesys_ids)}
            for row in found.rows
        ],
    }


def _numbers(pairs: Iterable[tuple[What, Pair]], today: Kept, draft: Kept) -> dict[str, Any]:
    kept = {"today": today._asdict(), "draft": draft._asdict()}
    return {str(what): pair._asdict() for what, pair in pairs} | {"waits": kept}


def _behind(tally: Tally, row: Row, genesys_ids: Mapping[int, str]) -> dict[str, Any]:
    return {
        str(what): {
            str(side): _named(
                tally.behind(side, what, day=row.day, queue_id=row.queue_id), genesys_ids
            )
            for side in Side
        }
        for what, pair in row.pairs
        if any(pair)
    }


def _named(behind: Behind, genesys_ids: Mapping[int, str]) -> dict[str, Any]:
    ids = [genesys_ids[pk] for pk in dict.fromkeys(behind.pks) if pk in genesys_ids]
    return {"count": behind.number, "conversationIds": ids}
