"""Closing and opening a calendar now, and the strip that shows what that means."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from sla import emergencies
from sla.models import Calendar, Clock, Override
from sla.services import refresh
from sla.strip import lines
from tests import factories

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def calendar() -> Calendar:
    return factories.calendar("Berlin", timezone="Europe/Berlin")


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


def told(calendar: Calendar, *, opens: bool = False, hours: int | None = None) -> Override:
    ends_at = AT + hours * HOUR if hours else None
    return Override(calendar=calendar, opens=opens, ends_at=ends_at, reason="burst pipe")


def spans() -> list[tuple[bool, datetime, datetime | None]]:
    return list(Override.objects.order_by("pk").values_list("opens", "starts_at", "ends_at"))


def test_an_emergency_holds_until_it_is_ended(calendar: Calendar) -> None:
    first = emergencies.declare(emergency=told(calendar), now=AT)
    assert emergencies.declare(emergency=told(calendar), now=AT + HOUR).pk == first.pk
    assert spans() == [(False, AT, None)]

    assert emergencies.end(calendar_id=calendar.pk, now=AT + 2 * HOUR) == 1
    assert emergencies.end(calendar_id=calendar.pk, now=AT + 2 * HOUR) == 0
    assert spans() == [(False, AT, AT + 2 * HOUR)]


def test_another_emergency_ends_the_one_before(calendar: Calendar) -> None:
    emergencies.declare(emergency=told(calendar), now=AT)
    emergencies.declare(emergency=told(calendar, opens=True, hours=3), now=AT + HOUR)

    assert spans() == [(False, AT, AT + HOUR), (True, AT + HOUR, AT + 3 * HOUR)]
    held = emergencies.in_force(calendar_id=calendar.pk, now=AT + 2 * HOUR)
    assert [one.opens for one in held] == [True]
    assert not emergencies.in_force(calendar_id=calendar.pk, now=AT + 3 * HOUR).exists()


def test_what_is_ended_in_the_instant_in_which_it_began_never_was(calendar: Calendar) -> None:
    emergencies.declare(emergency=told(calendar), now=AT)
    assert emergencies.end(calendar_id=calendar.pk, now=AT) == 1
    assert spans() == []


def test_an_emergency_that_is_over_before_it_begins_is_refused(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="ends later than now"):
        emergencies.declare(emergency=told(calendar, hours=1), now=AT + HOUR)
    assert spans() == []


def post(browser: Client, calendar: Calendar, **form: str) -> str:
    path = f"/admin/sla/calendar/{calendar.pk}/emergency/"
    return browser.post(path, form, follow=True).content.decode()


def test_a_calendar_is_closed_on_its_page_and_its_own_hours_hold_again(
    browser: Client, calendar: Calendar
) -> None:
    said = post(browser, calendar, do="close", reason="burst <pipe>")
    assert "Berlin is closed now. It is kept by 0 open clocks, which are being" in said
    assert "until somebody ends it" in said
    assert "burst &lt;pipe&gt;" in said
    made = Override.objects.get()
    assert (made.opens, made.ends_at, made.made_by) == (False, None, User.objects.get())
    listed = browser.get("/admin/sla/override/").content.decode()
    assert "1 emergency" in listed

    assert "Berlin keeps its own hours again." in post(browser, calendar, do="end")
    assert "Berlin keeps its own hours already." in post(browser, calendar, do="end")


def test_until_is_local_to_the_calendar(browser: Client, calendar: Calendar) -> None:
    post(browser, calendar, do="open", until="2099-07-01T17:30")
    assert Override.objects.get().ends_at == datetime(2099, 7, 1, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "wrong"),
    [("2020-01-01T00:00", "That is over already"), ("tomorrow", "Write it as 2026-11-20T17:30.")],
)
def test_an_end_that_cannot_be_is_refused_at_its_field(
    browser: Client, calendar: Calendar, until: str, wrong: str
) -> None:
    assert wrong in post(browser, calendar, do="close", until=until)
    assert not Override.objects.exists()


def test_only_who_may_change_calendars_declares(client: Client, calendar: Calendar) -> None:
    watcher = factories.user("watcher", is_staff=True)
    watcher.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(watcher)

    path = f"/admin/sla/calendar/{calendar.pk}/emergency/"
    assert client.post(path, {"do": "close"}).status_code == 403
    assert not Override.objects.exists()
    assert client.get(f"/admin/sla/calendar/{calendar.pk}/change/").status_code == 200


def test_a_calendar_shows_its_next_days(browser: Client) -> None:
    today = timezone.now().date()
    holiday = (today + timedelta(days=3)).isoformat()
    shown = factories.calendar("Office", holidays=[holiday])
    page = browser.get(f"/admin/sla/calendar/{shown.pk}/change/").content.decode()

    assert page.count('<tr class="dcm-open">') == 13
    assert "<td>00:00\N{EN DASH}24:00</td><td>24 h</td><td></td>" in page
    assert "<td>closed</td><td>0 h</td><td>holiday</td>" in page
    Calendar.objects.filter(pk=shown.pk).update(timezone="Berlin")
    page = browser.get(f"/admin/sla/calendar/{shown.pk}/change/").content.decode()
    assert "the clocks that keep them stand still: timezone: &#x27;Berlin&#x27;" in page
    assert browser.get("/admin/sla/calendar/add/").status_code == 200


@pytest.mark.parametrize("table", ["alert", "alertentry", "notice", "override"])
def test_alerts_and_what_was_told_are_shown_and_not_edited(browser: Client, table: str) -> None:
    of = factories.conversation()
    alert = factories.alert(factories.clock(of, since=AT), opened_at=AT)
    factories.notice(alert, at=AT)
    alert.entries.create(at=AT, actor="Ada", action="acknowledged")

    assert browser.get(f"/admin/sla/{table}/", {"q": of.genesys_id}).status_code == 200
    assert browser.get(f"/admin/sla/{table}/add/").status_code == 403
    page = browser.get(f"/admin/sla/alert/{alert.pk}/change/").content.decode()
    assert "Ada" in page
    assert 'name="_save"' not in page


def test_clocks_of_a_closed_calendar_stand_still_and_its_strip_says_why(
    browser: Client, calendar: Calendar
) -> None:
    factories.policy("Berlin", calendar=calendar, position=1, next_response_s=7_200)
    of = factories.conversation(started_at=AT)
    shut = Override(calendar=calendar, ends_at=AT + 3 * HOUR, reason="burst pipe")
    refresh(conversation_ids=[of.pk], now=AT)
    assert Clock.objects.get(kind="next_response").due_at == AT + 2 * HOUR

    emergencies.declare(emergency=shut, now=AT + HOUR)
    refresh(conversation_ids=[of.pk], now=AT + HOUR)
    assert Clock.objects.get(kind="next_response").due_at == AT + 4 * HOUR
    [day] = lines(calendar, AT.date(), 1)
    assert (day.open, day.total) == (
        "00:00\N{EN DASH}14:00, 16:00\N{EN DASH}24:00",
        "22 h",
    )
    assert day.why == "emergency: closed, burst pipe"

    emergencies.end(calendar_id=calendar.pk, now=AT + 2 * HOUR)
    refresh(conversation_ids=[of.pk], now=AT + 2 * HOUR)
    assert Clock.objects.get(kind="next_response").due_at == AT + 3 * HOUR
