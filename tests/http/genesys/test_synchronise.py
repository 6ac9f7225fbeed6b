"""The directory and the settings are read whole; a part that is refused stops no other."""

from datetime import datetime
from typing import Any

import pytest

from conversations.models import Agent, Division, Queue, WrapUpCode
from handling.models import Utilization
from integrations.errors import PermanentError, TemporaryError
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


def test_what_is_not_there_for_the_moment_ends_the_run(
    organization: Any, client: Client, now: datetime
) -> None:
    organization.routes["/api/v2/routing/queues"] = lambda s: s.answer(500, {})

    with pytest.raises(TemporaryError):
        synchronise(client=client, now=now)
    assert Queue.objects.count() == 0


def test_a_listing_in_another_shape_is_refused_before_anything_is_written(
    organization: Any, client: Client, now: datetime
) -> None:
    synchronise(client=client, now=now)
    organization.routes["/api/v2/users"] = lambda s: s.answer(body={"entities": [{"name": "x"}]})

    with pytest.raises(PermanentError, match=r"users: .*not what the API documents"):
        synchronise(client=client, now=now)
    assert Agent.objects.exclude(state="deleted").count() == 2
