"""What a Client needs of the SDK, for a process that asks little: loading that takes 200 MB."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from integrations.genesys.sdk import Sender
from integrations.genesys.transport import Request

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path


class ApiClient:
    """What of the SDK's ApiClient a Client calls, by the SDK's names."""

    def __init__(self, host: str, sender: Sender) -> None:
        self.access_token = ""
        self._host = host.rstrip("/")
        self._sender = sender

    def call_api(
        self,
        path: str,
        method: str,
        *,
        query_params: Mapping[str, str] | None,
        header_params: Mapping[str, str],
        body: Any,
        **_: Any,
    ) -> None:
        """Send a request with the access token; body is written as JSON."""
        headers = {**header_params, "Authorization": f"Bearer {self.access_token}"}
        raw = None if body is None else msgspec.json.encode(body)
        self._sender.send(Request(method, self._host + path, headers, query_params or {}, raw))

    def get_client_credentials_token(self, client_id: str, client_secret: str) -> None:
        """Ask for a token; whoever sends it reads the answer."""
        self._sender.send(token_request(self._host, client_id, client_secret))


def token_request(base_url: str, client_id: str, client_secret: str) -> Request:
    """Return what asks the login host of an API host for a token by client credentials."""
    basic = b64encode(f"{client_id}:{client_secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = b"grant_type=client_credentials"
    return Request("POST", login_host(base_url) + TOKEN_PATH, headers, {}, form)


def login_host(base_url: str) -> str:
    """Return the login host that belongs to an API host."""
    return base_url.replace("//api.", "//login.", 1).rstrip("/")
