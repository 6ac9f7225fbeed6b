"""simple-salesforce, unmodified, at a simulated organisation: any https:// leads to loopback."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from simulator.receivers.salesforce.auth import LOGIN, App
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import Served

KEY = "3MVG9dcm"


class ToLoopback(HTTPAdapter):
    """Sends what goes to https://host to a plain server of this machine."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        asked = urlsplit(request.url or "")
        request.url = f"{self._url}{asked.path}" + (f"?{asked.query}" if asked.query else "")
        return super().send(request, *args, **kwargs)


def session_to(url: str) -> Session:
    """Return a session whose every https:// leads to a URL of this machine."""
    session = Session()
    session.trust_env = False
    session.mount("https://", ToLoopback(url))
    return session


def direct(served: Served, *, user: str = "", version: str = "62.0") -> Salesforce:
    """Return a client in direct mode: with a session of a user, by default of the integration."""
    token = served.org.auth.log_in(user or served.org.integration).token
    session = session_to(served.url)
    instance = "acme.my.salesforce.com"
    return Salesforce(session_id=token, instance=instance, session=session, version=version)


def key_pair() -> tuple[str, str]:
    """Return a private key and its public key, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def connected_app(org: Org, *, certificate: str = "", secret: str = "") -> App:
    """Set up the app that lets the integration in."""
    app = App(KEY, certificate, secret, runs_as=org.integration, approved={org.integration})
    org.auth.apps[KEY] = app
    return app


def assertion(org: Org, private: str, **changed: Any) -> str:
    """Return a signed assertion of the integration's user, with claims changed."""
    claims = {
        "iss": KEY,
        "sub": "dcm@acme.example",
        "aud": LOGIN,
        "exp": int((org.now() + timedelta(minutes=3)).timestamp()),
    }
    return jwt.encode(claims | changed, private, algorithm="RS256")
