"""The reading that follows a time in which events may have been missed."""

from datetime import datetime

from integrations import watermarks
from integrations.errors import BudgetSpentError
from integrations.genesys.client import Client
from integrations.genesys.notifications import gaps
from integrations.genesys.notifications.gaps import RECONCILE
from integrations.genesys.poll import read_since
from integrations.genesys.reading import Read
from integrations.genesys.rereads import reread_known
from integrations.watermarks import Told, quiet


def reconcile(*, client: Client, now: datetime, tell: Told = quiet) -> Read:
    """Carry out what was ordered in the road's row; many orders are one reading, from the earliest.

    An order that comes meanwhile stays, for the next run. Raises as reconcile_since does.
    """
    since = gaps.ordered()
    if since is None:
        return Read()
    read = reconcile_since(client=client, since=since, now=now, tell=tell)
    gaps.done(since=since)
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
