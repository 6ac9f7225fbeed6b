"""Print the configuration that holds, its secrets masked."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from dcm import env


class Command(BaseCommand):
    help = "List every variable that DCM reads: its value and whether it was set. Secrets: (set)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="as one JSON object")

    def handle(self, *_: Any, json: bool, **__: Any) -> None:
        variables = sorted(env.KNOWN.values(), key=lambda variable: variable.name)
        if json:
            self.stdout.write(as_json(variables))
            return
        mode = "demo" if settings.DEMO else "real organisation"
        self.stdout.write(f"mode: {mode}")
        width = max(len(variable.name) for variable in variables)
        for variable in variables:
            origin = "set" if variable.raw else "default"
            self.stdout.write(f"{variable.name:{width}}  {origin:7}  {variable.shown}")


def as_json(variables: list[env.Variable]) -> str:
    """Return the variables as a JSON object: name to value and whether it was set."""
    return json.dumps({v.name: {"value": v.shown, "set": bool(v.raw)} for v in variables}, indent=2)
