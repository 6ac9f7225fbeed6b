"""Who is on call and who supervises what, as an administrator writes it."""

import html
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from conversations.models import Division
from sla.models import Rota, StandIn, Supervision
from tests import factories

pytestmark = pytest.mark.django_db
DAY = {"weekdays": ["mon", "tue"], "starts": "08:00", "ends": "20:00"}
BOTH = "then the people of both are told."
WEEK_OFF = {
    "starts_at_0": "2026-07-06",
    "starts_at_1": "08:00",
    "ends_at_0": "2026-07-10",
    "ends_at_1": "18:00",
}


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", "boss@example.com")


@pytest.fixture
def browser(client: Client, boss: User) -> Client:
    client.force_login(boss)
    return client


def a_form(
    boss: User, shifts: tuple[dict[str, Any], ...], stand_ins: tuple[dict[str, Any], ...], zone: str
) -> dict[str, Any]:
    """The form of a rota, as the page sends it."""
    told: dict[str, Any] = {"name": "Service", "timezone": zone}
    for prefix, rows in (("shifts", shifts), ("stand_ins", stand_ins)):
        told |= {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
        for number, row in enumerate(rows):
            values = {"people": [str(boss.pk)], **row}
            told |= {f"{prefix}-{number}-{name}": value for name, value in values.items()}
    return told


def posted(browser: Client, *shifts: dict[str, Any], **more: Any) -> Any:
    boss = User.objects.get()
    stand_ins, zone = more.get("stand_ins", ()), more.get("zone", "Europe/Berlin")
    form = a_form(boss, shifts, stand_ins, zone)
    return browser.post("/admin/sla/rota/add/", form)


def said(answer: Any) -> list[str]:
    """What is said of a rota that was saved, less that it was."""
    assert answer.status_code == 302, answer.content.decode()
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    return [one for one in told if "was added successfully" not in one]


def test_weekdays_of_a_shift_are_ticked(browser: Client) -> None:
    assert said(posted(browser, DAY)) == []
    shift = Rota.objects.get().shifts.get()
    assert (shift.weekdays, str(shift)) == (["mon", "tue"], "mon, tue 08:00 to 20:00")
    page = browser.get(f"/admin/sla/rota/{shift.rota_id}/change/").content.decode()
    assert 'name="shifts-0-weekdays" value="mon"' in page
    assert "vTimeField" not in page

    wrong = posted(browser, {**DAY, "weekdays": ["monday"]})
    assert "monday is not one of the available choices" in wrong.content.decode()


def test_a_zone_that_is_none_is_refused(browser: Client) -> None:
    assert "is no time zone" in posted(browser, DAY, zone="Moon/Base").content.decode()
    assert not Rota.objects.exists()


@pytest.mark.parametrize(
    ("shifts", "odd"),
    [
        ((), ["It has no shift: nobody is on call, unless somebody stands in."]),
        ((DAY, {**DAY, "starts": "20:00", "ends": "08:00"}), []),
        (
            (DAY, {**DAY, "weekdays": ["tue"], "starts": "18:00", "ends": "22:00"}),
            ["mon, tue 08:00 to 20:00 and tue 18:00 to 22:00 overlap: " + BOTH],
        ),
        (  # a night of Sunday lasts into the next week's Monday
            (DAY, {**DAY, "weekdays": ["sun"], "starts": "22:00", "ends": "08:01"}),
            ["mon, tue 08:00 to 20:00 and sun 22:00 to 08:01 overlap: " + BOTH],
        ),
        (
            (DAY, {"weekdays": [], "starts": "07:00", "ends": "09:00"}),
            ["mon, tue 08:00 to 20:00 and every day 07:00 to 09:00 overlap: " + BOTH],
        ),
    ],
)
def test_what_is_odd_about_a_rota_is_said_when_it_is_saved(
    browser: Client, shifts: tuple[dict[str, Any], ...], odd: list[str]
) -> None:
    assert said(posted(browser, *shifts)) == odd


def test_who_stands_in_does_so_by_the_rotas_clock(browser: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Australia/Brisbane"
    said(posted(browser, DAY, stand_ins=(WEEK_OFF,)))
    row = StandIn.objects.get()
    assert (row.starts_at, row.ends_at) == (
        datetime(2026, 7, 6, 6, tzinfo=UTC),
        datetime(2026, 7, 10, 16, tzinfo=UTC),
    )
    assert str(row) == "2026-07-06 08:00 to 2026-07-10 18:00 CEST"
    page = browser.get(f"/admin/sla/rota/{row.rota_id}/change/").content.decode()
    for shown in ("2026-07-06", "08:00", "2026-07-10", "18:00"):
        assert f'value="{shown}"' in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ends_at_0": "2026-07-05"}, "Write an end that is after the start."),
        ({"ends_at_0": "2026-07-06", "ends_at_1": "08:00"}, "Write an end that is after the start"),
        ({"starts_at_0": "2026-03-29", "starts_at_1": "02:30"}, "be interpreted in time zone"),
    ],
)
def test_a_stand_in_that_cannot_be_is_refused(
    browser: Client, changed: dict[str, str], said: str
) -> None:
    page = posted(browser, DAY, stand_ins=({**WEEK_OFF, **changed},)).content.decode()
    assert said in html.unescape(page)
    assert not Rota.objects.exists()


def test_queues_of_a_supervision_are_chosen_by_name(browser: Client, boss: User) -> None:
    factories.queue("Claims E-Mail", genesys_id="q1")
    Division.objects.create(genesys_id="d1", name="Claims")
    form = {"name": "Team", "people": [str(boss.pk)]}
    page = browser.get("/admin/sla/supervision/add/").content.decode()
    assert "Claims E-Mail (q1)" in page
    assert "Claims (d1)" in page

    wrong = browser.post("/admin/sla/supervision/add/", {**form, "queue_ids": ["nonsense"]})
    assert "nonsense is not one of the available choices" in wrong.content.decode()
    browser.post("/admin/sla/supervision/add/", {**form, "queue_ids": ["q1"]})
    row = Supervision.objects.get()
    assert (row.queue_ids, row.division_ids) == (["q1"], [])

    Supervision.objects.update(queue_ids=["gone"])
    shown = browser.get(f"/admin/sla/supervision/{row.pk}/change/").content.decode()
    assert "unknown (gone)" in shown
