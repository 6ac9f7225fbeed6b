"""Look at everything that stands between Salesforce and DCM."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from integrations.doctor import salesforce
from integrations.doctor.findings import Finding, Level, worst


class Command(BaseCommand):
    help = (
        "Look at everything between Salesforce and DCM: credentials, API version, objects, fields, "
        "permissions, linking, tasks, limits, users, what waits. One line each: OK, WARN or FAIL, "
        "what was seen, and the fix. It changes nothing. Exit code 1 where anything is FAIL. See "
        "docs/salesforce-setup.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as one JSON object")

    def handle(self, *_: Any, **options: Any) -> None:
        found: list[Finding] = []
        for finding in salesforce.examine(now=timezone.now()):
            found.append(finding)
            if not options["json"]:
                self.stdout.write("\n".join(finding.lines))
                self.stdout.flush()
        if options["json"]:
            told = {"level": worst(found), "findings": [each._asdict() for each in found]}
            self.stdout.write(json.dumps(told, indent=2))
        if worst(found) == Level.FAIL:
            sys.exit(1)
