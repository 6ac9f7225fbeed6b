"""Forget a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from conversations.domain.personal import Identifier, Kind, identifier
from integrations.erasure import requests
from integrations.management.talking import TalkingCommand

OPTIONS: Final[Mapping[str, Kind]] = {
    "email": Kind.EMAIL,
    "phone": Kind.PHONE,
    "external_contact": Kind.EXTERNAL_CONTACT,
    "user": Kind.USER,
    "other": Kind.OTHER,
}

INTERNATIONAL: Final = ("+", "00", "tel:+")
QUESTION: Final = "This cannot be undone. Type yes to erase"


class Command(TalkingCommand):
    help = (
        "Take a customer out of everything that is stored here: names, addresses, attributes, "
        "subjects, notes, raw documents and events of all conversations that name them. What is "
        "read of these conversations later is stripped too. It cannot be undone. Handle times and "
        "clocks stay. Genesys Cloud is not told: request the deletion there as well."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        several: dict[str, Any] = {"action": "append", "default": []}
        parser.add_argument("--email", metavar="ADDRESS", **several)
        parser.add_argument("--phone", metavar="NUMBER", help="with country code", **several)
        parser.add_argument("--external-contact", metavar="ID", **several)
        parser.add_argument("--user", metavar="ID", help="an agent's name and address", **several)
        parser.add_argument(
            "--other", metavar="TEXT", help="a whole address or attribute, as a handle", **several
        )
        parser.add_argument("--dry-run", action="store_true", help="count and change nothing")
        parser.add_argument("--no-input", action="store_true", help="do not ask")

    def handle(self, *_: Any, dry_run: bool, no_input: bool, **given: Any) -> None:
        identifiers = _identifiers(given)
        if not identifiers:
            raise CommandError("whom? Give --email, --phone, --external-contact, --user or --other")
        now = timezone.now()
        if dry_run or not no_input:
            self._show(requests.count(identifiers=identifiers, requested_at=now))
        if dry_run or not (no_input or self._says_yes(QUESTION, unasked="--no-input")):
            self.stdout.write("nothing was changed")
            return
        person = requests.Person(frozenset(identifiers), now)
        (done,) = requests.erase(persons=[person], now=timezone.now())
        self.stdout.write(f"erased, request {done.pk}: {done.detail}")

    def _show(self, counts: Counter[str]) -> None:
        self.stdout.write("rows that name this person or belong to such a conversation:")
        for name, rows in sorted(counts.items()):
            self.stdout.write(f"  {name:15} {rows:,}")


def _identifiers(given: Mapping[str, Sequence[str]]) -> set[Identifier]:
    """Return whom the options name. Raises CommandError; the text itself is not repeated."""
    found = set()
    for option, kind in OPTIONS.items():
        for text in given[option]:
            one = identifier(kind, text)
            if one is None:
                name = option.replace("_", "-")
                raise CommandError(f"--{name}: this is no {kind.value} that could be found")
            if kind is Kind.PHONE and not text.strip().startswith(INTERNATIONAL):
                raise CommandError(
                    "--phone: the country code is lacking, so it would not be found as it is "
                    "stored: write it as +49301234567"
                )
            found.add(one)
    return found
