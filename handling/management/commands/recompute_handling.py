"""Compute all handle time anew from the mirror. On right data it changes nothing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from handling import mirror, services


class Command(BaseCommand):
    help = "Compute handle time anew from the mirror and the utilization, agent by agent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--agent", metavar="ID", help="Only this Genesys user.")
        parser.add_argument("--dry-run", action="store_true", help="Say what it would write.")

    def handle(self, *, agent: str | None, dry_run: bool, **_: Any) -> None:
        user_ids = [agent] if agent else mirror.users_with_work()
        now = timezone.now()
        totals = services.Recomputed()
        for number, user_id in enumerate(user_ids, start=1):
            with transaction.atomic():
                done = services.rebuild(user_id=user_id, now=now)
                transaction.set_rollback(dry_run)
            totals = services.Recomputed(*map(sum, zip(totals, done, strict=True)))
            self.stdout.write(f"agent {number} of {len(user_ids)}: {user_id} {_told(done)}")
        self.stdout.write(f"{'would write' if dry_run else 'wrote'}: {_told(totals)}")


def _told(done: services.Recomputed) -> str:
    if not done.writes:
        return "nothing to change"
    return (
        f"{done.created} new, {done.updated} changed, {done.deleted} deleted rows, "
        f"{done.interruptions} interruptions, {done.days} days"
    )
