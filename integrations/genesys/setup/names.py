"""What our things are called in Genesys Cloud: by these names they are found again."""

from typing import Final

PREFIX: Final = "DCM"
INTEGRATION: Final = f"{PREFIX} events"
CREDENTIAL: Final = f"{PREFIX} events token"
ACTION: Final = f"{PREFIX} send event"
SOURCE: Final = "Genesys Cloud triggers"

INTEGRATION_TYPE: Final = "custom-rest-actions"
CREDENTIAL_TYPE: Final = "userDefined"
TOKEN_FIELD: Final = "token"  # noqa: S105 - the name of a field

TOPIC: Final = "v2.detail.events.conversation.{id}."
# The events that are asked for, and whether they name a queue.
EVENTS: Final[dict[str, bool]] = {
    "user.start": True,
    "user.end": True,
    "acw": True,
    "customer.start": False,
    "customer.end": False,
    "acd.start": True,
    "acd.end": True,
}


def of_event(event: str) -> str:
    """Return the name of the workflow and of the trigger of an event."""
    return f"{PREFIX} {event}"
