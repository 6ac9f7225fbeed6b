"""A webhook of anybody's: JSON by POST, signed by the Standard Webhooks specification."""

import time
from collections.abc import Mapping
from typing import Literal

import msgspec

from integrations.inbox import signatures
from integrations.models import Destination
from integrations.outbox.kinds import Letter, Message, Rendered
from integrations.outbox.posting import Posting
from integrations.webhooks import bodies, lines
from integrations.webhooks.form import Form
from integrations.webhooks.secret import key_of


class Settings(msgspec.Struct, frozen=True):
    """Of one webhook: see the form. headers are lines, template is JSON or ""."""

    url: str
    headers: str = ""
    template: str = ""
    signs_with: Literal["every", "first", "second"] = "every"
    secret: str = ""
    second_secret: str = ""
    authorization: str = ""

    @property
    def keys(self) -> list[bytes]:
        """The keys that sign. Raises ValueError where one is none."""
        chosen = {
            "every": (self.secret, self.second_secret),
            "first": (self.secret,),
            "second": (self.second_secret,),
        }
        return [key_of(secret) for secret in chosen[self.signs_with] if secret]


class Webhook(Posting[Settings]):
    name = "webhook"
    label = "Webhook"
    about = (
        "POSTs each Common Event as JSON, signed by the Standard Webhooks specification. What is"
        " not answered with 2xx is tried again for 27 hours, under the same id. 401, 403, 404, 410"
        " and redirects stop the destination until you enable it again."
    )
    form = Form
    settings = Settings

    def settings_of(self, destination: Destination, secrets: Mapping[str, str]) -> Settings:
        found = super().settings_of(destination, secrets)
        try:
            keys = found.keys
        except ValueError as error:
            raise msgspec.ValidationError(f"its signing secret: {error}") from None
        if found.signs_with != "every" and not keys:
            raise msgspec.ValidationError("the secret that it is to be signed with is not there")
        return found

    def render(self, settings: Settings, message: Message) -> Rendered:
        if settings.template:
            return Rendered(bodies.filled(settings.template, message))
        return Rendered(bodies.standard(message))

    def address(self, settings: Settings) -> str:
        return settings.url

    def headers(self, settings: Settings, letter: Letter, body: bytes) -> dict[str, str]:
        found = lines.parse(settings.headers)
        if settings.authorization:
            found["Authorization"] = settings.authorization
        return {**found, **signed(settings, letter.message.id, body, at=int(time.time()))}


def signed(settings: Settings, message_id: str, body: bytes, *, at: int) -> dict[str, str]:
    """Return the headers of Standard Webhooks beside the id; at is Unix time in seconds."""
    made = [signatures.sign(message_id, at, body, secret=key) for key in settings.keys]
    stamp = {"webhook-timestamp": str(at)}
    return {**stamp, "webhook-signature": " ".join(made)} if made else stamp
