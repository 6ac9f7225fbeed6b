"""Personal data that is past its days: taken out of the mirror and of the inbox, day by day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from conversations import erasure
from conversations.models import Conversation
from integrations import watermarks
from integrations.erasure import bodies
from integrations.models import Watermark
from integrations.outbox import retention

ROAD: Final = "retention.personal_data"


def strip_old(*, now: datetime) -> int:
    """Strip the conversations that ended more than PERSONAL_DATA_DAYS ago; return how many.

    Goes on from where the last run got to: what is recorded of an older conversation after that is
    stripped before it is written. With 0 days everything is kept. Raises RoadBusyError.
    """
    if not settings.PERSONAL_DATA_DAYS:
        # What is recorded from now on is not stripped: a later setting must begin anew.
        Watermark.objects.filter(road=ROAD).update(read_to=None)
        return 0
    cutoff = now - timedelta(days=settings.PERSONAL_DATA_DAYS)
    with watermarks.run(ROAD, clock=lambda: now) as run:
        done = 0
        for pks in _ended(run.read_to, cutoff):
            erasure.strip(pks)
            done += len(pks)
        emptied = bodies.strip_before(cutoff)
        retention.forget_said_before(cutoff)
        run.detail = f"{done} conversations and {emptied} events stripped"
        if run.read_to is None or cutoff > run.read_to:
            run.advance(cutoff)
    # More days than before: what is recorded now must be found when they are fewer again.
    Watermark.objects.filter(road=ROAD, read_to__gt=cutoff).update(read_to=cutoff)
    return done


def _ended(after: datetime | None, cutoff: datetime) -> Iterator[list[int]]:
    """Yield pks of conversations that ended between two instants, some at a time."""
    ended = Conversation.objects.filter(ended_at__lt=cutoff)
    if after is not None:
        ended = ended.filter(ended_at__gte=after)
    last = 0
    pks = ended.order_by("pk").values_list("pk", flat=True)
    while some := list(pks.filter(pk__gt=last)[: erasure.AT_ONCE]):
        last = some[-1]
        yield some
