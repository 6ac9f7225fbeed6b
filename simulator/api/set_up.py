"""The endpoints by which an administrator sets things up, together."""

from collections.abc import Sequence

from simulator.api import account, data_actions, flows, integrations, triggers
from simulator.api.answers import Handler

ROUTES: Sequence[tuple[str, str, Handler]] = (
    *account.ROUTES,
    *data_actions.ROUTES,
    *integrations.ROUTES,
    *flows.ROUTES,
    *triggers.ROUTES,
)
CONTROL: Sequence[tuple[str, str, Handler]] = (
    *account.CONTROL,
    *flows.CONTROL,
    *triggers.CONTROL,
)
