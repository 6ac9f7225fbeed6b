"""The permissions that the OAuth client needs, and what is lacking without each."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from integrations.errors import NotFoundError, PermissionMissingError, RefusedError
from integrations.genesys.client import Client

SUBJECT: Final = "/api/v2/authorization/subjects/me"
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
ANY: Final = "*"


class Need(NamedTuple):
    """Permissions of which one is enough. probe is a cheap question that only they allow.

    without says what is lacking without them; vital: nothing works. only_setup: genesys_setup needs
    them, and nothing else. only_to: they are needed where some policy has this force disconnect.
    """

    names: tuple[str, ...]
    without: str
    probe: str = ""
    body: Any = None
    vital: bool = False
    only_setup: bool = False
    only_to: str = ""

    @property
    def told(self) -> str:
        return " or ".join(self.names)


_DAY: Final = "2020-01-01T00:00:00.000Z/2020-01-01T00:01:00.000Z"
NEEDS: Final = (
    Need(
        ("analytics:conversationDetail:view", "analytics:agentConversationDetail:view"),
        "no conversation is read: nothing works",
        f"/api/v2/analytics/conversations/details?id={NOBODY}",
        vital=True,
    ),
    Need(
        ("directory:user:view",),
        "agents have no names, and no WebSocket topics",
        "/api/v2/users?pageSize=1",
    ),
    Need(
        ("routing:queue:view",),
        "queues have no names, no service levels",
        "/api/v2/routing/queues?pageSize=1",
    ),
    Need(
        ("routing:wrapupCode:view",),
        "wrap-up codes have no names",
        "/api/v2/routing/wrapupcodes?pageSize=1",
    ),
    Need(
        ("routing:utilization:view", "routing:utilization:manage"),
        "which media interrupt which is taken from Genesys's defaults",
        "/api/v2/routing/utilization",
    ),
    Need(
        ("routing:schedule:view",),
        "opening hours are not taken over from Genesys",
        "/api/v2/architect/schedules?pageSize=1",
    ),
    Need(
        ("routing:scheduleGroup:view",),
        "opening hours are not taken over from Genesys",
        "/api/v2/architect/schedulegroups?pageSize=1",
    ),
    Need(
        ("analytics:userDetail:view",),
        "agents' presence is not completed from history",
        "/api/v2/analytics/users/details/query",
        {"interval": _DAY, "paging": {"pageSize": 1, "pageNumber": 1}},
    ),
    Need(
        ("analytics:agentState:view",),
        "that an agent has answered by hand is told by readings only, seconds later",
        f"/api/v2/analytics/agents/{NOBODY}/status",
    ),
    Need(
        ("conversation:communication:view",),
        "neither live conversations nor the WebSocket topics of conversations",
        f"/api/v2/conversations/{NOBODY}",
    ),
    Need(
        ("conversation:message:view", "conversation:webmessaging:view"),
        "who wrote last in messaging is not known: SLA clocks run on",
        f"/api/v2/conversations/messages/{NOBODY}/messages/bulk",
        [],
    ),
    Need(
        ("gdpr:request:view",),
        "erasure requests made in Genesys are not followed",
        "/api/v2/gdpr/requests?pageSize=1",
    ),
    Need(
        ("conversation:communication:disconnect",),
        "force disconnect cannot disconnect an agent",
        only_to="disconnect",
    ),
    Need(
        (
            "conversation:communication:blindTransfer",
            "conversation:communication:blindTransferQueue",
        ),
        "force disconnect cannot put a conversation back into its queue",
        only_to="requeue",
    ),
    *(
        Need((name,), without, only_setup=True)
        for names, without in (
            (
                tuple(f"integrations:integration:{each}" for each in ("view", "add", "edit")),
                "genesys_setup cannot make the integration and its credential",
            ),
            (
                tuple(f"integrations:action:{each}" for each in ("view", "add", "edit")),
                "genesys_setup cannot make the data action",
            ),
            (
                (
                    *("architect:flow:view", "architect:flow:add", "architect:flow:edit"),
                    *("architect:flow:publish", "architect:job:create", "architect:job:view"),
                ),
                "genesys_setup cannot publish the workflows: import them by hand",
            ),
            (
                tuple(f"processautomation:trigger:{each}" for each in ("view", "add", "edit")),
                "genesys_setup cannot make the triggers",
            ),
            (
                (
                    *("integrations:integration:delete", "integrations:action:delete"),
                    *("architect:flow:delete", "processautomation:trigger:delete"),
                ),
                "genesys_setup --remove cannot take things away",
            ),
        )
        for name in names
    ),
)


class Policy(msgspec.Struct, rename="camel"):
    """What a role grants on one kind of things."""

    domain: str = ""
    entity_name: str = ""
    actions: list[str] | None = None


class Role(msgspec.Struct):
    """A role of ours."""

    policies: list[Policy] | None = None


class Grant(msgspec.Struct):
    """A role, granted in a division."""

    role: Role | None = None


class Subject(msgspec.Struct):
    """Who asks."""

    grants: list[Grant] | None = None


def granted(client: Client) -> frozenset[str] | None:
    """Return the permissions of our roles, with * for all; None where Genesys does not tell."""
    try:
        grants = client.get(SUBJECT).decode(Subject).grants
    except (PermissionMissingError, NotFoundError, RefusedError):
        return None
    policies = (p for g in grants or () if g.role for p in g.role.policies or ())
    return frozenset(
        f"{p.domain}:{p.entity_name}:{action}" for p in policies for action in p.actions or ()
    )


def has(held: frozenset[str], name: str) -> bool:
    """Tell whether a permission is among those held; a * stands for all."""
    domain, entity, action = name.split(":")
    wide = {f"{domain}:{e}:{a}" for e in (entity, ANY) for a in (action, ANY)}
    return bool(held & wide)


def lacking(client: Client, needs: Iterable[Need], *, held: frozenset[str] | None) -> list[Need]:
    """Return the needs that are not met, by asking for what each allows, else by our roles."""
    return [need for need in needs if not _is_met(client, need, held)]


def _is_met(client: Client, need: Need, held: frozenset[str] | None) -> bool:
    if not need.probe:
        return held is None or any(has(held, name) for name in need.names)
    try:
        if need.body is None:
            client.get(need.probe)
        else:
            client.ask(need.probe, need.body)
    except PermissionMissingError:
        return False
    except (NotFoundError, RefusedError):
        pass  # let in, and what was asked for is not there
    return True
