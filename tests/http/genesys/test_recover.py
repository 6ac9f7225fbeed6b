"""After events may have been missed: many orders are one reading, and one in between stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.models import Conversation
from integrations.errors import BudgetSpentError, TemporaryError
from integrations.genesys.client import Client
from integrations.genesys.notifications import gaps
from integrations.genesys.notifications.gaps import RECONCILE
from integrations.genesys.recover import reconcile, reconcile_since
from integrations.models import Gap, Watermark

pytestmark = pytest.mark.django_db
QUERY = "/api/v2/analytics/conversations/details/query"


def _at(now: datetime, **before: float) -> str:
    at = now - timedelta(**before)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _order(since: datetime) -> None:
    Watermark.objects.update_or_create(road=RECONCILE, defaults={"ordered_from": since})


def _ordered() -> datetime | None:
    return Watermark.objects.get(road=RECONCILE).ordered_from


def _known(genesys_id: str, now: datetime) -> None:
    Conversation.objects.create(
        genesys_id=genesys_id,
        started_at=now - timedelta(days=60),
        observed_at=now - timedelta(days=1),
        content_hash=b"x" * 16,
    )


def test_it_reads_what_started_or_ended_since_and_every_open_one(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.add("new", _at(now, minutes=3))
    analytics.add("ended", _at(now, hours=3), _at(now, minutes=2))
    analytics.add("open", _at(now, days=60), _at(now, minutes=1))
    _known("open", now)

    reconcile_since(client=client, since=now - timedelta(minutes=5), now=now)

    ended = dict(Conversation.objects.values_list("genesys_id", "ended_at"))
    assert ended == {
        "new": None,
        "ended": now - timedelta(minutes=2),
        "open": now - timedelta(minutes=1),
    }


def test_without_an_order_nothing_is_asked(host: Any, client: Client, now: datetime) -> None:
    assert reconcile(client=client, now=now).requests == 0
    assert host.asked == []


def test_an_order_is_carried_out_once_and_one_that_comes_meanwhile_stays(
    analytics: Any, client: Client, now: datetime
) -> None:
    first, second = now - timedelta(minutes=5), now - timedelta(minutes=9)
    _order(first)

    def meanwhile(_: str) -> None:
        _order(second)

    assert reconcile(client=client, now=now, tell=meanwhile).requests == 2
    assert _ordered() == second
    reconcile(client=client, now=now)
    assert _ordered() is None
    assert not Gap.objects.exists()


def test_what_is_missed_while_an_earlier_order_is_carried_out_is_read_too(
    analytics: Any, client: Client, now: datetime
) -> None:
    """It asks for less than is being read, but that was read before it was missed."""
    gaps.order(since=now - timedelta(minutes=5), now=now, reason="first")

    def meanwhile(_: str) -> None:
        gaps.order(since=now - timedelta(minutes=1), now=now, reason="second")

    assert reconcile(client=client, now=now, tell=meanwhile).requests == 2
    assert _ordered() is not None
    assert reconcile(client=client, now=now).requests == 2
    assert _ordered() is None


def test_an_order_outlives_a_failure_and_a_spent_budget(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _order(now - timedelta(minutes=5))
    host.routes[QUERY] = lambda s: s.answer(500, {})
    with pytest.raises(TemporaryError):
        reconcile(client=client, now=now)
    assert _ordered() is not None

    _known("open", now)
    host.routes[QUERY] = analytics.query
    told = {"inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "60"}
    client.budget.note(told | {"inin-ratelimit-count": "245"})
    with pytest.raises(BudgetSpentError, match="1 open conversations"):
        reconcile(client=client, now=now)
    assert _ordered() is not None
    assert Watermark.objects.get(road=RECONCILE).failing_since is not None
