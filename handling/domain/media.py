"""Which medium may interrupt which, and Genesys's routing utilization that tells so."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

# The most urgent first.
MEDIA: Final = ("voice", "callback", "chat", "message", "email", "workitem")
_RANK: Final = {media: len(MEDIA) - at for at, media in enumerate(MEDIA)}
_ANALYTICS_NAME: Final = {"call": "voice"}


def rank(media_type: str) -> int:
    """Return how urgent a medium is; 0 where nothing is known of it."""
    return _RANK.get(media_type, 0)


@cache
def interrupters(media_type: str) -> frozenset[str]:
    """Return the media that may interrupt one where no utilization says so.

    A medium that is not in MEDIA neither interrupts nor is interrupted: nothing is taken out of
    handle time without a rule.
    """
    own = rank(media_type)
    return frozenset(other for other in MEDIA if own and rank(other) > own)


def matrix(
    organization: Mapping[str, Any], agent: Mapping[str, Any] | None = None
) -> dict[str, frozenset[str]] | None:
    """Return who may interrupt whom as Genesys's routing utilization has it; None: it has nothing.

    Takes the answers of /routing/utilization and /routing/users/{id}/utilization, or what stands
    under their "utilization". What the agent has of their own replaces the organisation's, medium
    by medium. Utilization says call where analytics says voice. Labels are not read.
    """
    own = agent if agent and agent.get("level") != "Organization" else None
    merged = {**_by_media(organization), **_by_media(own or {})}
    return merged or None


def _by_media(answer: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    inner = answer.get("utilization", answer)
    return {
        named(media): frozenset(map(named, setting.get("interruptableMediaTypes") or ()))
        for media, setting in inner.items()
        if isinstance(setting, Mapping) and "interruptableMediaTypes" in setting
    }


def named(media: str) -> str:
    """Return the name that analytics has for a medium: utilization says call for voice."""
    return _ANALYTICS_NAME.get(media, media)
