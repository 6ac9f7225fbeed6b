from django.core.checks import CheckMessage
from pytest_django import Settings

from dcm import checks


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_the_demo_refuses_every_address_but_loopback(settings: Settings) -> None:
    settings.DEMO = True
    settings.BIND, settings.ALLOWED_HOSTS = "0.0.0.0", ["127.0.0.1", "*"]
    assert ids(checks.the_demo_listens_on_this_machine_only()) == ["dcm.E001", "dcm.E002"]

    settings.BIND, settings.ALLOWED_HOSTS = "::1", ["localhost", "[::1]", "dcm.localhost"]
    assert ids(checks.the_demo_listens_on_this_machine_only()) == []


def test_a_real_organisation_may_be_served_anywhere_but_not_in_clear(
    settings: Settings,
) -> None:
    settings.DEMO, settings.BIND, settings.ALLOWED_HOSTS = False, "0.0.0.0", ["dcm.example.org"]
    settings.HTTPS = True
    assert ids(checks.the_demo_listens_on_this_machine_only()) == []
    assert ids(checks.passwords_do_not_cross_the_network_in_clear()) == []

    settings.HTTPS = False
    assert ids(checks.passwords_do_not_cross_the_network_in_clear()) == ["dcm.E003"]


def test_two_servers_on_one_port_are_refused(settings: Settings) -> None:
    settings.DEMO, settings.PORT, settings.SIMULATOR_PORT = True, 8000, 8000
    assert ids(checks.two_servers_do_not_share_a_port()) == ["dcm.E004"]


def test_a_misspelt_variable_is_a_warning_with_the_right_name() -> None:
    (found,) = checks.unknown(["DCM_POLL_SECOND", "DCM_VAR_DIR", "PATH"])
    assert (found.id, found.hint) == ("dcm.W001", "Did you mean DCM_POLL_SECONDS?")
