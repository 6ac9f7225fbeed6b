"""genesys_doctor at the door: what is set, who answers, whose clock is right, who is let in."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from integrations import heartbeat
from integrations.doctor import patient, reach
from integrations.doctor.findings import Level
from integrations.genesys import regions, sdk
from integrations.genesys.client import Credentials
from integrations.models import Watermark
from simulator.server import Served
from tests import servers
from tests.http.setup.conftest import run
from tests.http.setup.doctor import ROOT, SECRET, doctor, lines_of

pytestmark = pytest.mark.django_db


def test_where_nobody_answers_it_says_how_to_begin(settings: Any, tmp_path: Path) -> None:
    own = "django.core.cache.backends.locmem.LocMemCache"  # where no other test has run a task
    settings.CACHES = {"default": {"BACKEND": own, "LOCATION": str(tmp_path)}}
    settings.GENESYS_BASE_URL = f"http://127.0.0.1:{servers.free_port()}"

    lines, code = doctor()

    assert code == 1
    assert "no GENESYS_ variable is set" in lines_of(lines, "settings")
    assert "the connection was refused" in lines_of(lines, "API host")
    assert "make run" in lines_of(lines, "API host")
    assert lines_of(lines, "credentials") == ""  # nothing more can be seen
    assert "not looked at: clock, credentials, permission" in lines_of(lines, "Genesys Cloud")
    assert "no task has run yet" in lines_of(lines, "workers")


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
        (
            {
                "GENESYS_BASE_URL": "http://genesys.example.org",
                "GENESYS_CLIENT_ID": "i",
                "GENESYS_CLIENT_SECRET": SECRET,
            },
            "http is taken for this machine alone",
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
    heartbeat.note("integrations.genesys.poll", at=timezone.now())
    sync = Watermark.objects.get(road="genesys.synchronise")
    for road in ("genesys.synchronise", "genesys.presence", "eventbridge.sqs"):
        told = {"succeeded_at": sync.succeeded_at, "failing_since": sync.succeeded_at}
        Watermark.objects.update_or_create(road=road, defaults={"detail": f"{road}: 401", **told})

    lines, code = doctor()

    assert code == 1
    # The reason is told once; what has another one is told, too.
    assert [line[:20].split() for line in lines if line.startswith("FAIL")] == [
        ["FAIL", "credentials"],
        ["FAIL", "road"],
    ]
    assert "eventbridge.sqs: last success 0 s ago, failing since 0 s ago" in lines_of(lines, "road")
    assert "WARN road           genesys.presence: last success 0 s ago" in lines_of(lines, "road")
    unseen, fix = lines_of(lines, "Genesys Cloud").splitlines()
    named = "permission, organisation, limits, queues, schedules, topics, trigger topics, triggers"
    assert unseen == f"WARN Genesys Cloud  not looked at: {named}"
    assert fix.strip() == "fix: mend what FAILs above, and run this again"
    assert "401" in lines_of(lines, "credentials")
    assert "check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET" in lines_of(lines, "credentials")
    assert lines_of(lines, "permission") == ""
    assert SECRET not in "\n".join(lines)


def test_a_region_that_there_is_not_is_told_with_the_nearest(centre: Served, settings: Any) -> None:
    settings.DEMO, settings.GENESYS_REGION = False, "mypurecloud.dee"

    lines, code = doctor()

    assert code == 1
    assert "none of the 18 regions" in lines_of(lines, "settings")
    assert "is it mypurecloud.de?" in lines_of(lines, "settings")


def test_our_own_url_is_missed_where_it_is_not_set(centre: Served, settings: Any) -> None:
    settings.DEMO, settings.GENESYS_REGION, settings.PUBLIC_URL = False, "mypurecloud.de", ""

    lines, _ = doctor()

    assert "WARN settings" in lines_of(lines, "settings")
    assert "DCM_PUBLIC_URL is not set" in lines_of(lines, "settings")


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

    lines, _ = doctor()

    assert "WARN clock" in lines_of(lines, "clock")
    assert "behind Genesys" in lines_of(lines, "clock")
