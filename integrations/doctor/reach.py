"""Whether Genesys Cloud is reached and lets us in: settings, hosts, clock, token."""

import difflib
from collections.abc import Iterable, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import msgspec
from django.conf import settings

from integrations.doctor.findings import GUIDE, Finding, fail, ok, warn
from integrations.doctor.patient import Patient
from integrations.errors import IntegrationError
from integrations.genesys.client import Token
from integrations.genesys.plain import login_host
from integrations.genesys.regions import REGIONS
from integrations.genesys.transport import Answer

ANYTHING: Final = "/api/v2/organizations/me"
SKEW_WARN_S: Final = 2.0
SKEW_FAIL_S: Final = 60.0
WRONG_GRANT: Final = frozenset({"unauthorized_client", "invalid_grant", "unsupported_grant_type"})


class Refusal(msgspec.Struct):
    """What the login host says where it gives no token."""

    error: str | None = None


def configuration(patient: Patient) -> Iterator[Finding]:
    """Look at what is set."""
    if settings.DEMO:
        yield ok(
            "settings",
            "the demo: no GENESYS_ variable is set, the simulator stands in for Genesys Cloud. For "
            "a real organisation set GENESYS_REGION, GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and "
            "SECRET_KEY",
        )
        return
    region = settings.GENESYS_REGION
    if region and region not in REGIONS:
        near = difflib.get_close_matches(region, REGIONS, n=1, cutoff=0.5)
        hint = f"is it {near[0]}? " if near else ""
        yield fail(
            "settings",
            f"GENESYS_REGION is {region!r}, which is none of the 18 regions",
            f"{hint}The regions are {', '.join(REGIONS)}",
        )
    else:
        yield ok("settings", f"GENESYS_REGION {region or '-'}, API host {patient.host}")
    if not settings.PUBLIC_URL:
        yield warn(
            "settings",
            "DCM_PUBLIC_URL is not set: genesys_setup cannot tell Genesys where to send events",
            "set it to the URL by which others reach DCM, as https://dcm.example.org",
        )


def hosts(patient: Patient) -> Iterator[Finding]:
    """Look whether API and login host answer."""
    base = patient.credentials.base_url.rstrip("/")
    for check, url in (("API host", base + ANYTHING), ("login host", login_host(base) + "/")):
        try:
            answer = patient.look(url)
        except IntegrationError as error:
            yield fail(check, str(error), _how_to_reach())
            return
        yield ok(check, f"{answer.where.split()[1].split('/')[0]} answers ({answer.status})")


def _how_to_reach() -> str:
    if settings.DEMO:
        return "start the demo with `make run`, or set the GENESYS_ variables of your organisation"
    return (
        "check GENESYS_REGION, DNS, and that the firewall or proxy lets HTTPS out to it; the "
        f"regions are {', '.join(REGIONS)}"
    )


def clock(patient: Patient) -> Iterator[Finding]:
    """Compare our clock with Genesys's; only what is off for certain counts.

    Genesys tells whole seconds, and the answer is told at some instant between question and answer.
    """
    asked = patient.clock()
    answer = patient.look(patient.credentials.base_url.rstrip("/") + ANYTHING)
    answered = patient.clock()
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        yield warn("clock", "Genesys did not tell its time", "check what answers in its place")
        return
    least = (asked - theirs).total_seconds() - 1
    off = max(least, 0.0) + min((answered - theirs).total_seconds(), 0.0)
    told = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} Genesys"
    fix = "let this machine keep its time by NTP (timedatectl set-ntp true)"
    if abs(off) > SKEW_FAIL_S:
        yield fail("clock", told, fix)
    elif abs(off) > SKEW_WARN_S:
        yield warn("clock", told, fix)
    else:
        yield ok("clock", "agrees with Genesys's")


def token(patient: Patient) -> Iterator[Finding]:
    """Look whether the OAuth client is given a token. A fresh one: a cached one may outlive it."""
    try:
        answer = patient.log_in(patient.credentials.base_url)
    except IntegrationError as error:
        yield fail("credentials", str(error), _how_to_reach())
        return
    if answer.status == HTTPStatus.OK:
        yield _given(answer)
        return
    reason = _reason(answer)
    where = f"{answer.where}: {answer.status} {reason}".strip()
    if reason in WRONG_GRANT:
        fix = "make an OAuth client of the grant type Client Credentials"
        yield fail("credentials", f"{where}: the grant type is another", f"{fix}: see {GUIDE}")
    else:
        fix = (
            "check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, and that the client is of this "
            "region: `genesys_doctor --find-region` asks the others"
        )
        yield fail("credentials", f"{where}: no token", fix)


def region_of(patient: Patient, base_urls: Iterable[str]) -> str | None:
    """Return the first API host whose login host knows the OAuth client."""
    for base_url in base_urls:
        try:
            if patient.log_in(base_url).status == HTTPStatus.OK:
                return base_url
        except IntegrationError:
            continue
    return None


def _given(answer: Answer) -> Finding:
    try:
        given = msgspec.json.decode(answer.body, type=Token)
    except msgspec.DecodeError:
        return fail(
            "credentials",
            f"{answer.where}: what came is no token",
            "another product answers, or a proxy: check GENESYS_REGION and GENESYS_BASE_URL",
        )
    hours = (given.expires_in or 0) / 3600
    return ok("credentials", f"a token by client credentials, good for {hours:.0f} h")


def _reason(answer: Answer) -> str:
    """Return the kind of a refusal; it is one of OAuth's few words, or nothing."""
    try:
        told = msgspec.json.decode(answer.body, type=Refusal).error or ""
    except msgspec.DecodeError:
        return ""
    return told if told.replace("_", "").isalpha() else ""
