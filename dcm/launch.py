"""The steps of a start, in their order; each leaves things as the next needs them.

What stops a start raises LaunchError, whose message says what to do.
"""

import http.client
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connection

from conversations.models import Conversation
from dcm import demo, health, hooked, logins, receivers
from dcm.celery import app
from dcm.processes import commands_in
from integrations.models import Organization
from sla.models import Calendar

WAIT_AT_MOST = timedelta(seconds=60)
Tell = Callable[[str], None]
_PAUSE = Event().wait  # never set: it waits its time out, and Ctrl-C ends it


class LaunchError(Exception):
    """The start cannot go on; the message says why and what to do."""


def refuse_taken_ports(ports: Mapping[str, int], *, host: str) -> None:
    """Raise LaunchError for the first port, named by its variable, that is not free."""
    for variable, port in ports.items():
        if is_taken(host, port):
            raise LaunchError(
                f"port {port} on {host} is taken. If DCM already runs in another terminal, stop it "
                f"there with Ctrl-C; else take another port: {variable}={port + 1} make run"
            )


def is_taken(host: str, port: int) -> bool:
    """Whether somebody listens at this address, or it cannot be listened at."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError:
            return True
    return False


def wait_for(
    name: str,
    look: Callable[[], None],
    *,
    tell: Tell,
    pause: Callable[[float], object] = _PAUSE,
    at_most: timedelta = WAIT_AT_MOST,
) -> None:
    """Look every second until no error comes; tell of the wait every five seconds.

    Raises LaunchError, with the last error, when it has taken `at_most`.
    """
    seconds = int(at_most.total_seconds())
    for second in range(seconds + 1):
        try:
            look()
        except Exception as error:
            if second == seconds:
                raise LaunchError(
                    f"no {name} within {seconds} s ({_first_line(error)}): start it, or correct "
                    f"the variable that names it (manage.py dcm_config shows what is set)"
                ) from error
            if second % 5 == 0:
                tell(f"waiting for the {name} ({second} of {seconds} s): {_first_line(error)}")
            pause(1.0)
        else:
            return


def wait_for_servers(tell: Tell) -> None:
    """Wait for the database and the broker where they are servers of their own."""
    if not settings.ON_SQLITE:
        wait_for("database", health.database, tell=tell)
    if settings.CELERY_BROKER_URL != "filesystem://":
        wait_for("broker", health.broker, tell=tell)


def refuse_another_world() -> None:
    """Raise LaunchError where the database mirrors the demo and we do not, or the reverse.

    A made-up centre's rows among real ones could never be told apart again.
    """
    try:
        demo_rows = Organization.objects.values_list("demo", flat=True).first()
    except (OperationalError, ProgrammingError):
        return  # no table yet: an empty database takes either world
    if settings.DEMO and demo_rows is False:
        raise LaunchError(
            "this database mirrors a real organisation, but no GENESYS_ variable is set, which "
            "means the demo: set GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, or "
            "give the demo a database of its own (unset DATABASE_URL, or another DCM_VAR_DIR)"
        )
    if not settings.DEMO and demo_rows:
        raise LaunchError(
            "this database holds the demo's made-up rows: give the real organisation one of its "
            "own (DATABASE_URL), or throw the demo away with `make demo-reset`"
        )


def refuse_demo_logins() -> None:
    """Raise LaunchError where a password that everybody knows opens a real organisation's data."""
    if users := logins.demo_users():
        raise LaunchError(
            f"the demo's password still opens the login of {' and '.join(users)}: change it with "
            f"`manage.py changepassword {users[0]}`"
        )


def admit_administrator(*, at_terminal: bool) -> None:
    """Make the first administrator, from DJANGO_SUPERUSER_* or at a prompt, where there is none."""
    if logins.is_administered():
        return
    given = {"DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_PASSWORD"} <= os.environ.keys()
    if not given and not at_terminal:
        raise LaunchError(
            "nobody can log in yet, and there is no terminal to ask at: set "
            "DJANGO_SUPERUSER_USERNAME, DJANGO_SUPERUSER_EMAIL and DJANGO_SUPERUSER_PASSWORD, or "
            "run manage.py createsuperuser"
        )
    os.environ.setdefault("DJANGO_SUPERUSER_EMAIL", "")
    call_command("createsuperuser", interactive=not given)


def prepare(*, tell: Tell, at_terminal: bool, now: datetime) -> None:
    """Bring database and logins into the state in which the servers can start."""
    wait_for_servers(tell)
    refuse_another_world()
    tell("bringing the database up to date")
    call_command("migrate", interactive=False)
    _, new = Organization.objects.get_or_create(only=True, defaults={"demo": settings.DEMO})
    if settings.DEMO:
        logins.open_demo()
        world = hooked.admit_simulator(settings.VAR_DIR, now=now)
        if new:
            open_every_day(world)
    else:
        refuse_demo_logins()
        admit_administrator(at_terminal=at_terminal)


def open_every_day(world: demo.World) -> None:
    """Give the first calendar the hours of the made-up centre: a demo may begin on a Sunday."""
    hours = {day: [[demo.OPENS, demo.CLOSES]] for day in demo.WEEK}
    Calendar.objects.update(timezone=world.zone, hours=hours)


def environment(world: demo.World | None) -> dict[str, str]:
    """Return what the Procfile's commands find in their environment."""
    mine = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        # The worker drops what it does when told to end: rows hold what is to be done, and waiting
        # for a reading of Genesys to finish would make Ctrl-C take ten seconds.
        "REMAP_SIGTERM": "SIGQUIT",
    }
    if world:
        mine |= {
            "SIMULATOR_PORT": str(settings.SIMULATOR_PORT),
            "SIMULATOR_SEED": str(world.seed),
            "SIMULATOR_EPOCH": world.epoch,
            "SIMULATOR_ZONE": world.zone,
            "SIMULATOR_PUSH_URL": hooked.url() if world.push_token else "",
            "SIMULATOR_PUSH_TOKEN": world.push_token,
        }
    return {**os.environ, **mine}


def commands() -> dict[str, str]:
    """Return the Procfile's commands without those that the settings leave nothing to do."""
    wanted = {
        "simulator": settings.DEMO,
        "listener": settings.LISTEN,
        "consumer": bool(settings.SQS_QUEUE_URL),
    }
    every = commands_in(settings.BASE_DIR / "Procfile")
    return {name: command for name, command in every.items() if wanted.get(name, True)}


def wake_up() -> None:
    """Send each of beat's tasks once: the worker's own first look may have met no simulator yet."""
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        app.send_task(entry["task"], **entry["options"])


def herald(*, clock: Callable[[], datetime], greeting: Iterable[str]) -> Iterator[str]:
    """Step by step: wait until the pages answer, wake the worker, greet, tell of the first rows."""
    while not answers(settings.BIND, settings.PORT, "/healthz"):
        yield ""
    first = not Conversation.objects.exists()
    connection.close()
    if settings.DEMO:
        while not is_taken("127.0.0.1", settings.SIMULATOR_PORT):
            yield ""
        wake_up()
    yield from greeting
    if first:
        yield from progress(clock)
    if settings.DEMO:  # only now: what the first import finds is not news to anybody
        receivers.make_missing(now=clock())
        connection.close()


def progress(clock: Callable[[], datetime]) -> Iterator[str]:
    """Tell every two seconds how far the first import has come, until no more comes."""
    before, due, calm = 0, clock(), 0
    while calm < 3:  # noqa: PLR2004 - six seconds without a new one
        if clock() < due:
            yield ""
            continue
        due = clock() + timedelta(seconds=2)
        count = conversations_so_far()
        calm = calm + 1 if 0 < count == before else 0
        if count != before:
            yield f"first import: {count} conversations"
        before = count
    yield "first import done: the board is live"


def conversations_so_far() -> int:
    """Count the mirror; 0 while the database is too busy to say."""
    try:
        return Conversation.objects.count()
    except OperationalError:
        return 0
    finally:
        connection.close()


def answers(host: str, port: int, path: str) -> bool:
    """Whether a GET is answered with 200 within a second."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    caller = http.client.HTTPConnection(reached.strip("[]"), port, timeout=1)
    try:
        caller.request("GET", path)
        return caller.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        caller.close()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
