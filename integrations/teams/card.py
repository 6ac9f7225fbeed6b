"""A message as an Adaptive Card, in the envelope that a workflow of Teams takes.

Everything stands in text runs, which know no markdown: a name cannot become a link or bold there.
"""

from typing import Any, Final

from integrations.outbox.wording import Words

VERSION: Final = "1.4"
MOST_BYTES: Final = 28 * 1024  # what Teams takes; a card of ours is a tenth of it
_SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
_TYPE: Final = "application/vnd.microsoft.card.adaptive"


def envelope(words: Words) -> dict[str, Any]:
    """Return what is posted to the workflow's URL."""
    attachment = {"contentType": _TYPE, "contentUrl": None, "content": _card(words)}
    return {"type": "message", "attachments": [attachment]}


def _card(words: Words) -> dict[str, Any]:
    card: dict[str, Any] = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": [
            _line(_run(words.headline, weight="Bolder", size="Medium")),
            *(_line(_run(f"{name}: ", isSubtle=True), _run(value)) for name, value in words.facts),
        ],
        "msteams": {"width": "Full"},
    }
    if words.link:
        action = {"type": "Action.OpenUrl", "title": "Open the conversation", "url": words.link}
        card["actions"] = [action]
    return card


def _line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": list(runs)}


def _run(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **look}
