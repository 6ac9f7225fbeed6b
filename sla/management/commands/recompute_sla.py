"""Compute every SLA clock anew from the mirror and the policies."""

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from conversations.bulk import breathe
from conversations.models import Conversation
from sla.services import BATCH, Refreshed, refresh


class Command(BaseCommand):
    """manage.py recompute_sla."""

    help = "Compute every SLA clock anew. Clocks that stand right are not written."

    def handle(self, *args: Any, **options: Any) -> None:
        total, done, changed = Conversation.objects.count(), 0, Refreshed()
        pks = Conversation.objects.order_by("pk").values_list("pk", flat=True).iterator()
        while batch := list(islice(pks, BATCH)):
            changed += refresh(conversation_ids=batch, now=timezone.now())
            done += len(batch)
            self.stderr.write(f"{done:,} of {total:,} conversations")
            breathe()
        self.stdout.write(
            f"{done:,} conversations: {changed.written:,} clocks written, "
            f"{changed.deleted:,} deleted"
        )
