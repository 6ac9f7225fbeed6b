"""A sign of life for somebody outside: told while escalations work, so silence is the alarm."""

import logging
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import requests  # noqa: TID251 - the type of a session
from django.conf import settings

from integrations import heartbeat, outbound
from integrations.errors import TemporaryError
from integrations.health import escalating
from integrations.outbound import ForbiddenAddressError
from integrations.states import State

logger = logging.getLogger(__name__)

SCAN: Final = "integrations.check_timers"
# The scan runs each second; a worker that is busy for longer than this tells nobody in time.
SCANNED_WITHIN: Final = timedelta(minutes=1)


def troubles(*, now: datetime) -> list[str]:
    """Return what keeps somebody from being told of a wait, in words; empty: all is well."""
    found = [one.name for one in escalating(now) if one.state is not State.OK]
    ran = heartbeat.runs([SCAN]).get(SCAN)
    scanned = ran is not None and not ran.error and now - ran.at <= SCANNED_WITHIN
    return found if scanned else [*found, "scan"]


def ping(*, now: datetime) -> bool:
    """Tell DCM_DEADMAN_URL that escalations work, if they do; return whether it was told."""
    if not settings.DEADMAN_URL:
        return False
    if found := troubles(now=now):
        logger.error("deadman.silent", extra={"reason": ", ".join(found)})
        return False
    try:
        reply = outbound.post(_session(), settings.DEADMAN_URL, b"", {})
    except (TemporaryError, ForbiddenAddressError) as error:
        logger.warning("deadman.not_told", extra={"reason": str(error)})
        return False
    if reply.status >= 400:  # noqa: PLR2004 - HTTP's
        logger.warning("deadman.not_told", extra={"reason": f"HTTP {reply.status}"})
    return reply.status < 400  # noqa: PLR2004 - HTTP's


@cache
def _session() -> requests.Session:
    """Return the connections of this process."""
    return outbound.session()
