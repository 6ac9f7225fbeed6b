"""System checks: a setting that must not stand stops the start with what to change."""

import os
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004

from dcm import env
from dcm.demo import is_loopback

LOCAL_NAMES = ".localhost"


@register(Tags.security)
def the_demo_listens_on_this_machine_only(**_: Any) -> list[CheckMessage]:
    """Refuse an address or host name beyond loopback while the demo's passwords hold."""
    if not settings.DEMO:
        return []
    hint = (
        "Everybody knows the demo's passwords. Leave it at 127.0.0.1, or set GENESYS_REGION, "
        "GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET to run against a real organisation."
    )
    found: list[CheckMessage] = []
    if not is_loopback(settings.BIND):
        message = f"DCM_BIND is {settings.BIND!r}, but the demo listens on loopback only"
        found.append(Error(message, hint=hint, id="dcm.E001"))
    strange = [name for name in settings.ALLOWED_HOSTS if not is_local(name)]
    if strange:
        message = f"ALLOWED_HOSTS has {', '.join(strange)}, but the demo serves loopback only"
        found.append(Error(message, hint=hint, id="dcm.E002"))
    return found


@register(Tags.security)
def passwords_do_not_cross_the_network_in_clear(**_: Any) -> list[CheckMessage]:
    """Refuse plain HTTP on an address that other machines reach."""
    if settings.DEMO or settings.HTTPS or is_loopback(settings.BIND):
        return []
    hint = (
        "Set DCM_HTTPS=1 and DCM_BEHIND_PROXY=1 behind a proxy that ends TLS, or listen on "
        "loopback: DCM_BIND=127.0.0.1."
    )
    message = f"DCM_HTTPS is 0 while DCM_BIND is {settings.BIND!r}: passwords would go in clear"
    return [Error(message, hint=hint, id="dcm.E003")]


@register
def two_servers_do_not_share_a_port(**_: Any) -> list[CheckMessage]:
    """Refuse one port for the pages and for the simulator."""
    if not settings.DEMO or settings.PORT != settings.SIMULATOR_PORT:
        return []
    message = f"PORT and DCM_SIMULATOR_PORT are both {settings.PORT}"
    return [Error(message, hint="Give each server a port of its own.", id="dcm.E004")]


@register
def every_variable_is_known(**_: Any) -> list[CheckMessage]:
    """Warn of a DCM_ variable that nothing reads: most likely it is misspelt."""
    return list(unknown(os.environ))


def unknown(names: Iterable[str]) -> Iterable[CheckMessage]:
    """Yield a warning for each of these names that looks like ours and is not."""
    for name, nearest in env.strangers(names).items():
        yield Warning(
            f"{name} is set, but nothing reads it",
            hint=f"Did you mean {nearest}?" if nearest else "manage.py dcm_config lists all.",
            id="dcm.W001",
        )


def is_local(name: str) -> bool:
    """Whether a name of ALLOWED_HOSTS can only stand for this machine."""
    return is_loopback(name) or name.endswith(LOCAL_NAMES)
