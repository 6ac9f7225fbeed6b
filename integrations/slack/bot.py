"""Slack by an app of one's own: messages with buttons, and none of them twice."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec
from django import forms
from django.utils import timezone

from integrations.domain.delivery import Outcome, Pace, Parcel, Result
from integrations.models import Acknowledgement, Destination
from integrations.outbox import hosts
from integrations.outbox.kinds import Kind, KindForm, Letter, Message, Rendered
from integrations.outbox.wording import Words, moment, one_line, words_of
from integrations.slack import blocks
from integrations.slack.api import EVENT_TYPE, Bot

API: Final = "https://slack.com/api/"
HOSTS: Final = ("slack.com", "slack-gov.com")
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{6,20}")
_SIGNING_SECRET: Final = re.compile(r"[0-9a-f]{32}")


class Settings(msgspec.Struct, frozen=True):
    """Of one channel that the app posts to."""

    channel: str
    token: str
    signing_secret: str = ""
    api_url: str = API


class Form(KindForm):
    """What an administrator fills in."""

    secret_names: ClassVar[tuple[str, ...]] = ("token", "signing_secret")

    channel = forms.CharField(
        label="Channel ID",
        max_length=21,
        help_text="In Slack: open the channel, click its name, and look at the end of About. It"
        " begins with C. The app must be in the channel: write /invite and its name there.",
    )
    token = forms.CharField(
        label="Bot token",
        max_length=300,
        help_text="In Slack: api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth"
        " Token. It begins with xoxb-. Scopes: chat:write, channels:history, and groups:history for"
        " private channels.",
    )
    signing_secret = forms.CharField(
        required=False,
        max_length=100,
        help_text="For a button “Acknowledge” under each message. In Slack: your app > Basic"
        " Information > Signing Secret; and under Interactivity & Shortcuts the Request URL, which"
        " is this server's address followed by /hooks/slack/. Empty: no button.",
    )
    api_url = forms.URLField(
        label="API",
        initial=API,
        help_text="Leave it as it is. GovSlack's is https://slack-gov.com/api/.",
        assume_scheme="https",
    )

    def clean_channel(self) -> str:
        """Refuse a channel's name: by that nothing can be looked up."""
        channel: str = self.cleaned_data["channel"]
        if not _CHANNEL.fullmatch(channel):
            raise forms.ValidationError(
                "This is no channel's ID, such as C0123ABCD: a name does not do."
            )
        return channel

    def clean_token(self) -> str:
        """Refuse what is no bot's token."""
        token: str = self.cleaned_data["token"]
        if token and not (token.startswith("xoxb-") and token.isascii() and token.isprintable()):
            raise forms.ValidationError("A bot's token begins with xoxb-.")
        return token

    def clean_signing_secret(self) -> str:
        """Refuse the other secrets that stand on the same page."""
        secret: str = self.cleaned_data["signing_secret"]
        if secret and not _SIGNING_SECRET.fullmatch(secret):
            raise forms.ValidationError("A signing secret is 32 digits and letters from a to f.")
        return secret

    def clean_api_url(self) -> str:
        """Refuse whoever is not Slack: he would be told the token."""
        url: str = self.cleaned_data["api_url"]
        hosts.check(url, ours=HOSTS, hint=f"Slack's API is {API}")
        return url


class SlackBot(Kind[Settings]):
    name = "slack"
    label = "Slack, by an app of yours"
    about = (
        "Posts to one channel of Slack as an app that you make there, with a button to acknowledge"
        " each message if you like."
    )
    form = Form
    settings = Settings
    pace = Pace(at_once=1, per_s=1.0)
    reads_back = True

    def messages(
        self, destination: Destination, parcels: Sequence[Parcel]
    ) -> Mapping[int, Message]:
        """Add whose button it is, or who has pressed it."""
        found = super().messages(destination, parcels)
        changes = {pk: told.more["of"] for pk, told in found.items() if "of" in told.more}
        rows = Acknowledgement.objects.filter(delivery__in=changes.values())
        known = {row.delivery_id: row for row in rows}
        return {
            pk: msgspec.structs.replace(
                told,
                more=told.more | _who(known.get(changes[pk])) if pk in changes else {"button": pk},
            )
            for pk, told in found.items()
        }

    def render(self, settings: Settings, message: Message) -> Rendered:
        zone = timezone.get_default_timezone()
        told = words_of(message, zone)
        body = _changed(message, told) if "of" in message.more else _new(settings, message, told)
        return Rendered(msgspec.json.encode(body).decode())

    def send(self, settings: Settings, letters: Sequence[Letter]) -> Sequence[Outcome]:
        return [self._send(settings, letter) for letter in letters]

    def test(self, settings: Settings, message: Message) -> Outcome:
        """Send, and try whether it could be looked up: else that is found out when it matters."""
        told = super().test(settings, message)
        if not told.got_through:
            return told
        found = Bot(settings.api_url, settings.token).find(settings.channel, message)
        if found is None or found.got_through:
            return told
        return found._replace(
            reason=f"it arrived, but it cannot be looked up there: {found.reason}"
        )

    def _send(self, settings: Settings, letter: Letter) -> Outcome:
        bot = Bot(settings.api_url, settings.token)
        if "of" in letter.message.more:  # to change it twice is to change it once
            return bot.post("chat.update", letter.rendered.body)
        if letter.parcel.in_doubt:
            found = bot.find(settings.channel, letter.message)
            if found:
                return _still_in_doubt(found)
        return bot.post("chat.postMessage", letter.rendered.body)


def _still_in_doubt(found: Outcome) -> Outcome:
    """Return a failure to look as one: what was LOST is the look, which did nothing."""
    return found._replace(result=Result.FAILED) if found.result is Result.LOST else found


def _new(settings: Settings, message: Message, told: Words) -> dict[str, Any]:
    button = str(message.more.get("button", "test")) if settings.signing_secret else ""
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": message.id}}
    body = blocks.written(told, button=button)
    return {"channel": settings.channel, **body, "metadata": metadata}


def _changed(message: Message, told: Words) -> dict[str, Any]:
    more = message.more
    footer = f"Acknowledged by {more['by']}, {more['at']}" if more.get("by") else "Acknowledged"
    return {"channel": more["channel"], "ts": more["ts"], **blocks.written(told, footer=footer)}


def _who(row: Acknowledgement | None) -> dict[str, str]:
    if row is None:
        return {}
    zone = timezone.get_default_timezone()
    return {"by": one_line(row.user_name or row.user_id), "at": moment(row.at, zone)}
