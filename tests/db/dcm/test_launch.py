import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from dcm import demo, hooked, launch, logins
from integrations.inbox import sources
from integrations.models import Organization, Source, SourceKey
from sla.models import Calendar

pytestmark = pytest.mark.django_db


@pytest.fixture
def _real(settings: Settings) -> None:
    settings.DEMO = False


def refusal(step: object, **arguments: object) -> str:
    with pytest.raises(launch.LaunchError) as refused:
        step(**arguments)  # type: ignore[operator]
    return str(refused.value)


def test_a_taken_port_is_told_with_its_variable_and_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(launch.refuse_taken_ports, ports={"PORT": port}, host="127.0.0.1")
    assert said.startswith(f"port {port} on 127.0.0.1 is taken.")
    assert f"PORT={port + 1} make run" in said
    launch.refuse_taken_ports({"PORT": port}, host="127.0.0.1")


def test_a_wait_ends_with_the_first_answer_and_tells_every_five_seconds() -> None:
    told: list[str] = []
    errors = iter([OperationalError("refused\nby the host")] * 7)

    def look() -> None:
        if error := next(errors, None):
            raise error

    launch.wait_for("database", look, tell=told.append, pause=lambda _: None)

    assert told == [
        "waiting for the database (0 of 60 s): refused",
        "waiting for the database (5 of 60 s): refused",
    ]


def test_a_wait_has_an_end_that_says_what_was_missing() -> None:
    def look() -> None:
        raise OperationalError("no route")

    said = refusal(
        launch.wait_for,
        name="broker",
        look=look,
        tell=lambda _: None,
        pause=lambda _: None,
        at_most=timedelta(seconds=3),
    )
    assert said.startswith("no broker within 3 s (no route): start it")


def test_an_empty_database_takes_either_world(settings: Settings) -> None:
    for settings.DEMO in (True, False):
        launch.refuse_another_world()


@pytest.mark.usefixtures("_real")
def test_a_real_organisation_refuses_the_demos_rows() -> None:
    Organization.objects.create(demo=True)
    assert "holds the demo's made-up rows" in refusal(launch.refuse_another_world)


def test_the_demo_refuses_a_real_organisations_rows() -> None:
    Organization.objects.create(demo=False)
    assert "mirrors a real organisation" in refusal(launch.refuse_another_world)


@pytest.mark.usefixtures("_real")
def test_a_real_organisation_refuses_the_demos_logins_until_their_passwords_change() -> None:
    logins.open_demo()
    assert "login of admin and supervisor" in refusal(launch.refuse_demo_logins)

    for user in User.objects.all():
        user.set_password("a long one of its own")
        user.save(update_fields=["password"])
    launch.refuse_demo_logins()


def test_the_demo_opens_its_two_logins_and_keeps_a_changed_password() -> None:
    logins.open_demo()
    admin, supervisor = User.objects.order_by("pk")
    assert logins.demo_users() == ["admin", "supervisor"]
    assert admin.is_superuser
    assert not supervisor.is_superuser
    assert not supervisor.is_staff
    assert supervisor.has_perm("conversations.view_conversation")
    assert supervisor.has_perms(["sla.view_alert", "sla.change_alert"])
    assert not supervisor.has_perm("sla.change_policy")
    assert not supervisor.has_perm("conversations.change_conversation")

    admin.set_password("mine now")
    admin.save(update_fields=["password"])
    logins.open_demo()
    assert logins.demo_users() == ["supervisor"]
    assert User.objects.count() == 2


def test_the_first_administrator_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "ada")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "difference-engine")
    launch.admit_administrator(at_terminal=False)
    ada = User.objects.get()
    assert (ada.username, ada.is_superuser) == ("ada", True)
    assert ada.check_password("difference-engine")

    launch.admit_administrator(at_terminal=False)
    assert User.objects.count() == 1


def test_without_terminal_and_variables_the_start_says_how_to_make_one() -> None:
    said = refusal(launch.admit_administrator, at_terminal=False)
    assert "DJANGO_SUPERUSER_USERNAME" in said
    assert "manage.py createsuperuser" in said


def test_preparing_twice_is_preparing_once(
    settings: Settings, tmp_path: Path, now: datetime
) -> None:
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.VAR_DIR = tmp_path
    launch.prepare(tell=lambda _: None, at_terminal=False, now=now)
    assert Organization.objects.get().demo is True
    assert User.objects.count() == 2
    calendar = Calendar.objects.get()
    assert calendar.timezone == demo.world_of(tmp_path, now=now).zone
    assert calendar.hours["sun"] == [["08:00", "20:00"]]

    Calendar.objects.update(hours={})
    launch.prepare(tell=lambda _: None, at_terminal=False, now=now)
    assert Calendar.objects.get().hours == {}
    assert User.objects.count() == 2


@pytest.mark.usefixtures("_real")
def test_preparing_for_a_real_organisation_opens_no_demo_login(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    settings.CELERY_BROKER_URL = "filesystem://"
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "ada")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "difference-engine")
    launch.prepare(tell=lambda _: None, at_terminal=False, now=now)
    assert [user.username for user in User.objects.all()] == ["ada"]
    assert Organization.objects.get().demo is False


def test_the_simulator_finds_its_world_in_the_environment() -> None:
    world = demo.World(seed=3, epoch="2026-03-25T16:00:00+00:00", zone="Asia/Tokyo")
    env = launch.environment(world)
    assert (env["SIMULATOR_SEED"], env["SIMULATOR_ZONE"]) == ("3", "Asia/Tokyo")
    assert env["SIMULATOR_EPOCH"] == world.epoch
    assert "SIMULATOR_SEED" not in launch.environment(None)
    assert "SIMULATOR_PUSH_TOKEN" not in launch.environment(None)


def test_the_simulator_posts_with_a_key_that_a_restart_keeps(
    settings: Settings, tmp_path: Path, client: Client, now: datetime
) -> None:
    world = hooked.admit_simulator(tmp_path, now=now)

    assert hooked.admit_simulator(tmp_path, now=now) == world
    assert world.push_token not in repr(world)
    assert (tmp_path / demo.FILE).stat().st_mode & 0o777 == 0o600
    settings.PORT, settings.BIND = 8123, "::1"
    env = launch.environment(world)
    assert env["SIMULATOR_PUSH_URL"] == "http://[::1]:8123/hooks/genesys/"
    told = client.post(
        "/hooks/genesys/",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {env['SIMULATOR_PUSH_TOKEN']}"},
    )
    assert told.status_code == 202


def test_the_simulator_gets_a_new_key_where_its_own_opens_nothing(
    tmp_path: Path, now: datetime
) -> None:
    first = hooked.admit_simulator(tmp_path, now=now)
    sources.revoke(key_id=SourceKey.objects.get().pk, now=now)
    second = hooked.admit_simulator(tmp_path, now=now + timedelta(seconds=1))

    assert second.push_token != first.push_token
    assert (second.epoch, second.zone) == (first.epoch, first.zone)
    assert Source.objects.count() == 1


def test_only_processes_that_have_something_to_do_are_started(settings: Settings) -> None:
    settings.DEMO, settings.LISTEN, settings.SQS_QUEUE_URL = True, True, ""
    assert list(launch.commands()) == ["simulator", "web", "worker", "beat", "listener"]
    settings.DEMO, settings.LISTEN, settings.SQS_QUEUE_URL = False, False, "https://sqs/q"
    assert list(launch.commands()) == ["web", "worker", "beat", "consumer"]


def test_the_first_import_is_told_until_nothing_more_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = iter(range(1000))
    counts = iter([0, 40, 90, 90, 90, 90])
    monkeypatch.setattr(launch, "conversations_so_far", lambda: next(counts))

    def clock() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(seconds))

    lines = [line for line in launch.progress(clock) if line]

    assert lines == [
        "first import: 40 conversations",
        "first import: 90 conversations",
        "first import done: the board is live",
    ]
