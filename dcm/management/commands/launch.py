"""Start everything on one machine: what `make run` calls."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from dcm import demo, launch, receivers
from dcm.processes import Crew
from integrations.management.talking import TalkingCommand

DEMO_GREETING = """\
----------------------------------------------------------------------
DCM for Genesys Cloud: http://{host}:{port}/
  log in as admin / admin or as supervisor / supervisor
  a made-up contact centre in {zone}; stop with Ctrl-C
  what others are told of it: {receivers}
----------------------------------------------------------------------"""
GREETING = """\
----------------------------------------------------------------------
DCM for Genesys Cloud listens at {host}:{port}
  mirroring {genesys}; stop with Ctrl-C
----------------------------------------------------------------------"""


class Command(TalkingCommand):
    help = (
        "Bring the database up to date and run web, worker, beat and listener (in the demo also "
        "the simulator, with DCM_SQS_QUEUE_URL also the consumer) until Ctrl-C. Exits 0 when it "
        "was stopped, 1 when it could not start or a process fell."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prepare-only",
            action="store_true",
            help="bring database and logins up to date, and start nothing",
        )

    def handle(self, *_: Any, prepare_only: bool, **__: Any) -> None:
        try:
            self._prepare(taken_ports_matter=not prepare_only)
        except launch.LaunchError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("stopped before it had started", returncode=130) from None
        if not prepare_only:
            self._run()

    def _prepare(self, *, taken_ports_matter: bool) -> None:
        ports = {"PORT": settings.PORT}
        if settings.DEMO:
            ports["DCM_SIMULATOR_PORT"] = settings.SIMULATOR_PORT
        if taken_ports_matter:
            launch.refuse_taken_ports(ports, host=settings.BIND)
        launch.prepare(tell=self._tell, at_terminal=sys.stdin.isatty(), now=timezone.now())

    def _run(self) -> None:
        world = demo.world_of(settings.VAR_DIR, now=timezone.now()) if settings.DEMO else None
        commands = launch.commands()
        words = {"zone": world.zone if world else "", "genesys": settings.GENESYS_BASE_URL}
        words["receivers"] = receivers.page()
        template = DEMO_GREETING if world else GREETING
        greeting = template.format(host=settings.BIND, port=settings.PORT, **words)
        if world:
            timezone.activate(world.zone)  # at the first start the settings knew of none
        self._tell("starting " + ", ".join(commands))
        os.chdir(settings.BASE_DIR)
        code = Crew(clock=timezone.localtime).run(
            commands,
            env=launch.environment(world),
            meanwhile=lambda: launch.herald(clock=timezone.now, greeting=[greeting]),
        )
        if code:
            raise CommandError("a process fell: its last lines above say why", returncode=1)
        self._tell("everything has stopped")
