"""Sources, keys and items in the admin, as an administrator uses them."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from integrations.inbox import sources
from integrations.models import GenesysEvent, InboxItem, Source, SourceKey
from tests.http.hooks.conftest import Sender

pytestmark = pytest.mark.django_db
LIST = reverse("admin:integrations_inboxitem_changelist")


def made_key(client: Client, source: Source) -> str:
    """Make a key by the page, and return what it shows."""
    url = reverse("admin:integrations_source_key", args=[source.pk])
    asked = client.get(url).content.decode()
    newest = re.search(r'name="newest" value="(\d*)"', asked)
    assert newest
    shown = client.post(url, {"newest": newest[1]})
    assert "no-store" in shown["Cache-Control"]
    found = re.search(r'id="key">([^<]+)<', shown.content.decode())
    assert found
    return found[1]


def posted(key: str) -> int:
    return (
        Client()
        .post("/hooks/genesys/", b"{}", "application/json", HTTP_AUTHORIZATION=f"Bearer {key}")
        .status_code
    )


@pytest.mark.parametrize("kind", ["genesys", "eventbridge"])
def test_a_missing_slash_is_no_redirect(kind: str, db: None) -> None:
    assert Client().post(f"/hooks/{kind}", b"{}", "application/json").status_code == 401


def test_a_new_source_goes_on_to_its_key_which_works(admin_client: Client) -> None:
    url = reverse("admin:integrations_source_add")
    given = {"name": "Flow", "kind": "genesys", "authentication": "bearer", "active": "on"}
    answer = admin_client.post(url, given)
    source = Source.objects.get()

    assert answer["Location"] == reverse("admin:integrations_source_key", args=[source.pk])
    assert posted(made_key(admin_client, source)) == 202
    told = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert told == ["Added.", "Made a new key."]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"kind": "sqs"}, "Select a valid choice"),
        ({"authentication": "none"}, "Select a valid choice"),
        ({"name": "a/b"}, "Leave out the slash"),
        ({"kind": "eventbridge", "authentication": "hmac"}, "EventBridge cannot sign"),
    ],
)
def test_what_cannot_work_is_refused(
    admin_client: Client, given: dict[str, str], complaint: str
) -> None:
    url = reverse("admin:integrations_source_add")
    right = {"name": "Flow", "kind": "genesys", "authentication": "bearer", "active": "on"}
    assert complaint in admin_client.post(url, right | given).content.decode()
    assert not Source.objects.exists()


def test_a_key_is_shown_once_and_never_again(admin_client: Client, genesys: Sender) -> None:
    key = made_key(admin_client, genesys.source)
    pages = [
        reverse("admin:integrations_source_change", args=[genesys.source.pk]),
        reverse("admin:integrations_source_key", args=[genesys.source.pk]),
        reverse("admin:integrations_source_history", args=[genesys.source.pk]),
        reverse("admin:integrations_source_changelist"),
        reverse("admin:index"),
    ]
    for page in pages:
        html = admin_client.get(page).content.decode()
        assert key not in html
        assert key[10:] not in html
        assert genesys.key not in html


def test_a_form_sent_twice_makes_one_key(admin_client: Client, genesys: Sender) -> None:
    url = reverse("admin:integrations_source_key", args=[genesys.source.pk])
    newest = {"newest": str(SourceKey.objects.get().pk)}
    assert admin_client.post(url, newest).status_code == 200
    assert admin_client.post(url, newest).status_code == 302
    assert SourceKey.objects.count() == 2


def test_a_rotated_key_stays_valid_and_a_revoked_one_does_not(
    admin_client: Client, genesys: Sender
) -> None:
    new = made_key(admin_client, genesys.source)
    assert (posted(genesys.key), posted(new)) == (202, 202)

    old = SourceKey.objects.order_by("pk")[0]
    url = reverse("admin:integrations_source_revoke", args=[genesys.source.pk, old.pk])
    assert posted(genesys.key) == 202  # looking at the question ends nothing
    assert admin_client.get(url).status_code == 200
    admin_client.post(url)
    assert (posted(genesys.key), posted(new)) == (401, 202)
    entry = LogEntry.objects.order_by("-pk")[0]
    assert entry.get_change_message() == f"Revoked the key that begins with {old.hint}."
    elsewhere = reverse("admin:integrations_source_revoke", args=[genesys.source.pk, 99])
    assert admin_client.get(elsewhere).status_code == 404


def test_switching_a_source_off_refuses_it_at_once(admin_client: Client, genesys: Sender) -> None:
    assert posted(genesys.key) == 202
    url = reverse("admin:integrations_source_change", args=[genesys.source.pk])
    inline = {"keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0"}
    assert admin_client.post(url, {"name": "Flow", **inline}).status_code == 302
    assert posted(genesys.key) == 401


def test_nobody_without_the_permission_makes_or_ends_keys(genesys: Sender) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_source"))
    client = Client()
    client.force_login(staff)
    key = SourceKey.objects.get()
    urls = [
        reverse("admin:integrations_source_key", args=[genesys.source.pk]),
        reverse("admin:integrations_source_revoke", args=[genesys.source.pk, key.pk]),
    ]
    for url in urls:
        assert client.get(url).status_code == 403
        assert client.post(url, {"newest": str(key.pk)}).status_code == 403
        assert Client().get(url).status_code == 302
    assert SourceKey.objects.count() == 1


@pytest.fixture
def quarantined(genesys: Sender) -> InboxItem:
    now = datetime.now(UTC)
    return InboxItem.objects.create(
        source=genesys.source,
        body=b'{"canary": "<script>alert(1)</script>\x00"}' + b"x" * 5_000,
        received_at=now,
        due_at=now - timedelta(days=1),
        state="quarantined",
        reason="topic is missing",
        attempts=5,
    )


def test_what_is_quarantined_is_found_and_replayed(
    admin_client: Client, quarantined: InboxItem
) -> None:
    page = admin_client.get(LIST, {"state__exact": "quarantined"}).content.decode()
    assert "topic is missing" in page
    chosen = {"action": "replay", "_selected_action": [quarantined.pk]}
    assert "will be worked through" in admin_client.post(LIST, chosen, follow=True).content.decode()
    quarantined.refresh_from_db()
    assert (quarantined.state, quarantined.attempts) == ("waiting", 0)
    assert LogEntry.objects.get().get_change_message() == "Replayed."
    assert "nothing to replay" in admin_client.post(LIST, chosen, follow=True).content.decode()


def test_a_body_is_shown_cut_and_to_those_only_who_may(
    admin_client: Client, quarantined: InboxItem
) -> None:
    url = reverse("admin:integrations_inboxitem_change", args=[quarantined.pk])
    page = admin_client.get(url).content.decode()
    assert "&lt;script&gt;" in page
    assert "5,0" in page
    assert "x" * 4_500 not in page

    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_inboxitem"))
    client = Client()
    client.force_login(staff)
    assert "canary" not in client.get(url).content.decode()
    assert "Replay" not in client.get(LIST).content.decode()


def test_items_and_events_cannot_be_changed(
    admin_client: Client, genesys: Sender, quarantined: InboxItem
) -> None:
    event = GenesysEvent.objects.create(
        topic="t", conversation_id="c-1", heard_at=quarantined.received_at, source=genesys.source
    )
    for name, row in (("inboxitem", quarantined), ("genesysevent", event)):
        url = reverse(f"admin:integrations_{name}_change", args=[row.pk])
        assert admin_client.get(url).status_code == 200
        assert admin_client.post(url, {"topic": "x"}).status_code == 403
    found = admin_client.get(reverse("admin:integrations_genesysevent_changelist"), {"q": "c-1"})
    assert "1 genesys event" in found.content.decode()


def test_secrets_are_encrypted_anew_by_a_command(settings: Any, signing: Sender) -> None:
    settings.SECRETS_KEYS = ["new"]
    out = StringIO()
    call_command("reseal", stdout=out)
    assert out.getvalue() == "1 secrets are encrypted with the first key\n"
    settings.SECRET_KEY = "gone"
    sources.KEYS.forget()
    assert sources.KEYS.of_source(signing.source.name, now=datetime.now(UTC))
