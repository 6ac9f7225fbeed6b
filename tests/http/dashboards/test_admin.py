"""The admin of the mirror and of the roads to it."""

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
MIRROR = [
    model
    for label in ("conversations", "integrations")
    for model in apps.get_app_config(label).get_models()
]


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """Return a client of the staff that may view everything but personal data."""
    user = factories.user("operator", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__startswith="view_").exclude(
            codename="view_personal_data"
        )
    )
    client.force_login(user)
    return client


def url(model: type, page: str = "") -> str:
    meta = model._meta  # type: ignore[attr-defined]
    return f"/admin/{meta.app_label}/{meta.model_name}/{page}"


def test_every_model_of_ours_is_in_the_admin() -> None:
    ours = [
        model
        for label in ("conversations", "handling", "sla", "integrations")
        for model in apps.get_app_config(label).get_models()
    ]
    assert set(MIRROR) <= set(ours)
    sites = admin.site._registry
    shown = {*sites, *(inline.model for site in sites.values() for inline in site.inlines)}
    assert [model.__name__ for model in ours if model not in shown] == []


@pytest.mark.parametrize("model", MIRROR, ids=lambda model: model.__name__)
def test_a_table_of_the_mirror_is_searched_and_looked_at_but_never_edited(
    staff: Client, model: type
) -> None:
    conversation = factories.conversation(started_at=NINE)
    session = factories.session(conversation, user_id="a", ani="+49 30 1234")
    factories.segment(session, "interact", NINE, 5)
    one = model.objects.first()  # type: ignore[attr-defined]

    assert staff.get(url(model), {"q": conversation.genesys_id}).status_code == 200
    assert staff.get(url(model, "add/")).status_code == 403
    if one:
        page = staff.get(url(model, f"{one.pk}/change/"))
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        assert staff.post(url(model, f"{one.pk}/delete/"), {"post": "yes"}).status_code == 403


def test_personal_data_is_not_shown_without_the_permission(staff: Client, client: Client) -> None:
    conversation = factories.conversation()
    person = factories.participant(conversation, "customer", name="Sara Nagel")
    session = factories.session(conversation, participant=person, ani="+49 30 1234")
    segment = factories.segment(session, subject="My invoice")
    pages = [
        (url(type(person), f"{person.pk}/change/"), "Sara Nagel"),
        (url(type(session), f"{session.pk}/change/"), "+49 30 1234"),
        (url(type(segment), f"{segment.pk}/change/"), "My invoice"),
    ]

    hidden = [value in staff.get(page).content.decode() for page, value in pages]
    client.force_login(factories.user("root", is_staff=True, is_superuser=True))
    shown = [value in client.get(page).content.decode() for page, value in pages]

    assert hidden == [False, False, False]
    assert shown == [True, True, True]


def test_lists_show_names_and_ask_no_more_queries_for_more_rows(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    queue, agent = factories.queue("Support EU"), factories.agent("A. Rossi")
    for _ in range(40):
        factories.conversation(queue_id=queue.genesys_id, user_id=agent.genesys_id)

    with django_assert_max_num_queries(10):
        page = staff.get("/admin/conversations/conversation/").content.decode()

    assert page.count("Support EU") == 40
    assert page.count("A. Rossi") == 40


def test_a_conversation_shows_who_took_part(staff: Client) -> None:
    conversation = factories.conversation()
    factories.session(conversation, purpose="agent", user_id="the-agent")

    page = staff.get(f"/admin/conversations/conversation/{conversation.pk}/change/")

    assert page.content.decode().count("the-agent") >= 2
