"""An organisation beside a contact centre: its agents are users, and what is written is a case."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from simulator.receivers.salesforce.auth import App
from simulator.receivers.salesforce.org import Org
from simulator.world import World
from simulator.world.records import Conversation

MEDIA = ("email", "message")


@dataclass(slots=True)
class Desk:
    """Keeps an organisation in step with a world, whenever somebody looks.

    Each conversation by e-mail or message that begins after the desk has opened, or was open then,
    gets a case in a queue, as a package of Genesys in Salesforce would make it. Nobody closes them.
    """

    org: Org
    world: World
    queue: str = ""
    opened: int = 0  # ms
    cases: dict[str, str] = field(default_factory=dict)  # by conversation

    def __post_init__(self) -> None:
        self.queue = self.org.queue("Genesys")
        self.opened = int(self.org.now().timestamp() * 1000)
        for agent in self.world.organization.agents:
            self.org.user(agent.name, agent.email, FederationIdentifier=agent.email)
        self.org.catch_up = self.catch_up

    def catch_up(self) -> None:
        """Make the cases that are lacking."""
        for known in list(self.world.conversations.values()):
            open_then = known.end is None or known.end > self.opened
            if known.media in MEDIA and known.id not in self.cases and open_then:
                self.cases[known.id] = self._case(known)

    def _case(self, known: Conversation) -> str:
        return self.org.case(
            known.subject or f"{known.media} of {known.customer_name}",
            OwnerId=self.queue,
            Origin="Email" if known.media == "email" else "Web",
            SuppliedName=known.customer_name[:80],
            Genesys_Conversation_Id__c=known.id,
        )


def organization(world: World, now: Callable[[], datetime], *, key: str, secret: str) -> Org:
    """Return an organisation beside a world, which an app with client credentials may enter."""
    org = Org(now)
    admit(org, key, secret)
    Desk(org, world)
    return org


def admit(org: Org, key: str, secret: str) -> None:
    """Set up an app that the integration comes in by, with client credentials."""
    org.auth.apps[key] = App(key, secret=secret, runs_as=org.integration)
