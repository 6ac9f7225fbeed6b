"""Compute every SLA clock anew from the mirror and the policies."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from conversations.bulk import breathe
from sla import recomputing
from sla.models import Recomputation
from sla.services import Refreshed


class Command(BaseCommand):
    """manage.py recompute_sla."""

    help = (
        "Compute every SLA clock anew. Clocks that stand right are not written. What is done is "
        "done: if this ends early, the workers go on with it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        row = recomputing.order(cause="manage.py recompute_sla", now=now, only_open=False)
        changed = Refreshed()
        while row.finished_at is None:
            done = recomputing.work_slice(pk=row.pk, now=timezone.now())
            changed += done.refreshed if done else Refreshed()
            row = Recomputation.objects.get(pk=row.pk)
            self.stderr.write(f"{row.done:,} of {row.total:,} conversations")
            time.sleep(0 if done else 0.5)
            breathe()
        self.stdout.write(
            f"{row.done:,} conversations: {changed.written:,} clocks written, "
            f"{changed.deleted:,} deleted"
        )
