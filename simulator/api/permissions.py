"""What the OAuth client may do: everything, until the control surface takes something away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, Final

from simulator.api.errors import ApiError, bad_request

# method, path, the permissions of which one is enough; the first that fits decides.
_RULES: Final[Sequence[tuple[str, str, tuple[str, ...]]]] = (
    (
        "POST",
        "/api/v2/analytics/conversations/details/*",
        ("analytics:conversationDetail:view", "analytics:agentConversationDetail:view"),
    ),
    (
        "GET",
        "/api/v2/analytics/conversations/*",
        ("analytics:conversationDetail:view", "analytics:agentConversationDetail:view"),
    ),
    ("POST", "/api/v2/analytics/users/details/query", ("analytics:userDetail:view",)),
    ("GET", "/api/v2/analytics/agents/*", ("analytics:agentState:view",)),
    ("POST", "/api/v2/analytics/agents/*", ("analytics:agentState:view",)),
    (
        "POST",
        "/api/v2/conversations/messages/*/messages/bulk",
        ("conversation:message:view", "conversation:webmessaging:view"),
    ),
    (
        "PATCH",
        "/api/v2/conversations/*/participants/*",
        ("conversation:communication:disconnect",),
    ),
    (
        "POST",
        "/api/v2/conversations/*/participants/*/replace",
        (
            "conversation:communication:blindTransfer",
            "conversation:communication:blindTransferQueue",
        ),
    ),
    ("GET", "/api/v2/conversations/*", ("conversation:communication:view",)),
    ("GET", "/api/v2/routing/queues*", ("routing:queue:view",)),
    ("GET", "/api/v2/routing/wrapupcodes", ("routing:wrapupCode:view",)),
    ("GET", "/api/v2/routing/*utilization", ("routing:utilization:view",)),
    ("GET", "/api/v2/architect/schedulegroups*", ("routing:scheduleGroup:view",)),
    ("GET", "/api/v2/architect/schedules*", ("routing:schedule:view",)),
    ("GET", "/api/v2/users*", ("directory:user:view",)),
    ("GET", "/api/v2/gdpr/requests*", ("gdpr:request:view",)),
    ("GET", "/api/v2/integrations/actions*", ("integrations:action:view", "bridge:actions:view")),
    ("POST", "/api/v2/integrations/actions/*/draft*", ("integrations:action:edit",)),
    ("POST", "/api/v2/integrations/actions*", ("integrations:action:add",)),
    ("PATCH", "/api/v2/integrations/actions*", ("integrations:action:edit",)),
    ("DELETE", "/api/v2/integrations/actions*", ("integrations:action:delete",)),
    ("GET", "/api/v2/integrations*", ("integrations:integration:view",)),
    ("POST", "/api/v2/integrations/credentials", ("integrations:integration:edit",)),
    ("POST", "/api/v2/integrations", ("integrations:integration:add",)),
    ("PUT", "/api/v2/integrations/*", ("integrations:integration:edit",)),
    ("PATCH", "/api/v2/integrations/*", ("integrations:integration:edit",)),
    ("DELETE", "/api/v2/integrations/*", ("integrations:integration:delete",)),
    ("POST", "/api/v2/flows/jobs", ("architect:job:create",)),
    ("GET", "/api/v2/flows/jobs/*", ("architect:job:view",)),
    ("GET", "/api/v2/flows*", ("architect:flow:view",)),
    ("DELETE", "/api/v2/flows/*", ("architect:flow:delete",)),
    ("GET", "/api/v2/processautomation/triggers*", ("processautomation:trigger:view",)),
    ("POST", "/api/v2/processautomation/triggers*", ("processautomation:trigger:add",)),
    ("PUT", "/api/v2/processautomation/triggers/*", ("processautomation:trigger:edit",)),
    ("DELETE", "/api/v2/processautomation/triggers/*", ("processautomation:trigger:delete",)),
)
# What no path of ours asks for by itself: topics do, and the publishing of a flow.
_MORE: Final = frozenset(
    (
        *("quality:evaluation:view", "quality:survey:view", "presence:user:view"),
        *("architect:flow:add", "architect:flow:edit", "architect:flow:publish"),
    )
)
ALL: Final = frozenset(name for _, _, names in _RULES for name in names) | _MORE


@dataclass(slots=True)
class Permissions:
    """The permissions that were taken away."""

    denied: frozenset[str] = field(default_factory=frozenset)

    @property
    def granted(self) -> frozenset[str]:
        return ALL - self.denied

    def check(self, method: str, path: str) -> None:
        """Raise ApiError (403) where a request needs what was taken away."""
        if not self.denied:
            return
        for of, glob, names in _RULES:
            if of == method and fnmatch(path, glob):
                if not self.granted & set(names):
                    raise _missing(names)
                return

    def deny(self, names: Any) -> None:
        """Take permissions away, and give all others back. Raises ApiError for unknown ones."""
        if not isinstance(names, list) or not set(names) <= ALL:
            raise bad_request(f'Give {{"denied": [names out of {", ".join(sorted(ALL))}]}}')
        self.denied = frozenset(names)


def _missing(names: tuple[str, ...]) -> ApiError:
    if len(names) == 1:
        return ApiError(
            403,
            "missing.permissions",
            "Unable to perform the requested action. You are missing the following "
            f"permission(s): {names[0]}",
            details={"messageParams": {"permissions": names[0]}},
        )
    listed = ", ".join(names)
    return ApiError(
        403,
        "missing.any.permissions",
        "Unable to perform the requested action. You must have at least one of the following "
        f"permissions: [{listed}]",
        details={"messageParams": {"permissions": listed}},
    )
