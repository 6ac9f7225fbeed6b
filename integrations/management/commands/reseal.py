"""Encrypt stored secrets with the first key of DCM_SECRETS_KEY."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.inbox import sources
from integrations.outbox import secrets
from integrations.seal import SealBrokenError


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret anew with the first key of DCM_SECRETS_KEY. To change that"
        " key, put the new one before the old one, restart, run this, and take the old one out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = sources.reseal() + secrets.reseal()
        except SealBrokenError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} secrets are encrypted with the first key")
