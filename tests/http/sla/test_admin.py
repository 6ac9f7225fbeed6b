"""What an administrator sees and may do with policies, opening hours and clocks."""

import pytest
from django.test import Client

from conversations.models import Conversation, Division, Queue, RoutingNote
from sla.models import Calendar, Clock, HoursRule, Policy, Recomputation, Schedule
from tests.http.sla.conftest import AT, CHOSEN, fields, page

pytestmark = pytest.mark.django_db


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

    shown = page(browser, path)
    assert "2026-03-27T16:45:00.000Z started: the conversation began" in shown
    assert "(0 s of business time" in shown
    assert '<div class="readonly">4 h</div>' in shown
    assert browser.post(f"/admin/sla/{path}", {"state": "stopped"}).status_code == 403
    assert Clock.objects.get().state == "running"


def test_saving_opening_hours_has_open_conversations_computed_anew(
    browser: Client, asked: Conversation
) -> None:
    calendar = Calendar.objects.get()

    response = browser.post(f"/admin/sla/calendar/{calendar.pk}/change/", fields(), follow=True)

    assert "The clocks of 1 open conversations are being computed anew" in response.content.decode()
    assert Calendar.objects.get().timezone == "Europe/Berlin"
    (ordered,) = Recomputation.objects.all()
    assert (ordered.cause, ordered.total) == ("calendar Office hours was saved", 1)


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
    assert not Recomputation.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"next_response_s": ""}, "__all__", "It promises nothing"),
        ({"warnings": "4 h"}, "warnings", "4 h comes too late: write less than 4 h."),
        ({"warnings": "soon"}, "warnings", "'soon' is no amount of time: write it as 4 h"),
        ({"next_response_s": "soon"}, "next_response_s", "'soon' is no amount of time: write it"),
        ({"queue_ids": ["q9"]}, "queue_ids", "Select a valid choice. q9 is not one"),
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
        "media_types": [],
        "next_response_s": "4 h",
        **CHOSEN,
    }
    response = browser.post(f"/admin/sla/policy/{policy.pk}/change/", form | changed)

    assert response.context["adminform"].form.errors[field][0].startswith(message)


def test_a_new_policy_page_opens_and_saves(browser: Client) -> None:
    assert "Shown once it is saved." in page(browser, "policy/add/")
    form = {
        "name": "Chat",
        "position": "1",
        "calendar": str(Calendar.objects.get().pk),
        "media_types": "chat",
        "first_response_s": "1 min",
        **CHOSEN,
    }
    browser.post("/admin/sla/policy/add/", form)

    saved = Policy.objects.get(name="Chat")
    assert "a first response within 1 min" in page(browser, f"policy/{saved.pk}/change/")


def test_a_policy_whose_hours_are_unreadable_says_so(browser: Client) -> None:
    Calendar.objects.update(timezone="Berlin")

    shown = page(browser, f"policy/{Policy.objects.get().pk}/change/")
    assert "its clocks stand still: timezone: &#x27;Berlin&#x27; is no time zone" in shown


def test_a_policy_is_written_as_people_write_and_ids_have_names(browser: Client) -> None:
    Queue.objects.create(genesys_id="q1", name="Service")
    Division.objects.create(genesys_id="d1", name="Claims")
    policy = Policy.objects.get()
    Policy.objects.update(division_ids=["gone"])

    shown = page(browser, f"policy/{policy.pk}/change/")
    assert 'value="4 h"' in shown
    assert 'value="3 h 30 min"' in shown
    assert "Service (q1)" in shown
    assert "Claims (d1)" in shown
    assert "unknown (gone)" in shown
    form = {
        "name": policy.name,
        "active": "on",
        "position": "1",
        "calendar": str(policy.calendar_id),
        "media_types": ["email", "message"],
        "queue_ids": ["q1"],
        "division_ids": ["gone", "d1"],
        "least_priority": "5",
        "next_response_s": "1 h 30 min",
        "warnings": "80 %, 1 h",
        **CHOSEN,
    }
    browser.post(f"/admin/sla/policy/{policy.pk}/change/", form)

    policy.refresh_from_db()
    assert (policy.media_types, policy.queue_ids) == (["email", "message"], ["q1"])
    assert (sorted(policy.division_ids), policy.least_priority) == (["d1", "gone"], 5)
    assert (policy.next_response_s, policy.warnings) == (5400, ["80 %", "1 h"])
    assert list(policy.versions.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_what_is_odd_about_a_policy_is_said_when_it_is_saved(browser: Client) -> None:
    form = {"name": "Late", "active": "on", "position": "200", "media_types": "email", **CHOSEN}
    more = {"first_response_s": "1 h", "next_response_s": "4 h", "warnings": "2 h"}

    response = browser.post("/admin/sla/policy/add/", form | more, follow=True)

    said = [str(message) for message in response.context["messages"]]
    assert said[:4] == [
        (
            "Late: It never applies: Answer within 4 hours is asked before it and covers all "
            "that it covers."
        ),
        (
            "Late: It never applies: it has no calendar, and no queue's opening hours are written. "
            "Write some, or choose a calendar."
        ),
        (
            "Late: A customer's first message is told of twice: by the first response and by the "
            "next response, each with its own clock and alert. Write one of them where that is too "
            "much."
        ),
        "Late: 2 h warns of no first response: its target is 1 h.",
    ]
    assert "It never applies" in page(browser, "policy/")


def test_a_policy_by_queues_hours_gives_an_example_for_each_of_them(browser: Client) -> None:
    HoursRule.objects.create(calendar=Calendar.objects.get(), name_contains="mail")
    Policy.objects.update(calendar=None)

    shown = page(browser, f"policy/{Policy.objects.get().pk}/change/")

    assert "Office hours: A customer writes Fri" in shown
    assert "a last rule without conditions would cover every queue" in shown


def test_a_policy_round_the_clock_says_so(browser: Client) -> None:
    Policy.objects.update(calendar=None, time_unit="wall", next_response_s=48 * 3600)

    shown = page(browser, f"policy/{Policy.objects.get().pk}/change/")

    assert "an answer to each message within 48 h by the clock on the wall." in shown
    assert "16:45: an answer to each message is due Sun" in shown


def test_a_policys_page_shows_how_far_clocks_are_computed_anew(
    browser: Client, asked: Conversation
) -> None:
    path = f"policy/{Policy.objects.get().pk}/change/"
    assert "All of them are computed by what is written here." in page(browser, path)

    Recomputation.objects.create(cause="a test", ordered_at=AT, done=300, total=1200)

    assert "Being computed anew (a test): 300 of 1,200 conversations." in page(browser, path)


def test_media_are_ticked_and_what_nobody_asked_for_is_to_mind(
    browser: Client, asked: Conversation
) -> None:
    Conversation.objects.filter(pk=asked.pk).update(skill_ids=["s1"], message_type="WhatsApp")
    RoutingNote.objects.create(conversation_id="c1", label="VIP", at=AT)
    shown = page(browser, "policy/add/")
    assert '<input type="checkbox" name="media_types" value="email"' in shown
    assert "First response:" in shown
    form = {
        "name": "Odd",
        "active": "on",
        "position": "1",
        "calendar": str(Calendar.objects.get().pk),
        "first_response_s": "1 h",
        "message_types": "whatsapp, pigeon",
        "skill_ids": "s1, no-such-skill",
        "language_ids": "l1",
        "labels": "vip, vop",
        **CHOSEN,
    }
    browser.post("/admin/sla/policy/add/", form)
    policy = Policy.objects.get(name="Odd")
    Policy.objects.filter(pk=policy.pk).update(media_types=["mail", "email"])
    shown = page(browser, f"policy/{policy.pk}/change/").replace("&#x27;", "'")
    last = "None of the last 5,000 conversations had the"
    for said in (
        "There is no medium 'mail': choose",
        f"{last} kind of message 'pigeon':",
        f"{last} skill 'no-such-skill':",
        f"{last} language 'l1':",
        f"{last} label 'vop':",
        "unknown (mail)",
    ):
        assert said in shown
