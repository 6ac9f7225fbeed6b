"""Whether a session is answered without its agent's doing, and how long it may ring: settings.

mediaSettings is the queue's, as Genesys tells it; whatever is not told there, or is no truth value
or number, is taken for not set.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

# What a queue's settings call a medium, where it is not as analytics does.
_NAMES: Final = {"voice": "call"}
# The longest that a queue can be told to ring: what is beyond is damage.
LONGEST_RING: Final = timedelta(seconds=900)


def answers_itself(
    settings: Mapping[str, Any], *, media_type: str, message_type: str, agents: bool | None
) -> bool:
    """Tell whether who is rung at is connected at once.

    The most special setting counts: that of the kind of message, else of the medium, else the
    agent's own (None: not known). Genesys knows a setting of its own for each of them.
    """
    medium = _medium(settings, media_type)
    kinds = medium.get("subTypeSettings")
    by_kind = _lower(kinds).get(message_type.lower()) if isinstance(kinds, dict) else None
    told = (_truth(by_kind), _truth(medium), agents)
    return next((one for one in told if one is not None), False)


def rings_for(settings: Mapping[str, Any], media_type: str) -> timedelta | None:
    """Return how long a queue lets a medium ring; None where it does not tell."""
    told = _medium(settings, media_type).get("alertingTimeoutSeconds")
    if isinstance(told, bool) or not isinstance(told, int | float) or told <= 0:
        return None
    return timedelta(seconds=min(told, LONGEST_RING.total_seconds()))


def _medium(settings: Mapping[str, Any], media_type: str) -> Mapping[str, Any]:
    found = settings.get(_NAMES.get(media_type, media_type))
    return found if isinstance(found, dict) else {}


def _lower(kinds: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in kinds.items()}


def _truth(settings: Any) -> bool | None:
    found = settings.get("enableAutoAnswer") if isinstance(settings, dict) else None
    return found if isinstance(found, bool) else None
