"""A message as Slack takes it: literal text in a rich text block, and a fallback for notifications.

In a rich text block nothing is parsed: a name cannot become a link, a mention or bold there. The
fallback is mrkdwn, so it is escaped; it is shown where blocks are not, as in a notification.
"""

from typing import Any, Final

from integrations.outbox.wording import Words

ACKNOWLEDGE: Final = "acknowledge"  # the button's action_id
LONGEST_TEXT: Final = 3_000
_ESCAPES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


def escaped(text: str) -> str:
    """Return text for mrkdwn: of these three characters all links and mentions are made."""
    for letter, entity in _ESCAPES:
        text = text.replace(letter, entity)
    return text


def written(words: Words, *, button: str = "", footer: str = "") -> dict[str, Any]:
    """Return what chat.postMessage and incoming webhooks take, without the channel.

    button: what a press of "Acknowledge" tells us; without it there is none. footer: a last line.
    """
    blocks = [{"type": "rich_text", "elements": [_section(words, footer)]}]
    if button:
        blocks.append({"type": "actions", "elements": [_button(button)]})
    told = (words.headline, words.line, footer)
    return {
        "text": escaped(" · ".join(part for part in told if part))[:LONGEST_TEXT],
        "blocks": blocks,
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _section(words: Words, footer: str) -> dict[str, Any]:
    lines: list[dict[str, Any]] = [
        {"type": "text", "text": words.headline, "style": {"bold": True}},
        {"type": "text", "text": f"\n{words.line}"},
    ]
    if words.link:
        lines.append({"type": "text", "text": "\n"})
        lines.append({"type": "link", "url": words.link, "text": "Open the conversation"})
    if footer:
        lines.append({"type": "text", "text": f"\n{footer}", "style": {"italic": True}})
    return {"type": "rich_text_section", "elements": lines}


def _button(value: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": ACKNOWLEDGE,
        "text": {"type": "plain_text", "text": "Acknowledge"},
        "value": value,
    }
