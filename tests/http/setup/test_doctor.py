"""genesys_doctor, as an administrator runs it: on nothing, on what is wrong, on what is right."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from integrations import gaps, heartbeat
from integrations.doctor import examine, patient, reach
from integrations.doctor.findings import Finding, Level
from integrations.genesys import permissions, regions, sdk
from integrations.genesys.client import Credentials
from integrations.models import InboxItem, Organization, Source, Watermark
from simulator.server import Served
from tests import servers
from tests.http.setup.conftest import deny, run

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[3]
SECRET = "a-secret-that-nobody-may-see"


def _doctor(*options: str) -> tuple[list[str], int]:
    """Run it; return its lines and its exit code."""
    out = StringIO()
    try:
        call_command("genesys_doctor", *options, stdout=out)
    except SystemExit as end:
        return out.getvalue().splitlines(), int(str(end.code))
    return out.getvalue().splitlines(), 0


def _of(lines: list[str], check: str) -> str:
    """Return the lines of one check, with their fixes, as one text."""
    told, mine = [], False
    for line in lines:
        mine = line[5:20].strip() == check if line[:4].strip() else mine
        told += [line] if mine else []
    return "\n".join(told)


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

    lines, code = _doctor()

    assert code == 0
    assert [line for line in lines if line.startswith(("WARN", "FAIL"))] == []
    assert "last event 20 min ago" in _of(lines, "source")
    assert _of(lines, "organisation").endswith("Harbour Insurance")
    assert "12 are visible, all mirrored" in _of(lines, "queues")
    assert "all 7 are there, on, and start our workflows" in _of(lines, "triggers")


def test_it_changes_nothing(centre: Served) -> None:
    _doctor()
    assert not Watermark.objects.exists()
    assert not Source.objects.exists()
    assert centre.centre.automation.triggers == {}


def test_where_nobody_answers_it_says_how_to_begin(settings: Any, tmp_path: Path) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.GENESYS_BASE_URL = f"http://127.0.0.1:{servers.free_port()}"

    lines, code = _doctor()

    assert code == 1
    assert "no GENESYS_ variable is set" in _of(lines, "settings")
    assert "the connection was refused" in _of(lines, "API host")
    assert "make run" in _of(lines, "API host")
    assert _of(lines, "credentials") == ""  # nothing more can be seen
    assert "no task has run yet" in _of(lines, "workers")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"GENESYS_REGION": "mypurecloud.de"}, "GENESYS_CLIENT_ID is not set"),
        (
            {"GENESYS_REGION": "r", "GENESYS_CLIENT_ID": "i", "GENESYS_CLIENT_SECRET": SECRET},
            "SECRET_KEY is not set",
        ),
        (
            {
                "GENESYS_BASE_URL": "127.0.0.1:8099",
                "GENESYS_CLIENT_ID": "i",
                "GENESYS_CLIENT_SECRET": SECRET,
            },
            "GENESYS_BASE_URL is '127.0.0.1:8099': write scheme and host",
        ),
    ],
)
def test_a_configuration_that_lacks_something_is_told_what(
    given: dict[str, str], told: str, tmp_path: Path
) -> None:
    mine = {"DCM_ENV_FILE": os.devnull, "DCM_VAR_DIR": str(tmp_path)}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(
        [sys.executable, "manage.py", "genesys_doctor"],
        cwd=ROOT,
        env=kept | mine | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert SECRET not in ran.stderr


def test_a_wrong_secret_is_told_and_nothing_further_is_asked(centre: Served, settings: Any) -> None:
    run("genesys_sync")  # a token of before is in the cache
    settings.GENESYS_CLIENT_SECRET = SECRET

    lines, code = _doctor()

    assert code == 1
    assert "401" in _of(lines, "credentials")
    assert "check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET" in _of(lines, "credentials")
    assert _of(lines, "permission") == ""
    assert SECRET not in "\n".join(lines)


def test_a_region_that_there_is_not_is_told_with_the_nearest(centre: Served, settings: Any) -> None:
    settings.DEMO, settings.GENESYS_REGION = False, "mypurecloud.dee"

    lines, code = _doctor()

    assert code == 1
    assert "none of the 18 regions" in _of(lines, "settings")
    assert "is it mypurecloud.de?" in _of(lines, "settings")


def test_our_own_url_is_missed_where_it_is_not_set(centre: Served, settings: Any) -> None:
    settings.DEMO, settings.GENESYS_REGION, settings.PUBLIC_URL = False, "mypurecloud.de", ""

    lines, _ = _doctor()

    assert "WARN settings" in _of(lines, "settings")
    assert "DCM_PUBLIC_URL is not set" in _of(lines, "settings")


def test_the_right_region_is_found_by_asking_the_others(centre: Served) -> None:
    nobody = f"http://127.0.0.1:{servers.free_port()}"
    known = patient.Patient(Credentials(nobody, "simulator", "simulator"), timezone.now)
    stranger = patient.Patient(Credentials(nobody, "simulator", "wrong"), timezone.now)

    assert reach.region_of(known, [nobody, centre.url]) == centre.url
    assert reach.region_of(stranger, [nobody, centre.url]) is None


def test_the_regions_are_those_of_the_sdk() -> None:
    theirs = {each.value for each in sdk.load().PureCloudRegionHosts}
    assert {f"https://api.{region}" for region in regions.REGIONS} == theirs


@pytest.mark.parametrize(
    ("off", "level"), [(0, Level.OK), (-30, Level.WARN), (30, Level.WARN), (90, Level.FAIL)]
)
def test_a_clock_that_is_off_is_told(centre: Served, off: float, level: Level) -> None:
    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=off)

    (found,) = reach.clock(patient.of_settings(clock))

    assert found.level == level
    assert (level == Level.OK) == ("agrees" in found.saw)
    assert (level == Level.OK) or "NTP" in found.fix


def test_a_slow_answer_is_no_clock_that_is_off(centre: Served) -> None:
    ticks = iter((0.0, 9.0))  # asked now, answered nine seconds later

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=next(ticks))

    (found,) = reach.clock(patient.of_settings(clock))

    assert found.level == Level.OK


def test_a_genesys_whose_clock_is_ahead_is_told(centre: Served) -> None:
    centre.centre.faults.put([{"path": "*", "kind": "skew", "seconds": 20}])

    lines, _ = _doctor()

    assert "WARN clock" in _of(lines, "clock")
    assert "behind Genesys" in _of(lines, "clock")


@pytest.mark.parametrize("need", [n for n in permissions.NEEDS if not n.only_setup])
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


def test_what_only_the_set_up_needs_may_be_missing(centre: Served) -> None:
    deny(centre, "architect:job:create", "processautomation:trigger:add")

    lines, _ = _doctor()

    told = _of(lines, "permission")
    assert "WARN" not in told
    assert "these would be needed: architect:job:create, processautomation:trigger:add" in told


def test_a_check_that_may_not_look_lets_the_others_go_on(centre: Served) -> None:
    deny(centre, "routing:queue:view")

    lines, _ = _doctor()

    assert "the OAuth client's role lacks routing:queue:view" in _of(lines, "queues")
    assert "3 schedule groups" in _of(lines, "schedules")


def test_an_answer_of_another_product_is_told(centre: Served) -> None:
    centre.centre.faults.put([{"path": "*/organizations/me", "kind": "html"}])

    lines, code = _doctor()

    assert code == 1
    assert "not what the API documents" in _of(lines, "organisation")
    assert "GENESYS_REGION" in _of(lines, "organisation")


def test_another_organisation_than_the_mirrored_one_is_told(centre: Served) -> None:
    Organization.objects.create(genesys_id="another", name="Another Ltd")

    lines, code = _doctor()

    assert code == 1
    assert "but the database mirrors Another Ltd" in _of(lines, "organisation")


def test_topics_that_are_not_offered_are_polled(centre: Served) -> None:
    rules = centre.centre.channels
    rules.put_rules({"not_offered": ["v2.detail.events.agent.{id}.state"]})
    try:
        lines, _ = _doctor("--road", "notifications")
    finally:
        rules.put_rules({})

    assert "WARN topics" in _of(lines, "topics")
    assert "v2.detail.events.agent.{id}.state" in _of(lines, "topics")
    assert "polling reads it instead" in _of(lines, "topics")


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

    lines, _ = _doctor("--road", "triggers")

    assert told in _of(lines, "triggers")
    assert "genesys_setup" in _of(lines, "triggers")


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

    lines, code = _doctor()

    assert code == 1
    assert "last success 3 h ago, failing since 2 h ago" in _of(lines, "road")
    assert "fix: POST host/path: 403" in _of(lines, "road")
    assert "last event never, 1 quarantined" in _of(lines, "source")
    assert "FAIL backlog" in _of(lines, "backlog")
    assert "inbox: 1 waiting, the oldest 20 min ago, 1 set aside" in _of(lines, "backlog")


def test_a_road_that_has_no_schedule_and_was_not_needed_is_no_worry(centre: Served) -> None:
    Watermark.objects.create(road="genesys.reconcile")

    lines, _ = _doctor()

    assert "OK   road           genesys.reconcile: last success never" in lines


def test_of_the_roads_only_those_asked_for_are_looked_at(centre: Served) -> None:
    lines, _ = _doctor("--road", "eventbridge")

    assert _of(lines, "source").startswith("OK   source")
    assert "eventbridge" in _of(lines, "source")
    assert _of(lines, "triggers") == _of(lines, "topics") == _of(lines, "road") == ""


def test_json_holds_the_same(centre: Served) -> None:
    lines, code = _doctor("--json")

    told = json.loads("\n".join(lines))
    assert (told["level"], code) == ("FAIL", 1)
    found = [Finding(**each) for each in told["findings"]]
    assert {each.check for each in found} >= {"API host", "clock", "permission", "triggers"}
    assert all(each.fix for each in found if each.level != Level.OK)
