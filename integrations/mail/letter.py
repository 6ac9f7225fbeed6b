"""A message as a mail: its headers and its text. No HTML."""

import re
from collections.abc import Mapping
from typing import Final

from integrations.outbox.messages import Message
from integrations.outbox.wording import Words

PREFIX: Final = "[DCM]"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


def headers(message: Message, words: Words, domain: str) -> Mapping[str, str]:
    """Return the headers, each in one line.

    The Message-ID is the delivery's, so that a mail which comes twice is one; References makes one
    thread of a conversation's mails.
    """
    told = {
        "Subject": f"{PREFIX} {words.headline}",
        "Message-ID": f"<{message.id}@{domain}>",
        "Auto-Submitted": "auto-generated",  # so that nobody's absence answers
    }
    if _ID.fullmatch(message.conversation_id):
        told["References"] = f"<conversation-{message.conversation_id}@{domain}>"
    return told


def text(words: Words) -> str:
    """Return the text."""
    lines = [words.headline, "", *(f"{name}: {value}" for name, value in words.facts)]
    if words.link:
        lines += ["", words.link]
    return "\n".join(lines) + "\n"
