"""Alerts for the tests of the escalations page, and how that page is read and used."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from sla.models import Alert
from tests import factories

MINUTE = timedelta(minutes=1)
URL = "/escalations/"


def escalated(moment: datetime, minutes: float = 10, **values: Any) -> Alert:
    """Make an alert of a customer who has waited so long beyond four hours."""
    since = moment - timedelta(hours=4) - minutes * MINUTE
    of = factories.conversation(
        started_at=since, **{k: values.pop(k) for k in ("queue_id", "user_id") if k in values}
    )
    more = {"policy": values.pop("policy")} if "policy" in values else {}
    return factories.alert(
        factories.clock(of, since=since, **more),
        **{"opened_at": moment - minutes * MINUTE, **values},
    )


def seen(client: Client, **query: str) -> str:
    response = client.get(URL, query)
    assert response.status_code == 200
    return response.content.decode()


def plain(page: str) -> str:
    """Return a page's text on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def rows(page: str) -> list[str]:
    return re.findall(r'id="conversation-(\d+)"', page)


def tiles(page: str) -> list[str]:
    return re.findall(r'data-count="([^"]+)"', page)


def act(client: Client, do: str, *alerts: Alert, **more: str) -> str:
    """Press a button; return what the page says then."""
    form = {"do": do, "alert": [str(alert.pk) for alert in alerts], "next": URL, **more}
    response = client.post(f"{URL}act/", form, follow=True)
    assert response.status_code == 200
    found = re.search(r'class="messages">\s*<li>(.*?)</li>', response.content.decode(), re.DOTALL)
    return found.group(1) if found else ""


def now(alert: Alert) -> Alert:
    return Alert.objects.get(pk=alert.pk)
