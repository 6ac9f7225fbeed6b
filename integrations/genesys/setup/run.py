"""The whole of it: looked at in order, each thing made before the next one is looked for.

Doing it twice is doing it once. A run that was broken off leaves things that the next one finds
by their names.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from integrations.genesys.client import Client
from integrations.genesys.setup import (
    credentials,
    data_action,
    integration,
    names,
    triggers,
    workflows,
)
from integrations.genesys.setup.steps import Found, Kind, Look, Step
from integrations.genesys.setup.wishes import Wishes

LOOKS: Final[tuple[Look, ...]] = (
    integration.integration,
    credentials.credential,
    integration.configuration,
    integration.activation,
    data_action.data_action,
    workflows.workflows,
    triggers.triggers,
)
Tell = Callable[[Step], None]


def plan(*, client: Client, wishes: Wishes, tell: Tell) -> int:
    """Tell what there is to do, and do none of it; return how much that is."""
    return _through(Found(client, wishes), tell=tell, do=False)


def apply(*, client: Client, wishes: Wishes, tell: Tell) -> int:
    """Make everything as it must be; return how many things were made or changed.

    tell is called with each thing once it is as it must be.
    """
    return _through(Found(client, wishes), tell=tell, do=True)


def remove(*, client: Client, tell: Tell, do: bool) -> int:
    """Take away what was made, in the opposite order; return how much there was."""
    count = 0
    for step in _removals(client):
        if do:
            step.do()
        tell(step)
        count += 1
    return count


def _through(found: Found, *, tell: Tell, do: bool) -> int:
    count = 0
    for look in LOOKS:
        for step in look(found):
            if do:
                step.do()
            tell(step)
            count += step.kind != Kind.EXISTS
    return count


def _removals(client: Client) -> Iterator[Step]:
    found = Found(client, Wishes(url=""))

    def gone(what: str, path: str) -> Step:
        return Step(Kind.REMOVE, what, do=lambda: _delete(client, path))

    for name, trigger in triggers.find(client).items():
        yield gone(f'trigger "{name}"', f"{triggers.PATH}/{trigger['id']}")
    for name, flow in workflows.find(client).items():
        yield gone(f'workflow "{name}"', f"{workflows.PATH}/{flow.id}")
    if known := integration.find(found):
        found.integration_id = known.id
        if action := data_action.find(found):
            yield gone(data_action.WHAT, f"{data_action.PATH}/{action.id}")
        yield gone(integration.WHAT, f"{integration.PATH}/{known.id}")
    if credential := credentials.find(found):
        path = f"{credentials.PATH}/{credential.id}"
        yield gone(f'credential "{names.CREDENTIAL}"', path)
    if credentials.is_in_use(now=client.clock()):
        what = f'keys of our source "{names.SOURCE}", which is switched off'
        yield Step(Kind.REMOVE, what, do=partial(_retire, client))


def _delete(client: Client, path: str) -> None:
    client.change("DELETE", path)


def _retire(client: Client) -> None:
    credentials.retire(now=client.clock())
