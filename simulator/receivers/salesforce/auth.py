"""Who may come in: apps that an administrator has set up, their assertions, and sessions."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from simulator.receivers.salesforce.errors import SalesforceError

LOGIN: Final = "https://login.salesforce.com"
JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIVES: Final = timedelta(hours=2)  # from the last use on
_LATEST: Final = timedelta(minutes=5)  # how far ahead an assertion may end


class GrantError(Exception):
    """No token: OAuth's code and Salesforce's words."""

    def __init__(self, code: str, wording: str) -> None:
        super().__init__(wording)
        self.body = {"error": code, "error_description": wording}


@dataclass(slots=True)
class App:
    """A connected app.

    approved are users who may come in by an assertion; runs_as is the user of client credentials,
    where that flow is switched on.
    """

    key: str
    certificate: str = ""  # PEM: of a certificate, or of its public key alone
    secret: str = ""
    runs_as: str = ""
    approved: set[str] = field(default_factory=set)

    def public_key(self) -> RSAPublicKey | None:
        """Return what assertions are verified with."""
        if not self.certificate:
            return None
        pem = self.certificate.encode()
        whole = b"BEGIN CERTIFICATE" in pem
        key = load_pem_x509_certificate(pem).public_key() if whole else load_pem_public_key(pem)
        return key if isinstance(key, RSAPublicKey) else None


@dataclass(slots=True)
class Session:
    """A session: who it is, and until when it lasts if it is not used."""

    token: str
    user: str
    until: datetime


@dataclass(slots=True)
class Auth:
    """Apps and sessions. A user has one session at a time: who logs in again is given the same."""

    org: str
    now: Callable[[], datetime]
    apps: dict[str, App] = field(default_factory=dict)
    audiences: set[str] = field(default_factory=lambda: {LOGIN})
    lives: timedelta = _LIVES
    logins: int = 0
    sessions: dict[str, Session] = field(default_factory=dict)

    def log_in(self, user: str) -> Session:
        """Return the user's session: the one that still lasts, else a new one."""
        self.logins += 1
        for session in self.sessions.values():
            if session.user == user and session.until > self.now():
                return session
        token = f"{self.org[:15]}!AQ{secrets.token_urlsafe(60)}"
        self.sessions[token] = Session(token, user, self.now() + self.lives)
        return self.sessions[token]

    def expire(self) -> None:
        """End every session."""
        self.sessions.clear()

    def admit(self, authorization: str) -> str:
        """Return the user of an Authorization header. Raises SalesforceError (401)."""
        scheme, _, token = authorization.partition(" ")
        session = self.sessions.get(token) if scheme in ("Bearer", "OAuth") else None
        if session is None or session.until <= self.now():
            wording = "Session expired or invalid"
            raise SalesforceError("INVALID_SESSION_ID", wording, status=401)
        session.until = self.now() + self.lives
        return session.user

    def by_secret(self, key: str, secret: str) -> str:
        """Return the user whom client credentials stand for. Raises GrantError."""
        app = self.apps.get(key)
        if app is None:
            raise GrantError("invalid_client_id", "client identifier invalid")
        if not app.secret or not secrets.compare_digest(app.secret.encode(), secret.encode()):
            raise GrantError("invalid_client", "invalid client credentials")
        if not app.runs_as:
            raise GrantError("invalid_grant", "no client credentials user enabled")
        return app.runs_as

    def by_assertion(self, assertion: str, users: dict[str, dict[str, Any]]) -> str:
        """Return the user whom a signed assertion names. users are rows by name in small letters.

        Raises GrantError where signature, issuer, audience, time or user are not as they must be.
        """
        app, claims = self._verified(assertion)
        if claims.get("aud") not in self.audiences:
            raise GrantError("invalid_grant", "audience is invalid")
        self._check_time(claims.get("exp"))
        user = users.get(str(claims.get("sub", "")).lower())
        if user is None or user["Id"] not in app.approved:
            raise GrantError("invalid_grant", "user hasn't approved this consumer")
        if not user["IsActive"]:
            raise GrantError("inactive_user", "user is inactive")
        return str(user["Id"])

    def _verified(self, assertion: str) -> tuple[App, dict[str, Any]]:
        signed, _, signature = assertion.rpartition(".")
        header, _, payload = signed.partition(".")
        head, claims = _object(header), _object(payload)
        app = self.apps.get(str(claims.get("iss", "")))
        if app is None:
            raise GrantError("invalid_client_id", "client identifier invalid")
        key = app.public_key()
        if head.get("alg") != "RS256" or key is None:
            raise GrantError("invalid_grant", "invalid assertion")
        try:
            key.verify(_bytes(signature), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature as error:
            raise GrantError("invalid_grant", "invalid assertion") from error
        return app, claims

    def _check_time(self, value: Any) -> None:
        """Take seconds since 1970, as a number or, as many write it, as text."""
        try:
            left = float(value) - self.now().timestamp()
        except (TypeError, ValueError) as error:
            raise GrantError("invalid_grant", "invalid assertion") from error
        if not 0 < left <= _LATEST.total_seconds():
            raise GrantError("invalid_grant", "expired authorization code")


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise GrantError("invalid_grant", "invalid assertion") from error


def _object(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(_bytes(text))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GrantError("invalid_grant", "invalid assertion") from error
    return found if isinstance(found, dict) else {}
