"""Tell destinations of events once more."""

from datetime import datetime
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from chrono import instants
from conversations.models import CommonEvent, Conversation
from integrations.management.talking import TalkingCommand
from integrations.models import Destination
from integrations.outbox import announce
from integrations.outbox.replay import Replayed, replay, told_between, told_of

# More events than that are asked about.
MOST_UNASKED: Final = 1_000
QUESTION: Final = "{:,} events. Type yes to send what was told of them again"


class Command(TalkingCommand):
    help = (
        "Send destinations, extension code included, once more what they were told of the events "
        "of a conversation, or of those that came in a period: in order, and under the same ids, "
        "so that a receiver can tell what it has. What they were never told, since they were set "
        "up later, or what is forgotten by now, goes out for the first time. What backfill loaded "
        "was nobody's news and is left out; so is extension code that runs in the transaction."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--conversation", metavar="ID", action="append", help="several: repeat")
        instant: dict[str, Any] = {"metavar": "INSTANT"}
        parser.add_argument(
            "--from", dest="start", help="when DCM learned of it: 2026-03-01T09:00:00Z", **instant
        )
        parser.add_argument("--to", dest="end", help="up to then; without it, up to now", **instant)
        parser.add_argument("--destination", metavar="NAME", help="this one only")
        parser.add_argument("--dry-run", action="store_true", help="count and change nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_: Any, destination: str | None, **options: Any) -> None:
        now = timezone.now()
        destinations = _destinations(destination)
        events, dry = _events(options, now), options["dry_run"]
        count = events.count()
        ask = count > MOST_UNASKED and not (dry or options["yes"])
        if ask and not self._says_yes(QUESTION.format(count), unasked="--yes"):
            self._tell("nothing was changed")
            return
        done = Replayed()
        for done in replay(events, destinations, now=now, dry=dry):
            if done.events < count:
                self._tell(f"  {done.events:,} of {count:,} events")
        self._tell(_summary(done, len(destinations), dry=dry))


def _summary(done: Replayed, destinations: int, *, dry: bool) -> str:
    verb = "would be sent" if dry else "are sent"
    return (
        f"{done.events:,} events of {done.conversations:,} conversations, {destinations:,} "
        f"destinations: {done.again:,} deliveries {verb} again, {done.new:,} for the first time"
    )


def _destinations(name: str | None) -> list[Destination]:
    found = announce.audience()
    chosen = list(found.filter(name=name) if name else found)
    if not chosen:
        raise CommandError(
            f"there is no destination {name!r} that is on" if name else "no destination is on"
        )
    return chosen


def _events(options: dict[str, Any], now: datetime) -> QuerySet[CommonEvent]:
    ids, start, end = options["conversation"], options["start"], options["end"]
    if bool(ids) == bool(start) or (end and not start):
        raise CommandError("of what? Give --conversation, or --from and perhaps --to")
    if ids:
        known = set(Conversation.objects.filter(genesys_id__in=ids).values_list("genesys_id"))
        if unknown := sorted(set(ids) - {genesys_id for (genesys_id,) in known}):
            raise CommandError(f"--conversation: {', '.join(unknown)} is not in the mirror")
        return told_of(ids)
    first = _instant("--from", start)
    last = _instant("--to", end) if end else now
    if last <= first:
        raise CommandError("--to must lie after --from")
    return told_between(first, last)


def _instant(option: str, text: str) -> datetime:
    try:
        return instants.parse(text)
    except ValueError as error:
        raise CommandError(f"{option}: {error}") from error
