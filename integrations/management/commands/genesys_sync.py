"""Read the directory and the settings from Genesys Cloud by hand."""

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.genesys.client import connect
from integrations.genesys.synchronise import synchronise
from integrations.management.talking import TalkingCommand


class Command(TalkingCommand):
    help = "Read users, queues, utilization, schedules and the like from Genesys Cloud now."

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            synchronise(client=connect(timezone.now), now=timezone.now(), tell=self._tell)
        except IntegrationError as error:
            raise CommandError(f"not everything was read: {error}") from error
