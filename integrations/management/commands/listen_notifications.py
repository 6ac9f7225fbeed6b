"""Listen to Genesys Cloud's notifications, until told to stop."""

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from integrations.genesys.notifications import gaps
from integrations.genesys.notifications.listener import Listener
from integrations.genesys.notifications.pace import Pace
from integrations.genesys.notifications.platform import connect
from integrations.inbox.receive import receive_many
from integrations.inbox.wakeup import WAKE_UP, WakeUp
from integrations.models import Source

NAME = "Genesys Cloud notifications"


class Command(BaseCommand):
    help = (
        "Listen to Genesys Cloud's notifications over WebSockets, until SIGTERM or Ctrl-C: what "
        "agents' conversations and presence do. Several may run: they share the topics, and one "
        "takes over from another that dies. What comes is put into the inbox."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        usual = Pace()
        parser.add_argument(
            "--heartbeat",
            type=float,
            metavar="SECONDS",
            default=usual.heartbeat_s,
            help="without a frame for so long a line is asked for one, and then given up "
            f"(default: {usual.heartbeat_s:g}; Genesys sends one every 30)",
        )
        parser.add_argument(
            "--lease",
            type=float,
            metavar="SECONDS",
            default=usual.lease_s,
            help="others take over from a listener that was not heard of for so long "
            f"(default: {usual.lease_s:g})",
        )

    def handle(self, *_: Any, heartbeat: float, lease: float, **__: Any) -> None:
        pace = Pace(heartbeat_s=heartbeat, lease_s=lease, tend_s=lease / 4)
        asyncio.run(_listen(pace, _source()))


async def _listen(pace: Pace, source_id: int) -> None:
    listener = Listener(
        name=f"{socket.gethostname()[:60]}/{os.getpid()}/{uuid4().hex[:6]}",
        platform=connect(timezone.now),
        clock=timezone.now,
        store=_store(source_id),
        wake=WAKE_UP.tell,
        remind=WakeUp(gaps.wake_reader).tell,
        pace=pace,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, listener.stop)
    await listener.run()


def _store(source_id: int) -> Any:
    def store(frames: Sequence[bytes]) -> None:
        if not Source.objects.filter(pk=source_id, active=True).exists():
            return  # an administrator has switched it off: what it sends is refused
        bodies = [(frame, None) for frame in frames]
        receive_many(source_id=source_id, bodies=bodies, now=timezone.now())

    return store


def _source() -> int:
    """Return the row that stands for the notifications among who sends to us."""
    row, _ = Source.objects.get_or_create(
        kind=Source.Kind.NOTIFICATIONS,
        defaults={
            "name": NAME,
            "authentication": Source.Authentication.NONE,
            "created_at": timezone.now(),
        },
    )
    return row.pk
