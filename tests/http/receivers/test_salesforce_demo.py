"""The simulated Salesforce beside a contact centre, under a prefix, and what a page shows of it."""

from datetime import timedelta
from typing import Any

from simple_salesforce.api import Salesforce
from starlette.applications import Starlette
from starlette.routing import Mount

from simulator.api.answers import DropsConnections
from simulator.clock import ManualClock
from simulator.receivers.salesforce import panel
from simulator.receivers.salesforce.desk import MEDIA, Desk, admit, organization
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.panel import Entry
from simulator.receivers.salesforce.server import routes
from simulator.receivers.server import running
from simulator.world import World
from tests.http.receivers.conftest import NOW
from tests.salesforce import session_to


def test_it_may_stand_under_a_prefix(org: Org) -> None:
    admit(org, "demo", "sesame")
    case = org.case()
    app = Starlette(routes=[Mount("/salesforce", routes=routes(org))])
    with running(DropsConnections(app)) as url:
        session = session_to(url)
        form = {
            "grant_type": "client_credentials",
            "client_id": "demo",
            "client_secret": "sesame",
        }
        told = session.post(f"{url}/salesforce/services/oauth2/token", form, timeout=5).json()
        assert told["instance_url"] == f"{url}/salesforce"
        instance = told["instance_url"].removeprefix("http://")
        sf: Any = Salesforce(
            session_id=told["access_token"], instance=instance, session=session, version="62.0"
        )
        assert sf.Case.get(case)["Id"] == case
        org.page = 1
        org.case()
        assert len(sf.query_all("SELECT Id FROM Case")["records"]) == 2


def test_an_organisation_of_a_world_is_entered_with_its_secret() -> None:
    world = World(seed=7, epoch=NOW)
    org = organization(world, lambda: NOW, key="demo", secret="sesame")

    assert org.auth.by_secret("demo", "sesame") == org.integration
    assert panel.cases(org) == []
    world.advance_to(NOW + timedelta(hours=1))
    assert len(panel.cases(org)) == len(
        [c for c in world.conversations.values() if c.media in MEDIA]
    )


def test_every_written_conversation_gets_a_case_and_every_agent_a_user(sf: Any, org: Org) -> None:
    world = World(seed=7, epoch=NOW - timedelta(hours=6))
    world.advance_to(NOW)
    desk = Desk(org, world)
    first = {row["Genesys_Conversation_Id__c"] for row in sf.query_all(QUERY)["records"]}
    world.advance_to(NOW + timedelta(minutes=20))
    later = {row["Genesys_Conversation_Id__c"] for row in sf.query_all(QUERY)["records"]}

    written = [known for known in world.conversations.values() if known.media in MEDIA]
    opened = int(NOW.timestamp() * 1000)
    assert later == {c.id for c in written if c.end is None or c.end > opened}
    assert len(first) > 10
    assert first < later
    assert {row["OwnerId"] for row in org.rows("Case")} == {desk.queue}
    agents = {agent.email for agent in world.organization.agents}
    assert agents <= {row["FederationIdentifier"] for row in org.rows("User")}


QUERY = "SELECT Genesys_Conversation_Id__c FROM Case"


def test_a_page_shows_cases_by_what_happened_last(org: Org, clock: ManualClock) -> None:
    ann = org.user("Ann Agent", "ann@acme.example")
    quiet, busy = org.case("Quiet"), org.case("<b>Busy</b>")
    held = clock.now().replace(microsecond=0)
    clock.advance(1)
    org.change("Case", busy, by=org.integration, OwnerId=ann)
    org.make(
        "DCM_Hold__c",
        Case__c=busy,
        State__c="final",
        Media_Type__c="email",
        Duration_Seconds__c=600,
        Started_At__c=held.isoformat(),
    )
    clock.advance(1)
    org.make("Task", WhatId=busy, Subject="E-mail held 10 min 0 s", Status="Completed")

    first, second = panel.cases(org)

    assert (first.number, first.subject, first.owner) == ("00001002", "<b>Busy</b>", "Ann Agent")
    assert first.timeline == (
        Entry(held + timedelta(seconds=2), "Task", "Completed", "E-mail held 10 min 0 s"),
        Entry(
            held + timedelta(seconds=1),
            "Owner",
            "",
            "Unassigned → Ann Agent, by DCM Integration",
        ),
        Entry(held, "Hold", "final", "email · 600 s"),
    )
    assert (second.subject, second.timeline) == ("Quiet", ())
    assert org.row("Case", quiet)["CaseNumber"] == second.number
    (shown,) = panel.rows(org, most=1)
    assert shown[:3] == ("00001002", "<b>Busy</b>", "Ann Agent")
    assert shown[3].split("\n") == [
        "16:45:02 Task Completed E-mail held 10 min 0 s",
        "16:45:01 Owner Unassigned → Ann Agent, by DCM Integration",
        "16:45:00 Hold final email · 600 s",
    ]
