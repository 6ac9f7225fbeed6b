"""A step of the set-up: one thing that must be there, as it was found, and what makes it so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from integrations.genesys.client import Client
from integrations.genesys.setup.wishes import Wishes


class Kind(StrEnum):
    """What there is to do."""

    CREATE = "create"
    CHANGE = "change"
    EXISTS = "exists"
    REMOVE = "remove"


class Step(NamedTuple):
    """One thing. why says what differs. do makes it right."""

    kind: Kind
    what: str
    why: str = ""
    do: Callable[[], None] = lambda: None

    @property
    def line(self) -> str:
        return f"{self.kind:<7} {self.what}" + (f": {self.why}" if self.why else "")


@dataclass(slots=True)
class Found:
    """The ids of our things, "" for what is not there (yet)."""

    client: Client
    wishes: Wishes
    integration_id: str = ""
    credential_id: str = ""
    action_id: str = ""
    flow_ids: dict[str, str] = field(default_factory=dict)


# Looks at one kind of things. Each step is to be done before the next one is looked for.
Look = Callable[[Found], Iterator[Step]]
