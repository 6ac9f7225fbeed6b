"""The directory and the settings are read whole; a part that is refused stops no other."""

import time
from datetime import datetime
from typing import Any

import pytest

from conversations.models import Agent, Division, Queue, WrapUpCode
from handling.models import Utilization
from integrations.errors import PermanentError, RateLimitedError, TemporaryError
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.genesys.synchronise import synchronise
from integrations.models import Organization, Watermark
from sla.models import Calendar, Schedule

pytestmark = pytest.mark.django_db

OWN = {"email": {"maximumCapacity": 2, "interruptableMediaTypes": ["call"], "includeNonAcd": False}}
SCHEDULE = {"id": "s1", "name": "Weekdays", "state": "active", "rrule": "FREQ=WEEKLY;BYDAY=MO,TU"}
SCHEDULE |= {"start": "2026-01-05T09:00:00.000", "end": "2026-01-05T17:00:00.000"}


@pytest.fixture
def organization(host: Any) -> Any:
    def entities(*told: Any) -> Any:
        return lambda s: s.answer(body={"entities": list(told), "pageCount": 1})

    def users(stage: Any) -> None:
        names = {"active": "Anna", "inactive": "Bert"}
        state = stage.query["state"]
        user = {"id": state, "name": names[state], "state": state, "division": {"id": "d1"}}
        stage.answer(body={"entities": [user], "pageCount": 1})

    route = {"fromEmail": "Help@Acme.example"}
    media = {"email": {"enableAutoAnswer": True, "allOutboundEmailAddresses": [{"route": route}]}}
    outbound = {"domain": {"id": "acme.example"}, "route": {"id": "r", "pattern": "service"}}
    queue = {"id": "q1", "name": "Service", "mediaSettings": media}
    group = {"id": "g1", "name": "Service hours", "openSchedules": [{"id": "s1"}]}
    host.routes |= {
        "/api/v2/organizations/me": lambda s: s.answer(body={"id": "org", "name": "Acme"}),
        "/api/v2/authorization/divisions": entities({"id": "d1", "name": "Home"}),
        "/api/v2/users": users,
        "/api/v2/routing/queues": entities(queue | {"outboundEmailAddress": outbound}),
        "/api/v2/routing/wrapupcodes": entities({"id": "w1", "name": "Sold", "division": None}),
        "/api/v2/routing/utilization": lambda s: s.answer(body={"utilization": OWN}),
        "/api/v2/routing/users/active/utilization": lambda s: s.answer(
            body={"utilization": OWN, "level": "Agent"}
        ),
        "/api/v2/routing/users/inactive/utilization": lambda s: s.answer(
            body={"utilization": OWN, "level": "Organization"}
        ),
        "/api/v2/architect/schedules": entities(SCHEDULE),
        "/api/v2/architect/schedulegroups": entities(
            group | {"timeZone": "Europe/Berlin"},
            {"id": "g2", "name": "Mars", "timeZone": "Mars/Olympus"},
        ),
    }
    return host


def test_everything_is_read_and_a_second_time_nothing_is_written(
    organization: Any, client: Client, now: datetime
) -> None:
    synchronise(client=client, now=now)

    assert Organization.objects.values_list("genesys_id", "name").get() == ("org", "Acme")
    assert Utilization.objects.get().organization == OWN
    agents = Agent.objects.order_by("genesys_id").values_list("name", "state", "utilization")
    assert list(agents) == [("Anna", "active", OWN), ("Bert", "inactive", None)]
    assert Queue.objects.get().email_addresses == ["help@acme.example", "service@acme.example"]
    assert (Division.objects.get().name, WrapUpCode.objects.get().name) == ("Home", "Sold")
    assert Schedule.objects.get().starts == "2026-01-05T09:00:00.000"
    calendar = Calendar.objects.exclude(genesys_id="").get()
    assert (calendar.timezone, calendar.open_schedules) == ("Europe/Berlin", ["s1"])

    told = synchronise(client=client, now=now)
    assert "queues: 0 new, 0 changed, 0 gone" in told
    assert "agents' utilization: 2 agents read, 0 changed" in told


def test_a_part_that_is_refused_stops_no_other_and_is_told(
    organization: Any, client: Client, now: datetime
) -> None:
    organization.routes["/api/v2/routing/queues"] = lambda s: s.answer(
        403, {"message": "missing routing:queue:view"}
    )

    with pytest.raises(PermanentError, match=r"queues: .*lacks routing:queue:view"):
        synchronise(client=client, now=now)

    assert Calendar.objects.exclude(genesys_id="").count() == 1
    assert "routing:queue:view" in Watermark.objects.get(road="genesys.synchronise").detail


def test_what_is_not_there_for_the_moment_stops_no_other_part_and_the_run_has_failed(
    organization: Any, client: Client, now: datetime
) -> None:
    organization.routes["/api/v2/routing/queues"] = lambda s: s.answer(500, {})

    with pytest.raises(TemporaryError, match=r"routing/queues"):
        synchronise(client=client, now=now)
    assert Queue.objects.count() == 0
    assert Calendar.objects.exclude(genesys_id="").count() == 1


def test_an_agent_who_is_never_answered_for_keeps_no_other_from_being_read(
    organization: Any, client: Client, now: datetime
) -> None:
    organization.routes["/api/v2/routing/users/active/utilization"] = lambda s: s.answer(500, {})
    organization.routes["/api/v2/routing/users/inactive/utilization"] = lambda s: s.answer(
        body={"utilization": OWN, "level": "Agent"}
    )

    with pytest.raises(TemporaryError, match=r"users/active/utilization"):
        synchronise(client=client, now=now)
    assert Agent.objects.get(genesys_id="inactive").utilization == OWN


def test_what_was_read_of_agents_before_genesys_asked_to_wait_is_written(
    organization: Any, client: Client, now: datetime
) -> None:
    organization.routes["/api/v2/routing/users/inactive/utilization"] = lambda s: s.answer(
        429, {}, retry_after="5"
    )

    with pytest.raises(RateLimitedError):
        synchronise(client=client, now=now)
    assert Agent.objects.get(genesys_id="active").utilization == OWN
    assert Schedule.objects.count() == 0


def test_after_a_wait_it_goes_on_with_what_was_not_read(
    organization: Any, client: Client, now: datetime
) -> None:
    answer = organization.routes["/api/v2/routing/queues"]
    organization.routes["/api/v2/routing/queues"] = lambda s: s.answer(429, {}, retry_after="1")
    with pytest.raises(RateLimitedError):
        synchronise(client=client, now=now)
    assert (Agent.objects.count(), Queue.objects.count()) == (2, 0)

    organization.routes["/api/v2/routing/queues"] = answer
    before = len(organization.calls)
    time.sleep(client.budget.blocked_s())
    synchronise(client=client, now=now)

    assert organization.calls[before].path.startswith("/api/v2/routing/queues?")
    assert Calendar.objects.exclude(genesys_id="").count() == 1
    synchronise(client=client, now=now)
    assert [call.path for call in organization.calls].count("/api/v2/organizations/me") == 2


def test_what_is_no_answer_is_asked_for_again_at_once(
    organization: Any, client: Client, now: datetime
) -> None:
    answer = organization.routes.pop("/api/v2/routing/queues")
    page = b"<!doctype html>"
    organization.plays = [lambda s: s.answer(body=page), lambda s: s.answer(500, {}), answer]

    synchronise(client=client, now=now)

    assert Queue.objects.count() == 1


def test_a_listing_in_another_shape_is_refused_before_anything_is_written(
    organization: Any, client: Client, now: datetime
) -> None:
    synchronise(client=client, now=now)
    organization.routes["/api/v2/users"] = lambda s: s.answer(body={"entities": [{"name": "x"}]})

    with pytest.raises(PermanentError, match=r"users: .*not what the API documents"):
        synchronise(client=client, now=now)
    assert Agent.objects.exclude(state="deleted").count() == 2


def test_agents_own_utilization_leaves_enough_of_the_rate_limit_to_the_parts_that_follow(
    organization: Any, client: Client, now: datetime
) -> None:
    """Of 300 requests 102 are left, and the directory leaves 100 to what is more urgent."""
    told = {"count": "198", "allowed": "300", "reset": "60"}
    headers = {f"inin_ratelimit_{name}": text for name, text in told.items()}
    organization.routes["/api/v2/routing/utilization"] = lambda s: s.answer(
        body={"utilization": OWN}, **headers
    )
    client.priority = Priority.BACKGROUND

    lines = synchronise(client=client, now=now)

    assert "agents' utilization: 0 agents read, 0 changed" in lines
    assert Calendar.objects.exclude(genesys_id="").get().open_schedules == ["s1"]
