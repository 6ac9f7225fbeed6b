"""The reading that follows a time in which events may have been missed."""

from datetime import datetime
from typing import Final

from integrations import watermarks
from integrations.errors import BudgetSpentError
from integrations.genesys.client import Client
from integrations.genesys.poll import read_since
from integrations.genesys.reading import Read
from integrations.genesys.rereads import reread_known
from integrations.models import Watermark
from integrations.watermarks import Told, quiet

RECONCILE: Final = "genesys.reconcile"


def reconcile(*, client: Client, now: datetime, tell: Told = quiet) -> Read:
    """Carry out what was ordered in the road's row; many orders are one reading, from the earliest.

    An order that comes meanwhile stays, for the next run. Raises as reconcile_since does.
    """
    ordered = _ordered()
    if ordered is None:
        return Read()
    read = reconcile_since(client=client, since=ordered, now=now, tell=tell)
    Watermark.objects.filter(road=RECONCILE, ordered_from=ordered).update(ordered_from=None)
    return read


def reconcile_since(*, client: Client, since: datetime, now: datetime, tell: Told = quiet) -> Read:
    """Read what started or ended since an instant, and every conversation that is open.

    Raises RoadBusyError while another run is going on, TemporaryError, PermanentError.
    """
    with watermarks.run(RECONCILE, clock=client.clock) as run:
        read = read_since(run, client, since=since, now=now, tell=tell)
        known, left = reread_known(run, client, now=now)
        read += known
        if left:
            told = f"not all read: {left} open conversations are left to the next run"
            raise BudgetSpentError(told)
        run.detail = f"since {since:%Y-%m-%d %H:%M:%S} UTC: {read}"
    return read


def _ordered() -> datetime | None:
    rows = Watermark.objects.filter(road=RECONCILE)
    return rows.values_list("ordered_from", flat=True).first()
