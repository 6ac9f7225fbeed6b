"""What an administrator is told to do about an error of Genesys Cloud's."""

from typing import Final

from integrations.errors import (
    CredentialsError,
    IntegrationError,
    MalformedAnswerError,
    NotFoundError,
    PermissionMissingError,
    RateLimitedError,
    RefusedError,
    TemporaryError,
)

GUIDE: Final = "docs/genesys-setup.md"
# Where one kind is another's parent, the child stands first.
FIXES: Final[tuple[tuple[type[IntegrationError], str], ...]] = (
    (CredentialsError, f"see {GUIDE}, OAuth client; genesys_doctor tells more"),
    (RateLimitedError, "wait a minute, then run it again"),
    (
        TemporaryError,
        "run it again; if it stays so, look at Genesys's status page and the firewall",
    ),
    (NotFoundError, "this organisation or region does not have it, or the OAuth client is not let"),
    (
        MalformedAnswerError,
        "another product answers, or a proxy: check GENESYS_REGION and GENESYS_BASE_URL",
    ),
)


def fix_of(error: IntegrationError) -> str:
    """Return what to do about an error."""
    if isinstance(error, PermissionMissingError):
        names = " or ".join(error.permissions) or "the permission that is missing"
        return (
            f"add {names} to a role of the OAuth client (Admin > People & Permissions > Roles / "
            f"Permissions): see {GUIDE}, Permissions"
        )
    if isinstance(error, RefusedError) and error.said:
        return f"Genesys says: {error.said}"
    told = (fix for kind, fix in FIXES if isinstance(error, kind))
    return next(told, f"see {GUIDE}, Troubles")
