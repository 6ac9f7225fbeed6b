"""What an administrator sees and may do with policies, opening hours and clocks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Change, Conversation
from sla.models import Calendar, Clock, Policy, Schedule
from sla.services import refresh

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def asked() -> Conversation:
    conversation = Conversation.objects.create(
        genesys_id="c1", started_at=AT, media_type="email", observed_at=AT
    )
    refresh(conversation_ids=[conversation.pk], now=AT)
    return conversation


def page(browser: Client, path: str) -> str:
    response = browser.get(f"/admin/sla/{path}")
    assert response.status_code == 200
    return response.content.decode()


def fields(**changed: Any) -> dict[str, Any]:
    """The form of a calendar, as the page sends it."""
    return {
        "name": "Office hours",
        "timezone": "Europe/Berlin",
        "hours": '{"mon": [["09:00", "17:00"]]}',
        "holidays": "[]",
        "overrides": "{}",
        "breaks": "{}",
    } | changed


def test_a_policy_says_in_words_what_it_does_and_gives_an_example(browser: Client) -> None:
    shown = page(browser, f"policy/{Policy.objects.get().pk}/change/")

    assert (
        "A customer gets an answer to each message within 4 h of business time. A warning comes "
        "after 3 h 30 min. Clocks wait while the agent wrote last."
    ) in shown
    assert "16:45: an answer to each message is due Mon " in shown
    assert "12:45 and the warning comes Mon " in shown


@pytest.mark.parametrize("table", ["policy", "calendar", "schedule", "clock"])
def test_every_table_has_its_list(browser: Client, asked: Conversation, table: str) -> None:
    Schedule.objects.create(genesys_id="s1", name="Open", starts="2026-01-05T09:00", ends="")

    assert "1 " in page(browser, f"{table}/")
    assert page(browser, f"{table}/?q=c1")


def test_a_clock_is_explained_and_cannot_be_edited(browser: Client, asked: Conversation) -> None:
    path = f"clock/{Clock.objects.get().pk}/change/"

    assert "2026-03-27T16:45:00.000Z started: the conversation began" in page(browser, path)
    assert browser.post(f"/admin/sla/{path}", {"state": "stopped"}).status_code == 403
    assert Clock.objects.get().state == "running"


def test_saving_opening_hours_has_open_conversations_computed_anew(
    browser: Client, asked: Conversation
) -> None:
    calendar = Calendar.objects.get()

    response = browser.post(f"/admin/sla/calendar/{calendar.pk}/change/", fields(), follow=True)

    assert "The clocks of 1 open conversations are being computed anew" in response.content.decode()
    assert Calendar.objects.get().timezone == "Europe/Berlin"
    assert [change.conversation_id for change in Change.objects.all()] == [asked.pk]


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"timezone": "Berlin"}, "timezone", "timezone: 'Berlin' is no time zone"),
        (
            {"hours": '{"mon": [["09:00", "25:00"]]}'},
            "hours",
            "hours.mon[0][1]: '25:00' is no time of day: write 00:00 to 24:00, as 09:00",
        ),
        ({"hours": "{}"}, "hours", "Nothing is ever open: write hours for some weekday."),
        ({"holidays": '["Xmas"]'}, "holidays", "holidays[0]: 'Xmas' is no date"),
        ({"overrides": '{"2026-12-24": 9}'}, "overrides", "overrides.2026-12-24: 9 is no list"),
        ({"breaks": '{"Monday": []}'}, "breaks", "breaks: 'Monday' is no date"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_at_their_field(
    browser: Client, changed: dict[str, str], field: str, message: str
) -> None:
    path = f"/admin/sla/calendar/{Calendar.objects.get().pk}/change/"
    response = browser.post(path, fields(**changed))

    errors = response.context["adminform"].form.errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(message)
    assert not Change.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"next_response_s": ""}, "__all__", "It promises nothing"),
        ({"warn_s": "14400"}, "warn_s", "It warns too late: write less than 14400."),
        ({"media_types": '"email"'}, "media_types", "Write a list of texts"),
        ({"queue_ids": "[7]"}, "queue_ids", "Write a list of texts"),
    ],
)
def test_a_policy_that_cannot_hold_is_refused(
    browser: Client, changed: dict[str, str], field: str, message: str
) -> None:
    policy = Policy.objects.get()
    form = {
        "name": policy.name,
        "position": "1",
        "calendar": str(policy.calendar_id),
        "media_types": "[]",
        "queue_ids": "[]",
        "next_response_s": "14400",
    }
    response = browser.post(f"/admin/sla/policy/{policy.pk}/change/", form | changed)

    assert response.context["adminform"].form.errors[field][0].startswith(message)


def test_a_new_policy_page_opens_and_saves(browser: Client) -> None:
    assert "Shown once it is saved." in page(browser, "policy/add/")
    form = {
        "name": "Chat",
        "position": "1",
        "calendar": str(Calendar.objects.get().pk),
        "media_types": '["chat"]',
        "queue_ids": "[]",
        "first_response_s": "60",
    }
    browser.post("/admin/sla/policy/add/", form)

    saved = Policy.objects.get(name="Chat")
    assert "a first response within 1 min" in page(browser, f"policy/{saved.pk}/change/")


def test_a_policy_whose_hours_are_unreadable_says_so(browser: Client) -> None:
    Calendar.objects.update(timezone="Berlin")

    shown = page(browser, f"policy/{Policy.objects.get().pk}/change/")
    assert "its clocks stand still: timezone: &#x27;Berlin&#x27; is no time zone" in shown
