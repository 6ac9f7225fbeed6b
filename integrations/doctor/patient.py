"""What is looked at: the credentials, the ways to reach Genesys, the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

import urllib3

from integrations.genesys.client import Client, Credentials
from integrations.genesys.plain import token_request
from integrations.genesys.transport import Answer, Request, Wire

TIMEOUT: Final = urllib3.Timeout(connect=5, read=10)
DEADLINE_S: Final = 20.0


@dataclass(frozen=True)
class Patient:
    """One deployment."""

    credentials: Credentials
    clock: Callable[[], datetime]

    @cached_property
    def wire(self) -> Wire:
        return Wire(timeout=TIMEOUT, deadline_s=DEADLINE_S)

    @cached_property
    def client(self) -> Client:
        return Client(self.credentials, clock=self.clock, wire=self.wire)

    @property
    def host(self) -> str:
        return urlsplit(self.credentials.base_url).netloc

    def look(self, url: str) -> Answer:
        """Ask for something without credentials: any answer shows that somebody is there."""
        return self.wire.send(Request("GET", url, {"Accept": "application/json"}, {}))

    def log_in(self, base_url: str) -> Answer:
        """Ask the login host of an API host for a token; return the answer, whatever it is."""
        asked = self.credentials
        return self.wire.send(token_request(base_url, asked.client_id, asked.client_secret))


def of_settings(clock: Callable[[], datetime]) -> Patient:
    """Return the deployment of the settings."""
    return Patient(Credentials.of_settings(), clock)
