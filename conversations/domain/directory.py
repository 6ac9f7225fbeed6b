"""Who and what conversations name: agents, queues, divisions, wrap-up codes, as Genesys lists them.

An absent text is "".
"""

from typing import Any, NamedTuple


class Division(NamedTuple):
    """A division of the organisation."""

    genesys_id: str
    name: str = ""


class Queue(NamedTuple):
    """A routing queue. email_addresses: what it writes from, in lower case."""

    genesys_id: str
    name: str = ""
    division_id: str = ""
    email_addresses: tuple[str, ...] = ()
    media_settings: dict[str, Any] = {}


class Agent(NamedTuple):
    """A user. state: active, inactive or deleted. auto_answer: is connected as soon as it rings."""

    genesys_id: str
    name: str = ""
    email: str = ""
    division_id: str = ""
    state: str = ""
    auto_answer: bool = False


class WrapUpCode(NamedTuple):
    """What an agent says a conversation was about."""

    genesys_id: str
    name: str = ""
    division_id: str = ""
