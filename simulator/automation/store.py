"""What has been set up: integrations, credentials, data actions, workflows and triggers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

Entity = dict[str, Any]
# ${credentials.token} in a header, as a data action's author writes it.
_CREDENTIAL: Final = re.compile(r"\$\{credentials\.(\w+)\}")


@dataclass(slots=True)
class Store:
    """All of it by id. secrets are the fields of credentials: no answer tells them."""

    integrations: dict[str, Entity] = field(default_factory=dict)
    configs: dict[str, Entity] = field(default_factory=dict)
    credentials: dict[str, Entity] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    actions: dict[str, Entity] = field(default_factory=dict)
    drafts: dict[str, Entity] = field(default_factory=dict)
    flows: dict[str, Entity] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # the YAML of each flow
    jobs: dict[str, Entity] = field(default_factory=dict)
    triggers: dict[str, Entity] = field(default_factory=dict)

    def calls(self) -> Iterator[tuple[Entity, Entity, str, str]]:
        """Return what fires: trigger, action, header and its value, secrets filled in.

        A trigger fires where it is enabled, its workflow published, and that calls a data action
        of an integration that is enabled.
        """
        for trigger in self.triggers.values():
            action = self._action(self.sources.get(trigger["target"]["id"], ""))
            if trigger["enabled"] and action:
                header, value = self._header(action)
                yield trigger, action, header, value

    def _action(self, source: str) -> Entity | None:
        """Return the data action that a workflow calls."""
        for action in self.actions.values():
            integration = self.integrations.get(action["integrationId"], {})
            if integration.get("intendedState") == "ENABLED" and f'"{action["name"]}":' in source:
                return action
        return None

    def _header(self, action: Entity) -> tuple[str, str]:
        """Return the header that holds a credential, with it."""
        secrets = self._secrets(action["integrationId"])
        for name, text in action["config"]["request"].get("headers", {}).items():
            if _CREDENTIAL.search(text):
                return name, _CREDENTIAL.sub(lambda found: secrets.get(found[1], ""), text)
        return "", ""

    def _secrets(self, integration_id: str) -> dict[str, str]:
        known: dict[str, str] = {}
        for named in self.configs[integration_id].get("credentials", {}).values():
            known |= self.secrets.get(named["id"], {})
        return known


def new_id() -> str:
    return str(uuid4())
