"""What people read in Salesforce. Names are whatever somebody called them: cut, and on one line."""

import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

LONGEST_SUBJECT: Final = 255
LONGEST_NAME: Final = 255
LONGEST_DESCRIPTION: Final = 32_000
LONGEST_LIST: Final = 32_000
_MORE: Final = "…"
_MEDIA: Final = {
    "voice": "call",
    "callback": "callback",
    "chat": "chat",
    "email": "e-mail",
    "message": "message",
    "": "interaction",
}


class Interrupter(NamedTuple):
    """What took seconds of a hold. Names are as somebody else wrote them."""

    conversation_id: str
    seconds: int
    media_type: str = ""
    direction: str = ""
    queue: str = ""


def clean(text: str, most: int) -> str:
    """Return a text on one line, without what is not seen, cut to a length."""
    shown = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    return cut(" ".join(shown.split()), most)


def cut(text: str, most: int) -> str:
    """Return a text cut to so many UTF-16 units, which is how Salesforce counts."""
    if len(text.encode("utf-16-le", "replace")) // 2 <= most:
        return text
    kept = text.encode("utf-16-le", "replace")[: 2 * (most - 1)].decode("utf-16-le", "ignore")
    return kept + _MORE


def duration(seconds: int) -> str:
    """Say a duration as people do: "10 min 0 s"."""
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min {rest} s"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def medium(media_type: str) -> str:
    """Return how people call a medium."""
    return _MEDIA.get(media_type) or clean(media_type, LONGEST_NAME)


def interrupter(one: Interrupter) -> str:
    """Say what took an agent away: "call (inbound) of queue Support"."""
    told = medium(one.media_type)
    if one.direction:
        told += f" ({clean(one.direction, LONGEST_NAME)})"
    if queue := clean(one.queue, LONGEST_NAME):
        told += f" of queue {queue}"
    return told


def interrupted_by(interrupters: Sequence[Interrupter]) -> str:
    """List what interrupted a hold's work and for how long, a line each."""
    lines = [f"{interrupter(one)}: {duration(one.seconds)}" for one in interrupters]
    return cut("\n".join(lines), LONGEST_LIST)


def subject(media_type: str, seconds: int, interrupters: Sequence[Interrupter]) -> str:
    """Return a Task's subject: what was held, how long, because of what."""
    told = f"{medium(media_type).capitalize()} held {duration(seconds)}"
    if interrupters:
        told += ": " + ", ".join(interrupter(one) for one in interrupters)
    return cut(told, LONGEST_SUBJECT)


def withdrawn(media_type: str) -> str:
    """Return the subject of a Task about a hold that, as it turned out, never was."""
    return cut(f"{medium(media_type).capitalize()} was not held (corrected)", LONGEST_SUBJECT)


def description(held: str, agent: str, interrupters: Sequence[Interrupter], link: str = "") -> str:
    """Return a Task's description: when and whose, a line for each interrupter, where to look."""
    lines = [f"On hold {held}"]
    if agent:
        lines.append(f"Agent: {clean(agent, LONGEST_NAME)}")
    lines += [
        f"Interrupted by {interrupter(one)}: {duration(one.seconds)}"
        f" (conversation {clean(one.conversation_id, LONGEST_NAME)})"
        for one in interrupters
    ]
    if link:
        lines.append(link)
    return cut("\n".join(lines), LONGEST_DESCRIPTION)
