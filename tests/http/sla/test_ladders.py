"""What an administrator does with ladders: written as people write, tried, and its plan seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from integrations.models import Destination
from sla.models import Ladder, Recomputation, Rota, Rung
from sla.services import refresh
from tests import factories
from tests.receiving import Receiving, receiving

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com"))
    return client


@pytest.fixture
def hook() -> Destination:
    return Destination.objects.create(
        name="Hook", kind="webhook", mode="live", created_at=AT, config={"url": "http://x.test/"}
    )


def a_form(*rungs: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The form of a ladder, as the page sends it."""
    told = {
        "name": "Ladder",
        "acknowledged_for_s": "1 h",
        "quiet_from": "",
        "quiet_until": "",
        "quiet_timezone": "",
        "rungs-TOTAL_FORMS": str(len(rungs)),
        "rungs-INITIAL_FORMS": "0",
        **changed,
    }
    usual = {
        "position": "10",
        "offset": "",
        "offset_unit": "business",
        "destination_id": "",
        "audience": "destination",
        "repeat_times": "0",
    }
    for number, rung in enumerate(rungs):
        told |= {f"rungs-{number}-{name}": value for name, value in (usual | rung).items()}
    return told


def saved(browser: Client, *rungs: dict[str, Any], **changed: Any) -> list[str]:
    """Save a ladder; return what is said of it."""
    answer = browser.post("/admin/sla/ladder/add/", a_form(*rungs, **changed))
    assert answer.status_code == 302, answer.content.decode()
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_a_ladder_is_written_as_people_write_and_has_what_waits_planned_anew(
    browser: Client, hook: Destination
) -> None:
    factories.conversation()
    saved(
        browser,
        {"offset": "-30 min", "kinds": ["next_response"], "destination_id": str(hook.pk)},
        {
            "position": "20",
            "offset": "1 h 30 min",
            "offset_unit": "wall",
            "audience": "administrators",
            "repeat_every": "15 min",
            "repeat_times": "3",
            "template": "{agent} has {conversation}",
        },
    )
    first, second = Rung.objects.order_by("position")
    assert (first.offset_s, first.kinds, first.destination_id, first.repeat_every_s) == (
        *(-1800, ["next_response"], hook.pk, None),
    )
    assert (second.offset_s, second.offset_unit, second.destination_id) == (5400, "wall", None)
    assert (second.repeat_every_s, second.repeat_times) == (900, 3)
    assert not Recomputation.objects.exists()  # no policy uses it yet

    page = browser.get(f"/admin/sla/ladder/{first.ladder_id}/change/").content.decode()
    for shown in ('value="-30 min"', 'value="1 h 30 min"', 'value="15 min"', "Hook (Webhook)"):
        assert shown in page


@pytest.mark.parametrize(
    ("rung", "said"),
    [
        ({"offset": "soon"}, "is no amount of time"),
        ({"offset": "2 days"}, "names days"),
        ({"template": "{customer}"}, "There is no placeholder {customer}"),
        ({"template": "{agent.name}"}, "There is no placeholder {agent.name}"),
        ({"template": "{agent"}, "There is no placeholder {"),
        ({"audience": "rota"}, "Choose the rota"),
        ({"repeat_times": "3"}, "Write how often, and every how long"),
        ({"destination_id": "99"}, "Select a valid choice"),
        ({"repeat_times": "3", "repeat_every": "1 s"}, "1 s is too soon: write 5 min or more."),
        ({"repeat_times": "101", "repeat_every": "5 min"}, "less than or equal to 100"),
    ],
)
def test_what_cannot_be_is_refused(browser: Client, rung: dict[str, Any], said: str) -> None:
    page = browser.post("/admin/sla/ladder/add/", a_form(rung)).content.decode()
    assert said in page
    assert not Ladder.objects.exists()


def test_what_is_odd_about_a_ladder_is_told_when_it_is_saved(
    browser: Client, hook: Destination
) -> None:
    Destination.objects.update(mode="shadow")
    rota = Rota.objects.create(name="Service", timezone="Europe/Berlin")
    told = saved(
        browser,
        {"destination_id": str(hook.pk)},
        {"position": "20", "audience": "rota", "rota": str(rota.pk)},
        {"position": "30", "audience": "supervisors"},
    )
    instead = "so the administrators are told instead"
    for said in (
        "No active policy has this ladder: choose it in the policies that it is for.",
        (
            "on the target: whoever reads the destination: nothing arrives by Hook (Webhook): it "
            "is in shadow mode, so nothing is sent"
        ),
        f"on the target: whoever is on call: its rota has no shift with anybody in it, {instead}",
        f"on the target: the queue's supervisors: nobody supervises any queue, {instead}",
    ):
        assert said in told


def test_a_rung_before_every_wait_is_told_to_be_never_reached(browser: Client) -> None:
    ladder = factories.ladder()
    factories.policy(next_response_s=3_600, ladder=ladder)
    told = a_form({"offset": "-2 h"}, name=ladder.name)
    answer = browser.post(f"/admin/sla/ladder/{ladder.pk}/change/", told)
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    never = "it lies before the wait, since the longest target is 1 h"
    assert f"2 h before: whoever reads the destination: it is never reached: {never}" in said


def test_the_plan_of_a_conversation_is_shown_with_reasons(
    browser: Client, hook: Destination
) -> None:
    ladder = factories.ladder()
    factories.rung(ladder, 1800, destination_id=hook.pk)
    factories.rung(ladder, 3600, audience="rota", rota=None)
    factories.policy(next_response_s=14_400, warnings=["3 h 30 min"], position=1, ladder=ladder)
    begun = timezone.now().replace(microsecond=0)
    made = factories.conversation(genesys_id="c1", started_at=begun)
    refresh(conversation_ids=[made.pk], now=begun)

    page = browser.get("/admin/sla/ladder/plan/", {"conversation": "c1"}).content.decode()
    due = begun + timedelta(hours=4)
    for shown in (
        "Warning, 3 h 30 min used up",
        "Breach",
        "30 min after: whoever reads the destination",
        "1 h after: whoever is on call",
        "by Hook (Webhook)",
        "boss (nobody is on call)",
        f"{due:%Y-%m-%d %H:%M:%S} UTC",
    ):
        assert shown in page
    nothing = browser.get("/admin/sla/ladder/plan/", {"conversation": "c9"}).content.decode()
    assert "DCM knows no such conversation" in nothing


def test_a_test_of_a_rung_goes_out_to_whom_it_would_tell(
    browser: Client, hook: Destination, settings: Any
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiving() as receivers:
        said = _tested(browser, hook, receivers)
        [heard] = receivers.heard()
    through = "on the target: the administrators: Hook: it got through"
    assert said == [f"{through}. It names boss."]
    body = heard.body
    assert (body["type"], body["test"]) == ("sla.escalated", True)
    assert body["data"]["recipients"] == [{"name": "boss", "address": "boss@example.com"}]
    assert body["data"]["text"].startswith("Ada Example has 00000000")
    told = {name: body["data"][name] for name in ("rung", "ladder", "audience", "verified")}
    rung = Rung.objects.get()
    assert told == {
        "rung": f"rung:{rung.pk}",
        "ladder": rung.ladder.name,
        "audience": "administrators",
        "verified": "true",
    }


def test_a_test_of_a_rung_says_whom_it_fell_back_to_and_who_has_no_address(
    browser: Client, hook: Destination, settings: Any
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    User.objects.update(email="")
    with receiving() as receivers:
        [said] = _tested(browser, hook, receivers, audience="supervisors")
        [heard] = receivers.heard()
    assert said == (
        "on the target: the queue's supervisors: Hook: it got through. It names boss. So the "
        "administrators are told, since nobody supervises its queue (a test is in no real queue). "
        "boss has no e-mail address."
    )
    assert heard.body["data"]["fellBack"] == "nobody supervises its queue"


def test_people_without_an_address_are_told_when_a_ladder_is_saved(browser: Client) -> None:
    User.objects.update(email="")
    told = saved(browser, {"position": "20", "audience": "administrators"})
    assert "on the target: the administrators: boss has no e-mail address" in told


def _tested(
    browser: Client, hook: Destination, receivers: Receiving, audience: str = "administrators"
) -> list[str]:
    Destination.objects.update(config={"url": f"{receivers.url}/hooks/test"})
    words: dict[str, Any] = {"template": "{agent} has {conversation}", "audience": audience}
    rung = factories.rung(factories.ladder(), destination_id=hook.pk, **words)
    answer = browser.post(f"/admin/sla/ladder/{rung.pk}/test/")
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_quiet_hours_in_no_time_zone_are_refused_and_shown_where_they_are_there(
    browser: Client,
) -> None:
    quiet = {"quiet_from": "22:00", "quiet_until": "06:00", "quiet_timezone": "Moon/Base"}
    page = browser.post("/admin/sla/ladder/add/", a_form(**quiet)).content.decode()
    assert "&#x27;Moon/Base&#x27; is no time zone: write an IANA name" in page
    assert not Ladder.objects.exists()

    factories.ladder(**quiet)
    shown = browser.get("/admin/sla/ladder/").content.decode()
    assert "Its quiet hours count for nothing: timezone: &#x27;Moon/Base&#x27;" in shown


def test_rungs_without_a_place_are_numbered_up_and_named_by_time_and_audience(
    browser: Client,
) -> None:
    told = {"position": "", "audience": "administrators"}
    rungs = [{**told, "offset": offset} for offset in ("-30 min", "", "1 h")]
    saved(browser, {**rungs[0], "position": "7"}, rungs[1], rungs[2])
    made = Rung.objects.order_by("position")
    assert [(rung.position, str(rung)) for rung in made] == [
        (7, "30 min before: the administrators"),
        (17, "on the target: the administrators"),
        (27, "1 h after: the administrators"),
    ]
    page = browser.get(f"/admin/sla/ladder/{made[0].ladder_id}/change/").content.decode()
    assert "Test “1 h after: the administrators”" in page


@pytest.mark.parametrize(("written", "kept"), [("90 min", 5400), ("", 0)])
def test_how_long_an_acknowledgement_holds_is_written_as_people_write(
    browser: Client, written: str, kept: int
) -> None:
    saved(browser, acknowledged_for_s=written)
    assert Ladder.objects.get().acknowledged_for_s == kept
    page = browser.get(f"/admin/sla/ladder/{Ladder.objects.get().pk}/change/").content.decode()
    assert ('value="1 h 30 min"' in page) == bool(kept)


def test_quiet_hours_have_no_hint_of_the_servers_time(browser: Client) -> None:
    page = browser.get("/admin/sla/ladder/add/").content.decode()
    assert '<input type="time" name="quiet_from"' in page
    assert "vTimeField" not in page
