"""Throw the demo away, so that the next `make run` begins a new one."""

import shutil
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from dcm import demo, launch

KEPT_BY_THE_DEMO = ("dcm.sqlite3*", demo.FILE, "celerybeat-schedule*", "broker", "cache")


class Command(BaseCommand):
    help = "Delete the demo's database, world and waiting messages; the next start makes new ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--noinput", action="store_true", help="do not ask")

    def handle(self, *_: Any, noinput: bool, **__: Any) -> None:
        self._refuse_what_is_no_idle_demo()
        folder: Path = settings.VAR_DIR
        doomed = sorted(path for kept in KEPT_BY_THE_DEMO for path in folder.glob(kept))
        if not noinput and not self._agreed(folder, doomed):
            raise CommandError("nothing deleted")
        connection.close()
        for path in doomed:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        self.stdout.write(f"the demo in {folder} is gone: make run begins a new one")

    def _refuse_what_is_no_idle_demo(self) -> None:
        database = Path(str(settings.DATABASES["default"]["NAME"]))
        if not settings.DEMO or not settings.ON_SQLITE or database.parent != settings.VAR_DIR:
            raise CommandError(
                "only the demo's own SQLite file is thrown away: unset DATABASE_URL and GENESYS_*"
            )
        try:
            launch.refuse_another_world()
            launch.refuse_taken_ports({"PORT": settings.PORT}, host=settings.BIND)
        except launch.LaunchError as error:
            raise CommandError(str(error)) from error

    def _agreed(self, folder: Path, doomed: list[Path]) -> bool:
        if not sys.stdin.isatty():
            raise CommandError("no terminal to ask at: add --noinput")
        names = ", ".join(path.name for path in doomed) or "nothing"
        return input(f"delete {names} in {folder}? [y/N] ").strip().lower() in {"y", "yes"}
