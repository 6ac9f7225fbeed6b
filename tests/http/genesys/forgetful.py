"""A cache that is emptied at the worst moment."""

from typing import Any

from django.core.cache.backends.locmem import LocMemCache


class Forgetful(LocMemCache):
    """Loses everything just before it is to count, as Redis does that is flushed by somebody."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(name or "forgetful", params)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        self.clear()
        return super().incr(key, delta, version)
