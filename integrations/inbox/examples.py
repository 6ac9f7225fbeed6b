"""What an administrator copies out of the page that shows a new key."""

import base64
from typing import NamedTuple
from urllib.parse import quote

from integrations.inbox.sources import SECRET_PREFIX
from integrations.models import Source

BODY = (
    '{"topic": "v2.detail.events.conversation.{id}.user.end",'
    ' "conversationId": "00000000-0000-4000-8000-000000000000"}'
)
ENVELOPE = (
    '{"id": "00000000-0000-4000-8000-000000000001",'
    ' "detail-type": "v2.detail.events.conversation.{id}.user.end", "detail": {"topicName":'
    ' "v2.detail.events.conversation.00000000-0000-4000-8000-000000000000.user.end",'
    ' "eventBody": {"conversationId": "00000000-0000-4000-8000-000000000000"}}}'
)


class Example(NamedTuple):
    """Where a sender posts to, what it must put into a header, and a command that tries it."""

    url: str
    header: str
    command: str


def of(source: Source, *, url: str, key: str) -> Example:
    """Return the example of a source, with its new key in it."""
    if source.authentication == Source.Authentication.HMAC:
        return _signed(f"{url}{quote(source.name, safe='')}/", key)
    body = ENVELOPE if source.kind == Source.Kind.EVENTBRIDGE else BODY
    header = f"Authorization: Bearer {key}"
    command = (
        f"curl -i '{url}' \\\n  -H '{header}' \\\n  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )
    return Example(url, header, command)


def _signed(url: str, key: str) -> Example:
    """Compute a signature with what every shell has: openssl takes the secret as hex digits."""
    secret = base64.b64decode(key.removeprefix(SECRET_PREFIX)).hex()
    command = (
        f"body='{BODY}'\n"
        "id=trial-$(date +%s); at=$(date +%s)\n"
        'signature=$(printf "%s.%s.%s" "$id" "$at" "$body" |\n'
        f"  openssl dgst -sha256 -mac HMAC -macopt hexkey:{secret} -binary | base64)\n"
        f'curl -i \'{url}\' -H "webhook-id: $id" -H "webhook-timestamp: $at" \\\n'
        "  -H \"webhook-signature: v1,$signature\" -H 'Content-Type: application/json' \\\n"
        '  --data-raw "$body"'
    )
    return Example(url, "webhook-signature: v1,<base64 of HMAC-SHA256>", command)
