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
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

env = environ.Env()
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
    """Read the URL of a host, without a path; "" where it is unset."""
    hint = "write scheme and host alone, as https://api.mypurecloud.de"
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
    return raw.rstrip("/")


def _header(raw: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", raw):
        raise ValueError(raw)
    return raw


def _split(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def _database(raw: str) -> dict[str, Any]:
    config = env.db_url_config(raw) if "://" in raw else {}
    named = config.get("NAME") and config["NAME"] != ":memory:"  # every process has its own memory
    if config.get("ENGINE") not in ENGINES or not named:
        raise ValueError(raw)
    return dict(config)


def _spelt(default: Any) -> str:
    match default:
        case bool():
            return "1" if default else "0"
        case list():
            return ",".join(default)
        case dict():
            return f"sqlite:///{default['NAME']}"
        case _:
            return str(default)
