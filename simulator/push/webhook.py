"""Sending to a webhook by real HTTP."""

import urllib3

from simulator.push.plan import Destination


class Webhook:
    """One URL with its token. A wrong one is sent for what is forged."""

    def __init__(self, of: Destination, *, connections: int = 8) -> None:
        self._url = of.url
        self._headers = {"Content-Type": "application/json", "User-Agent": "simulator"}
        self._header, self._token = of.header, of.token
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            retries=False,
            timeout=urllib3.Timeout(total=of.timeout_s),
        )

    def send(self, body: bytes, *, forged: bool) -> int:
        """Post a body; return the status of the answer, 0 where none came."""
        headers = self._headers | self._credentials("forged" if forged else self._token)
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError:
            return 0
        return answer.status

    def close(self) -> None:
        self._pool.clear()

    def _credentials(self, token: str) -> dict[str, str]:
        if not token:
            return {}
        bearer = self._header.lower() == "authorization"
        return {self._header: f"Bearer {token}" if bearer else token}
