"""Slack's own words for what went wrong, and what each means to a delivery and an administrator."""

import re
from typing import Final

from integrations.domain.delivery import Outcome, Result

# Whatever else is sent would be refused too, until somebody does this.
STOPS: Final = {
    "invalid_auth": "the token is wrong: copy the app's Bot User OAuth Token again",
    "not_authed": "no token arrived: copy the app's Bot User OAuth Token again",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again and copy its new token",
    "token_expired": "the token has expired: switch token rotation off, or copy a new one",
    "not_allowed_token_type": "this is no bot's token: copy the one that begins with xoxb-",
    "missing_scope": "the app lacks a permission: add chat:write, channels:history and, for private"
    " channels, groups:history; then install it again",
    "no_permission": "the app lacks a permission: add chat:write, then install it again",
    "channel_not_found": "there is no such channel, or it is private and the app is not in it:"
    " write /invite and the app's name there",
    "not_in_channel": "the app is not in the channel: write /invite and the app's name there",
    "is_archived": "the channel is archived: choose another, or unarchive it",
    "channel_is_archived": "the channel is archived: choose another, or unarchive it",
    "restricted_action": "the workspace does not let apps post there: ask its administrator",
    "action_prohibited": "the workspace does not let this webhook post: ask its administrator",
    "posting_to_general_channel_denied": "apps may not post to the general channel: choose another",
    "access_denied": "the workspace does not let the app in: ask its administrator",
    "org_login_required": "the workspace is being moved: ask its administrator",
    "team_access_not_granted": "the app is not installed in this workspace: ask its administrator",
    "ekm_access_denied": "the workspace's administrators have suspended access",
    "user_not_found": "the webhook posts to somebody who is not there any more: make a new one",
    "no_service": "the webhook was deleted or switched off: make a new one",
    "no_service_id": "the webhook's URL is not whole: copy it again",
    "no_active_hooks": "the webhook was switched off: make a new one",
    "no_team": "the workspace is gone, or the webhook's URL is not whole: copy it again",
    "team_disabled": "the workspace is switched off",
    "invalid_token": "the webhook's URL is not whole, or was revoked: copy it again",
}
# Only this message is wrong.
REFUSES: Final = frozenset(
    {
        *("invalid_payload", "no_text", "msg_too_long", "msg_blocks_too_long", "invalid_blocks"),
        *("invalid_blocks_format", "invalid_attachments", "too_many_attachments"),
        *("metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema"),
        *("invalid_arguments", "message_not_found", "cant_update_message", "edit_window_closed"),
    }
)
# It may have been done all the same, says Slack.
DOUBTFUL: Final = frozenset({"internal_error", "fatal_error", "request_timeout"})
_WORD: Final = re.compile(r"[a-z][a-z_]{1,60}")


def of(text: str) -> str:
    """Return the word that an answer is, or "" where it is none."""
    return text if _WORD.fullmatch(text) else ""


def reason(word: str) -> str:
    """Return what an administrator is told."""
    return f"Slack says {word}: {STOPS[word]}" if word in STOPS else f"Slack says {word}"


def outcome(word: str, *, status: int, said: str) -> Outcome:
    """Return what a word means to the delivery that it answers; an unknown one is tried again."""
    told = Outcome(Result.FAILED, reason(word), status=status, said=said)
    if word in STOPS:
        return told._replace(result=Result.REFUSED, disables=True)
    if word in REFUSES:
        return told._replace(result=Result.REFUSED)
    return told._replace(result=Result.LOST) if word in DOUBTFUL else told
