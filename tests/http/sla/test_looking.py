"""Pages of the SLA's admin for who may look and not change."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from conversations.models import Queue
from sla.models import Enforcement, HoursRule, Rota, Shift, StandIn, Supervision
from tests import factories
from tests.http.sla.conftest import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def looker(client: Client) -> Client:
    user = User.objects.create_user("looker", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="sla", codename__startswith="view_")
    )
    client.force_login(user)
    return client


def shown(html: str) -> str:
    main = html[html.index('id="content-main"') : html.index('class="submit-row"')]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def test_a_policy_is_shown_as_people_would_write_it(looker: Client) -> None:
    Queue.objects.create(genesys_id="q1", name="Support EU")
    policy = factories.policy(queue_ids=["q1", "gone"], labels=["vip", "gold"], away_s=5400)

    told = shown(page(looker, f"policy/{policy.pk}/change/"))
    assert "Next response: 4 h" in told
    assert "Away: 1 h 30 min" in told
    assert "Queue ids: Support EU (q1), unknown (gone)" in told
    assert "Labels: vip, gold" in told
    assert "Warnings: 3 h 30 min" in told
    assert "Media types: - None chosen: every channel." in told
    assert "Seen" not in told


def test_a_ladder_is_shown_as_people_would_write_it(looker: Client) -> None:
    ladder = factories.ladder()
    factories.rung(ladder, -1800)

    told = shown(page(looker, f"ladder/{ladder.pk}/change/"))
    assert "Acknowledged for: 1 h" in told
    assert "When: -30 min" in told
    assert "By which way: whoever is told of SLA events" in told
    assert "Seen" not in told


def test_a_rota_is_shown_by_its_own_clock(looker: Client) -> None:
    rota = Rota.objects.create(name="Service", timezone="Asia/Tokyo")
    people = [factories.user("anna")]
    early = Shift.objects.create(rota=rota, weekdays=["mon", "tue"], starts="06:00", ends="14:00")
    late = Shift.objects.create(rota=rota, weekdays=[], starts="14:00", ends="22:00")
    begins = datetime(2026, 7, 6, 23, tzinfo=UTC)
    other = StandIn.objects.create(rota=rota, starts_at=begins, ends_at=begins + timedelta(hours=9))
    for row in (early, late, other):
        row.people.set(people)

    told = shown(page(looker, f"rota/{rota.pk}/change/"))
    assert "mon, tue 06:00 to 14:00 Monday, Tuesday" in told
    assert "- On which it begins. None chosen: every day." in told
    assert "2026-07-07 08:00:00 2026-07-07 17:00:00 anna" in told
    assert "Seen" not in told


def test_what_names_queues_shows_their_names(looker: Client) -> None:
    Queue.objects.create(genesys_id="q1", name="Support EU")
    row = Supervision.objects.create(name="Europe", queue_ids=["q1", "gone"])
    rule = HoursRule.objects.create(
        calendar=factories.calendar(), queue_ids=["q1"], media_types=["email", "chat"]
    )
    after_s = 48 * 3600
    forced = Enforcement.objects.create(
        policy=factories.policy(), after_s=after_s, queue_ids=["q1"], action="disconnect"
    )

    supervision = shown(page(looker, f"supervision/{row.pk}/change/"))
    assert "Queue ids: Support EU (q1), unknown (gone)" in supervision
    assert "Division ids: - All queues of these." in supervision
    told = shown(page(looker, f"hoursrule/{rule.pk}/change/"))
    assert "Only these queues: Support EU" in told
    assert "Only these media: E-mail, Chat" in told
    told = shown(page(looker, f"enforcement/{forced.pk}/change/"))
    assert "After: 48 h" in told
    assert "Only in these queues: Support EU" in told


def test_what_is_not_there_is_told_in_words(looker: Client) -> None:
    answer = looker.get("/admin/sla/backtest/999/change/")

    assert answer.status_code == 404
    assert "Http404" not in answer.content.decode()


def test_opening_hours_are_shown_without_what_only_a_form_needs(looker: Client) -> None:
    told = shown(page(looker, f"calendar/{factories.calendar().pk}/change/"))

    assert "Name: Always open" in told
    assert "Seen" not in told
