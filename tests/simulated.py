"""Somebody with a token, to ask a served simulator."""

from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the HTTP API."""

    url: str
    token: str

    def get(self, path: str, **query: Any) -> requests.Response:
        return requests.get(self.url + path, params=query, headers=self._headers, timeout=10)

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(self.url + path, json=body, headers=self._headers, timeout=10)

    def query(self, **body: Any) -> Any:
        """Ask the conversation detail query; a refusal fails the test."""
        answer = self.post("/api/v2/analytics/conversations/details/query", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
