"""What a policy asks of conversations and none has had lately: it may be misspelt."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from conversations.models import Conversation, RoutingNote
from sla.models import Policy
from sla.queue_hours import MEDIA

LATEST: Final = 5_000  # conversations that are looked at


class Asked(NamedTuple):
    """A condition of a policy, in words; caseless: however it is written."""

    said: str
    caseless: bool = False


ASKED: Final = {
    "message_types": Asked("kind of message", caseless=True),
    "skill_ids": Asked("skill"),
    "language_ids": Asked("language"),
    "labels": Asked("label", caseless=True),
}


def oddities(policy: Policy) -> Iterator[str]:
    """Yield what a policy asks for in vain, in sentences: two queries at most."""
    unknown = [name for name in policy.media_types if name.casefold() not in MEDIA]
    if unknown:
        yield f"There is no medium {_quoted(unknown)}: choose it among those that the form offers."
    asked = [name for name in ASKED if getattr(policy, name)]
    had = _had(asked) if asked else {}
    for name in asked:
        norm = str.casefold if ASKED[name].caseless else str
        unheard = [one for one in getattr(policy, name) if norm(one) not in had[name]]
        if unheard:
            yield (
                f"None of the last {LATEST:,} conversations had the {ASKED[name].said} "
                f"{_quoted(unheard)}: write it as Genesys does, ids for skills and languages."
            )


def _had(asked: list[str]) -> dict[str, set[str]]:
    """Return what the latest conversations had of what is asked for."""
    found: dict[str, set[str]] = {name: set() for name in ASKED}
    rows = Conversation.objects.order_by("-pk").values_list(
        "message_type", "skill_ids", "language_id"
    )[:LATEST]
    for message_type, skill_ids, language_id in rows:
        found["message_types"].add(message_type.casefold())
        found["skill_ids"].update(skill_ids)
        found["language_ids"].add(language_id)
    if "labels" in asked:
        notes = RoutingNote.objects.order_by("-pk").values_list("label", flat=True)[:LATEST]
        found["labels"] = {label.casefold() for label in notes}
    return found


def _quoted(names: list[str]) -> str:
    return ", ".join(map(repr, names))
