"""genesys_doctor, as an administrator runs it: on nothing, on what is wrong, on what is right."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from conversations.models import Queue
from integrations import gaps, heartbeat
from integrations.doctor import examine, patient
from integrations.doctor.findings import Finding, Level
from integrations.genesys import permissions
from integrations.models import InboxItem, Organization, Source, Watermark
from simulator.server import Served
from sla.models import Calendar, Enforcement, HoursRule, Policy
from tests.http.setup.conftest import deny, run
from tests.http.setup.doctor import doctor, lines_of

pytestmark = pytest.mark.django_db


def _all_is_well() -> None:
    """Leave behind what beat, workers and polling leave behind."""
    now = timezone.now()
    for task in gaps.schedule():
        heartbeat.note(task, at=now)
    Watermark.objects.create(road="genesys.poll", read_to=now, succeeded_at=now)
    call_command("genesys_sync", stdout=StringIO())
    call_command("genesys_setup", "--apply", "--url", "http://127.0.0.1:8000", stdout=StringIO())
    Source.objects.update(last_received_at=now - timedelta(minutes=20))


def test_where_all_is_well_it_says_so_and_ends_with_0(centre: Served) -> None:
    _all_is_well()

    lines, code = doctor()

    assert code == 0
    assert [line for line in lines if line.startswith(("WARN", "FAIL"))] == []
    assert "last event 20 min ago" in lines_of(lines, "source")
    assert lines_of(lines, "organisation").endswith("Harbour Insurance")
    assert "12 are visible, all mirrored" in lines_of(lines, "queues")
    assert "all 7 are there, on, and start our workflows" in lines_of(lines, "triggers")


def test_it_changes_nothing(centre: Served) -> None:
    doctor()
    assert not Watermark.objects.exists()
    assert not Source.objects.exists()
    assert centre.centre.automation.triggers == {}


@pytest.mark.parametrize(
    "need", [n for n in permissions.NEEDS if not n.only_setup and not n.only_to]
)
def test_a_missing_permission_is_named_with_what_is_lacking_without(
    centre: Served, need: permissions.Need
) -> None:
    deny(centre, *(name for name in need.names if not name.endswith(":manage")))
    this = patient.of_settings(timezone.now)

    found = [f for f in examine.genesys(this, frozenset()) if f.check == "permission"]

    (bad,) = [each for each in found if each.level != Level.OK]
    assert bad.level == (Level.FAIL if need.vital else Level.WARN)
    assert need.told in bad.saw
    assert need.without in bad.saw
    assert "Roles / Permissions" in bad.fix


@pytest.mark.parametrize("need", [n for n in permissions.NEEDS if n.only_to])
def test_what_only_force_disconnect_needs_is_named_where_a_policy_has_it(
    centre: Served, need: permissions.Need
) -> None:
    deny(centre, *need.names)
    assert "WARN" not in lines_of(doctor()[0], "permission")
    one = Enforcement.objects.create(policy=Policy.objects.get(), action=need.only_to)
    assert "WARN" not in lines_of(doctor()[0], "permission")

    one.mode = Enforcement.Mode.DRY_RUN
    one.save()
    assert f"{need.told} is missing: {need.without}" in lines_of(doctor()[0], "permission")


def test_a_queue_that_a_policy_is_for_and_that_has_no_hours_is_named(centre: Served) -> None:
    Queue.objects.bulk_create(
        Queue(genesys_id=f"q{number}", name=f"Queue {number}", deleted=number == 9)
        for number in range(1, 10)
    )
    told = "no policy goes by the opening hours of queues"
    assert lines_of(doctor()[0], "hours") == f"OK   hours          {told}"
    Policy.objects.create(name="Mail", position=1, next_response_s=60, media_types=["Email"])
    two = {"queue_ids": ["q1", "q3"], "name": "Two", "position": 2}
    Policy.objects.create(next_response_s=60, **two)
    calendar = Calendar.objects.get(name="Office hours")
    HoursRule.objects.create(calendar=calendar, queue_ids=["q1"])
    HoursRule.objects.create(calendar=calendar, queue_ids=["q3"], media_types=["email"])

    mail, _, two_queues, fix = lines_of(doctor()[0], "hours").splitlines()

    lacking = "queues without opening hours, so it does not apply there:"
    some = "Queue 2, Queue 4, Queue 5, Queue 6, Queue 7 and 1 more"
    assert mail == f'WARN hours          "Mail": {lacking} {some}'
    assert two_queues == f'WARN hours          "Two": {lacking} Queue 3'
    assert "one without conditions covers every queue" in fix
    HoursRule.objects.create(calendar=calendar)
    assert lines_of(doctor()[0], "hours").splitlines() == [
        f'OK   hours          "{name}": all of its queues have opening hours'
        for name in ("Mail", "Two")
    ]


def test_what_only_the_set_up_needs_may_be_missing(centre: Served) -> None:
    deny(centre, "architect:job:create", "processautomation:trigger:add")

    lines, _ = doctor()

    told = lines_of(lines, "permission")
    assert "WARN" not in told
    assert "these would be needed: architect:job:create, processautomation:trigger:add" in told


def test_a_check_that_may_not_look_lets_the_others_go_on(centre: Served) -> None:
    deny(centre, "routing:queue:view")

    lines, _ = doctor()

    assert "the OAuth client's role lacks routing:queue:view" in lines_of(lines, "queues")
    assert "3 schedule groups" in lines_of(lines, "schedules")


def test_an_answer_of_another_product_is_told(centre: Served) -> None:
    centre.centre.faults.put([{"path": "*/organizations/me", "kind": "html"}])

    lines, code = doctor()

    assert code == 1
    assert "not what the API documents" in lines_of(lines, "organisation")
    assert "GENESYS_REGION" in lines_of(lines, "organisation")


def test_another_organisation_than_the_mirrored_one_is_told(centre: Served) -> None:
    Organization.objects.create(genesys_id="another", name="Another Ltd")

    lines, code = doctor()

    assert code == 1
    assert "but the database mirrors Another Ltd" in lines_of(lines, "organisation")


def test_topics_that_are_not_offered_are_polled(centre: Served) -> None:
    rules = centre.centre.channels
    rules.put_rules({"not_offered": ["v2.detail.events.agent.{id}.state"]})
    try:
        lines, _ = doctor("--road", "notifications")
    finally:
        rules.put_rules({})

    assert "WARN topics" in lines_of(lines, "topics")
    assert "v2.detail.events.agent.{id}.state" in lines_of(lines, "topics")
    assert "polling reads it instead" in lines_of(lines, "topics")


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        (lambda s: next(iter(s.triggers.values())).update(enabled=False), "is switched off"),
        (lambda s: s.triggers.pop(next(iter(s.triggers))), "is not there"),
        (
            lambda s: next(iter(s.flows.values())).pop("publishedVersion"),
            "starts no published workflow of ours",
        ),
        (
            lambda s: next(iter(s.triggers.values()))["target"].update(id="other"),
            "starts another workflow than ours",
        ),
    ],
)
def test_a_trigger_that_does_not_do_its_work_is_told(centre: Served, drift: Any, told: str) -> None:
    run("genesys_setup", "--apply", "--url", "http://127.0.0.1:8000")
    drift(centre.centre.automation)

    lines, _ = doctor("--road", "triggers")

    assert told in lines_of(lines, "triggers")
    assert "genesys_setup" in lines_of(lines, "triggers")


def test_roads_backlogs_and_quarantine_are_told_with_their_age(centre: Served) -> None:
    now = timezone.now()
    Watermark.objects.create(
        road="genesys.poll",
        read_to=now - timedelta(hours=3),
        succeeded_at=now - timedelta(hours=3),
        failing_since=now - timedelta(hours=2),
        detail="POST host/path: 403: the OAuth client's role lacks a:b:c",
    )
    source = Source.objects.create(name="Flow", kind="genesys", created_at=now)
    for state in ("quarantined", "waiting"):
        at = now - timedelta(minutes=20)
        InboxItem.objects.create(source=source, body=b"", received_at=at, due_at=at, state=state)

    lines, code = doctor()

    assert code == 1
    assert "last success 3 h ago, failing since 2 h ago" in lines_of(lines, "road")
    assert "fix: POST host/path: 403" in lines_of(lines, "road")
    assert "last event never, 1 quarantined" in lines_of(lines, "source")
    assert "FAIL backlog" in lines_of(lines, "backlog")
    assert "inbox: 1 waiting, the oldest 20 min ago, 1 set aside" in lines_of(lines, "backlog")


def test_a_road_that_has_no_schedule_and_was_not_needed_is_no_worry(centre: Served) -> None:
    Watermark.objects.create(road="genesys.reconcile")

    lines, _ = doctor()

    assert "OK   road           genesys.reconcile: last success never" in lines


def test_of_the_roads_only_those_asked_for_are_looked_at(centre: Served) -> None:
    lines, _ = doctor("--road", "eventbridge")

    assert lines_of(lines, "source").startswith("OK   source")
    assert "eventbridge" in lines_of(lines, "source")
    assert lines_of(lines, "triggers") == lines_of(lines, "topics") == lines_of(lines, "road") == ""


def test_json_holds_the_same(centre: Served) -> None:
    lines, code = doctor("--json")

    told = json.loads("\n".join(lines))
    assert (told["level"], code) == ("FAIL", 1)
    found = [Finding(**each) for each in told["findings"]]
    assert {each.check for each in found} >= {"API host", "clock", "permission", "triggers"}
    assert all(each.fix for each in found if each.level != Level.OK)


def test_a_task_that_fails_is_named_with_its_kind_of_error(centre: Served) -> None:
    _all_is_well()
    heartbeat.note("sla.recompute", at=timezone.now(), error="HoursError")

    lines, code = doctor()

    assert code == 1
    told = lines_of(lines, "workers")
    assert "failing: sla.recompute (HoursError)" in told
    assert "read in the workers' log what is wrong" in told
