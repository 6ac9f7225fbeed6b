"""Setting up Slack, Teams and mail in the admin, as somebody does who reads the form only."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Acknowledgement, Delivery, Destination
from integrations.outbox import secrets
from simulator.receivers import teams, workspace
from simulator.receivers.server import Served
from simulator.receivers.workspace import Channel, look
from tests.http.chat.conftest import an_event, relayed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def added(admin: Client, kind: str, **filled: Any) -> Destination:
    """Fill in a form and save it."""
    url = reverse("admin:integrations_destination_add") + f"?kind={kind}"
    told = {"name": kind, "mode": "shadow", "topics": ["hold.ended"], **filled}
    response = admin.post(url, told)
    assert response.status_code == 302, response.content.decode()
    return Destination.objects.get()


def tried_out(admin: Client, row: Destination) -> str:
    url = reverse("admin:integrations_destination_test", args=[row.pk])
    return admin.post(url, {"topic": "hold.ended"}).content.decode()


def test_a_webhook_of_slack(admin: Client, served: Served, channel: Channel) -> None:
    secret = f"{served.url}/slack/services/{workspace.HOOK}"
    row = added(admin, "slack_webhook", url=secret)
    assert row.config == {}
    assert secrets.of(row) == {"url": secret}
    assert "It got through: HTTP 200" in tried_out(admin, row)
    assert "Ada Example ended the hold" in look(channel.messages[0])
    page = admin.get(reverse("admin:integrations_destination_change", args=[row.pk]))
    assert workspace.HOOK not in page.content.decode()
    assert "it may arrive twice" in page.content.decode()


def test_an_app_of_slack(admin: Client, served: Served, channel: Channel) -> None:
    blank = admin.get(reverse("admin:integrations_destination_add") + "?kind=slack")
    assert 'value="https://slack.com/api/"' in blank.content.decode()
    filled = {"channel": workspace.CHANNEL, "api_url": f"{served.url}/slack/api/"}
    hidden = {"token": workspace.TOKEN, "signing_secret": workspace.SIGNING_SECRET}
    row = added(admin, "slack", **filled, **hidden)
    assert (row.config, secrets.of(row)) == (filled, hidden)
    shown = tried_out(admin, row)
    assert "It got through: HTTP 200" in shown
    assert "xoxb" not in shown
    assert "[Acknowledge]" in look(channel.messages[0])


def test_a_workflow_of_teams(admin: Client, served: Served) -> None:
    row = added(admin, "teams", url=served.url + teams.PATH)
    assert "It got through: HTTP 202" in tried_out(admin, row)
    assert len(served.receivers.part(teams.Flows).known["alerts"].cards) == 1


def test_mail(admin: Client, settings: Any, mailoutbox: list[Any]) -> None:
    settings.EMAIL_READY, settings.DEFAULT_FROM_EMAIL = True, "dcm@example.org"
    row = added(admin, "email", recipients="ada@example.org\nbob@example.org")
    assert row.config == {"recipients": "ada@example.org, bob@example.org"}
    shown = tried_out(admin, row)
    assert "It got through" in shown
    assert "Subject: [DCM] Test from DCM: Ada Example ended the hold" in shown
    (mail,) = mailoutbox
    assert mail.to == ["ada@example.org", "bob@example.org"]


def test_the_form_says_that_no_mail_server_is_configured(admin: Client, settings: Any) -> None:
    url = reverse("admin:integrations_destination_add") + "?kind=email"
    told = "No mail server is configured: whoever runs DCM sets EMAIL_URL"
    settings.EMAIL_READY, settings.DEFAULT_FROM_EMAIL = False, ""
    assert told in admin.get(url).content.decode()
    settings.EMAIL_READY = True
    assert (
        "No sender is configured: whoever runs DCM sets DCM_EMAIL"
        in admin.get(url).content.decode()
    )
    settings.DEFAULT_FROM_EMAIL = "dcm@example.org"
    assert "is configured:" not in admin.get(url).content.decode()


def test_all_ways_are_offered(admin: Client) -> None:
    page = admin.get(reverse("admin:integrations_destination_add")).content.decode()
    for kind in ("slack", "slack_webhook", "teams", "email"):
        assert f"?kind={kind}" in page


def test_who_acknowledged_is_shown(admin: Client, bot: Destination, now: Any) -> None:
    an_event(now)
    relayed()
    row = Delivery.objects.get()
    Acknowledgement.objects.create(
        delivery=row, user_id="U0ADA", user_name="ada.example", at=timezone.now()
    )
    page = admin.get(reverse("admin:integrations_acknowledgement_changelist"))
    assert "ada.example" in page.content.decode()
