"""Settings from the environment: typed, with a default that runs, errors that say their name.

Every read leaves its variable in KNOWN, so that the configuration can be listed and a misspelt
name be told.
"""

import difflib
import logging
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from dcm.demo import is_loopback

T = TypeVar("T")

env = environ.Env()
# By what a mail server's URL begins with, and the port that it has then.
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
PRINTED = "consolemail"  # for trials: mails are printed
ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as it was read: its text ("" is unset) and what holds without it."""

    name: str
    raw: str
    default: str
    secret: bool = False

    @property
    def shown(self) -> str:
        """The value that holds, fit for a screen: no secret, no password of a URL."""
        value = self.raw or self.default
        if self.secret:
            return "(set)" if value else ""
        return re.sub(r"(?<=://)([^:/@]*):[^@]*@", r"\1:***@", value)


KNOWN: dict[str, Variable] = {}


def read(name: str, *, default: T, cast: Callable[[str], T], hint: str, secret: bool = False) -> T:
    """Read one variable; empty counts as unset.

    Raises ImproperlyConfigured, naming the variable and what to write, where cast refuses it.
    """
    raw = env.str(name, default="").strip()
    variable = KNOWN[name] = Variable(name, raw, _spelt(default), secret=secret)
    if not raw:
        return default
    try:
        return cast(raw)
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(f"{name} is {variable.shown!r}: {hint}") from error


def text(name: str, *, default: str = "") -> str:
    """Read a text."""
    return read(name, default=default, cast=str, hint="write a text")


def secret(name: str, *, default: str = "") -> str:
    """Read a text that no screen and no log may show."""
    return read(name, default=default, cast=str, hint="write a text", secret=True)


def secrets(name: str) -> list[str]:
    """Read texts that no screen and no log may show, with commas between them."""
    return _split(secret(name))


def header(name: str, *, default: str) -> str:
    """Read the name of an HTTP header."""
    hint = "write the name of a header, as X-API-Key"
    return read(name, default=default, cast=_header, hint=hint)


def base_url(name: str) -> str:
    """Read the URL of a host, without a path; "" where it is unset.

    http is refused beyond this machine: the credentials would cross the network in clear. A system
    check would not do, since web server and workers start without them.
    """
    hint = (
        "write scheme and host alone, as https://api.mypurecloud.de; http is taken for this "
        "machine alone (127.0.0.1), since credentials would cross the network in clear"
    )
    return read(name, default="", cast=_base_url, hint=hint)


def flag(name: str, *, default: bool) -> bool:
    """Read a boolean spelled 1 or 0."""
    return read(
        name, default=default, cast={"1": True, "0": False}.__getitem__, hint="write 1 or 0"
    )


def number(name: str, *, default: int, least: int = 0) -> int:
    """Read a whole number that is not below `least`."""

    def cast(raw: str) -> int:
        if int(raw) < least:
            raise ValueError(raw)
        return int(raw)

    return read(name, default=default, cast=cast, hint=f"write a whole number from {least} up")


def port(name: str, *, default: int) -> int:
    """Read a TCP port."""
    return read(
        name, default=default, cast=_port, hint="write a port: a whole number from 1 to 65535"
    )


def texts(name: str, *, default: list[str]) -> list[str]:
    """Read texts with commas between them."""
    return read(name, default=default, cast=_split, hint="write texts with commas between them")


def packages(name: str) -> list[str]:
    """Read names of Python packages with commas between them.

    Raises ImproperlyConfigured where Python finds one of them nowhere; none is imported.
    """
    found = texts(name, default=[])
    for package in found:
        if not _is_package(package):
            raise ImproperlyConfigured(
                f"{name} names {package!r}, and there is no such Python package: install it, or "
                "put its folder beside manage.py or on PYTHONPATH"
            )
    return list(dict.fromkeys(found))


def networks(name: str, *, default: list[str]) -> list[str]:
    """Read networks in CIDR notation with commas between them."""

    def cast(raw: str) -> list[str]:
        return [str(ip_network(part)) for part in _split(raw)]

    hint = "write networks with commas between them, as 10.1.0.0/16"
    return read(name, default=default, cast=cast, hint=hint)


def level(name: str, *, default: str) -> str:
    """Read a level of logging."""
    levels = logging.getLevelNamesMapping()

    def cast(raw: str) -> str:
        return logging.getLevelName(levels[raw.upper()])

    return read(name, default=default, cast=cast, hint="write DEBUG, INFO, WARNING or ERROR")


def folder(name: str, *, default: Path) -> Path:
    """Read the path of a folder, and make it where there is none.

    Raises ImproperlyConfigured where it cannot be made.
    """
    path = Path(text(name, default=str(default)))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} is {str(path)!r}, and no folder can be made there ({error.strerror}): "
            "name one that this user may write to"
        ) from error
    return path.resolve()


def database(name: str, *, default: str) -> dict[str, Any]:
    """Read a database's URL as Django's settings of it."""
    hint = "write postgres://user:password@host:5432/name or sqlite:////absolute/path"
    return read(name, default=env.db_url_config(default), cast=_database, hint=hint)


def mail(name: str) -> dict[str, Any]:
    """Read a mail server's URL as Django's settings of it, without None; {} where it is unset."""
    hint = (
        "write smtp+tls://user:password@host:587, smtp+ssl://user:password@host:465, or"
        " smtp://host:25; in user and password write %40 for @ and so on"
    )
    return read(name, default={}, cast=_mail, hint=hint, secret=True)


def mailbox(name: str, *, default: str = "") -> str:
    """Read an e-mail address, with or without a name before it."""
    hint = "write an address, as dcm@example.org or DCM <dcm@example.org>"
    return read(name, default=default, cast=_mailbox, hint=hint)


def strangers(names: Iterable[str]) -> dict[str, str]:
    """Of these names, each DCM_ one that nothing reads, and the nearest that is read or ""."""
    unknown = sorted(name for name in names if name.startswith("DCM_") and name not in KNOWN)
    return {
        name: next(iter(difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.6)), "")
        for name in unknown
    }


def read_file(beside: Path) -> None:
    """Take over the variables of DCM_ENV_FILE, else of .env in this folder; set ones stay."""
    path = Path(text("DCM_ENV_FILE", default=str(beside / ".env")))
    if path.exists():
        env.read_env(str(path))
    elif "DCM_ENV_FILE" in os.environ:
        raise ImproperlyConfigured(f"DCM_ENV_FILE is {str(path)!r}: there is no such file")


def _port(raw: str) -> int:
    if not 1 <= int(raw) <= 65_535:  # noqa: PLR2004 - what TCP has
        raise ValueError(raw)
    return int(raw)


def _base_url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(raw)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(raw)
    return raw.rstrip("/")


def _header(raw: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", raw):
        raise ValueError(raw)
    return raw


def _is_package(name: str) -> bool:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):  # its parent is none, or it is no name
        return False
    return spec is not None and spec.submodule_search_locations is not None


def _split(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def _database(raw: str) -> dict[str, Any]:
    config = env.db_url_config(raw) if "://" in raw else {}
    named = config.get("NAME") and config["NAME"] != ":memory:"  # every process has its own memory
    if config.get("ENGINE") not in ENGINES or not named:
        raise ValueError(raw)
    return dict(config)


def _mail(raw: str) -> dict[str, Any]:
    scheme = raw.partition("://")[0]
    config = env.email_url_config(raw) if scheme in MAIL_PORTS or scheme == PRINTED else {}
    if not config or (scheme != PRINTED and not config["EMAIL_HOST"]):
        raise ValueError(raw)
    told = {key: value for key, value in config.items() if value is not None}
    return {"EMAIL_PORT": MAIL_PORTS.get(scheme, 0)} | told


def _mailbox(raw: str) -> str:
    local, _, domain = parseaddr(raw)[1].rpartition("@")
    if not (local and domain and raw.isascii() and raw.isprintable()):
        raise ValueError(raw)
    return raw


def _spelt(default: Any) -> str:
    match default:
        case bool():
            return "1" if default else "0"
        case list():
            return ",".join(default)
        case dict() if not default:
            return ""
        case dict():
            return f"sqlite:///{default['NAME']}"
        case _:
            return str(default)
