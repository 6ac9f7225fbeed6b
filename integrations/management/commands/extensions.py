"""List extension code."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from conversations.events import HANDLERS, Handler, Timing
from conversations.models import HandlerFailure
from integrations.extensions.kind import Extension
from integrations.models import Destination


class Command(BaseCommand):
    help = (
        "List the handlers that the packages of DCM_EXTENSIONS register: when each is called, with "
        "which Common Events, and how it does."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"DCM_EXTENSIONS: {', '.join(settings.EXTENSIONS) or 'none'}")
        states = _states()
        for handler in HANDLERS.values():
            self.stdout.write(f"\n{handler.name}")
            for line in _lines(handler, states.get(handler.name, "")):
                self.stdout.write(f"    {line}")
        for name in sorted(states.keys() - HANDLERS.keys()):
            self.stdout.write(f"\n{name}: not registered any more; {states[name]}")


def _lines(handler: Handler, state: str) -> list[str]:
    when = "in the transaction" if handler.timing is Timing.IN_TRANSACTION else "after the commit"
    again = ", and when they are put right" if handler.corrections else ""
    names = ", ".join(event.__name__ for event in handler.events)
    idle = "no failure" if handler.timing is Timing.IN_TRANSACTION else "a worker has yet to see it"
    lines = [handler.about, f"{when}: {names}{again}", state or idle]
    return [line for line in lines if line]


def _states() -> dict[str, str]:
    """Return how handlers do, by name; nothing where the tables are not there yet."""
    try:
        rows = Destination.objects.filter(kind=Extension.name).order_by("name")
        after = {row.config.get("handler", row.name): _state(row) for row in rows}
        failures = HandlerFailure.objects.order_by("handler")
        return after | {row.handler: f"failed {row.count:,} times, {row.error}" for row in failures}
    except DatabaseError:
        return {}


def _state(row: Destination) -> str:
    if row.disabled_at:
        return f"stopped: {row.disabled_reason}"
    return "on" if row.mode == Destination.Mode.LIVE else row.mode
