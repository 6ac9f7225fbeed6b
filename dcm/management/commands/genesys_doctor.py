"""Look at everything that stands between Genesys Cloud and DCM."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from dcm import health
from integrations.doctor import examine, patient, reach, roads
from integrations.doctor.findings import AGAIN, Finding, Level, fail, ok, warn, worst
from integrations.genesys.regions import REGIONS
from integrations.management.talking import TalkingCommand

FIXES = {
    "database": "start it, or correct DATABASE_URL",
    "migrations": "run manage.py migrate",
    "cache": "start it, or correct REDIS_URL",
    "broker": "start it, or correct CELERY_BROKER_URL",
}


class Command(TalkingCommand):
    help = (
        "Look at everything between Genesys Cloud and DCM: settings, hosts, clock, credentials, "
        "permissions, limits, queues, schedules, topics, triggers, hours, roads, backlogs, "
        "workers. One line each: OK, WARN or FAIL, what was seen, and the fix. It changes nothing. "
        "Exit code 1 where anything is FAIL. See docs/genesys-setup.md."
    )
    # It is wanted most where something is broken.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as one JSON object")
        parser.add_argument(
            "--road",
            action="append",
            default=[],
            choices=roads.NAMES,
            help="of the roads look at this one only; repeat it for several",
        )
        parser.add_argument(
            "--find-region",
            action="store_true",
            help="only this: try the OAuth client at the login host of each of the 18 regions",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if options["find_region"]:
            self._find_region()
            return
        found: list[Finding] = []
        for finding in _findings(frozenset(options["road"] or roads.NAMES)):
            found.append(finding)
            if not options["json"]:
                self._tell("\n".join(finding.lines))
        if options["json"]:
            self.stdout.write(_as_json(found))
        else:
            self.stdout.write(_summary(found))
        if worst(found) == Level.FAIL:
            sys.exit(1)

    def _find_region(self) -> None:
        this = patient.of_settings(timezone.now)
        found = reach.region_of(this, [f"https://api.{region}" for region in REGIONS])
        if found is None:
            self.stdout.write("no region gives this OAuth client a token: check its id and secret")
            sys.exit(1)
        self.stdout.write(f"set GENESYS_REGION={found.removeprefix('https://api.')}")


def _findings(wanted: frozenset[str]) -> Iterator[Finding]:
    this = patient.of_settings(timezone.now)
    broken = health.faults()
    for part in health.PARTS:
        if part in broken:
            yield fail(part, broken[part], FIXES[part])
        else:
            yield ok(part, "answers" if part != "migrations" else "all applied")
    if {"database", "migrations", "cache"} & broken.keys():
        yield from reach.configuration(this)
        yield warn("Genesys Cloud", "not looked at yet", AGAIN)
        return
    let_in = yield from examine.genesys(this, wanted)
    yield from examine.ours(this, wanted, let_in=let_in)


def _summary(found: list[Finding]) -> str:
    counts = {level: sum(1 for each in found if each.level == level) for level in Level}
    return ", ".join(f"{count} {level}" for level, count in counts.items())


def _as_json(found: list[Finding]) -> str:
    told = {"level": worst(found), "findings": [each._asdict() for each in found]}
    return json.dumps(told, indent=2)
