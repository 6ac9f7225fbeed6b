"""Slack by an incoming webhook: a URL that posts to one channel. Nothing can be read back."""

from typing import ClassVar, Final
from urllib.parse import urlsplit

import msgspec
from django import forms
from django.utils import timezone

from integrations.domain.delivery import Outcome, Pace, Result
from integrations.outbound import Reply
from integrations.outbox import hosts, replies
from integrations.outbox.kinds import KindForm, Message, Rendered
from integrations.outbox.posting import Posting
from integrations.outbox.wording import words_of
from integrations.slack import api, blocks, words

HOSTS: Final = ("hooks.slack.com", "hooks.slack-gov.com")
_HINT: Final = "an incoming webhook's URL begins with https://hooks.slack.com/services/"


class Settings(msgspec.Struct, frozen=True):
    """Of one incoming webhook."""

    url: str


class Form(KindForm):
    """What an administrator fills in."""

    secret_names: ClassVar[tuple[str, ...]] = ("url",)

    url = forms.URLField(
        label="Webhook URL",
        help_text="In Slack: api.slack.com/apps > your app > Incoming Webhooks > Add New Webhook to"
        " Workspace, then Copy. Whoever knows it can post to the channel: it is kept as a secret.",
        assume_scheme="https",
    )

    def clean_url(self) -> str:
        """Refuse what is no incoming webhook: a channel's link, a workflow's webhook."""
        url: str = self.cleaned_data["url"]
        if not url:
            return url
        hosts.check(url, ours=HOSTS, hint=_HINT)
        if urlsplit(url).path.startswith(("/triggers/", "/workflows/")):
            raise forms.ValidationError(f"This is the webhook of a Slack workflow; {_HINT}.")
        return url


class SlackWebhook(Posting[Settings]):
    name = "slack_webhook"
    label = "Slack, by incoming webhook"
    about = (
        "Posts to one channel of Slack. The quick way: all it needs is a URL. For buttons, and"
        " where nothing may arrive twice, choose the Slack app."
    )
    form = Form
    settings = Settings
    pace = Pace(at_once=1, per_s=1.0)

    def render(self, settings: Settings, message: Message) -> Rendered:
        told = words_of(message, timezone.get_default_timezone())
        return Rendered(msgspec.json.encode(blocks.written(told)).decode(), api.JSON)

    def address(self, settings: Settings) -> str:
        return settings.url

    def read(self, reply: Reply) -> Outcome:
        """Return what Slack's answer means: "ok", or a word for what is wrong, in plain text."""
        told = replies.of(reply)
        word = words.of(told.said.strip())
        if told.got_through and word == "ok":
            return told
        if told.got_through:
            reason = f"HTTP {reply.status}, but not Slack's ok: something in between answered"
            return told._replace(result=Result.FAILED, reason=reason)
        if told.result is Result.REFUSED and word:
            found = words.outcome(word, status=reply.status, said=told.said)
            stops = told.disables or reply.status == 400  # noqa: PLR2004 - HTTP's
            stops = stops and word not in words.REFUSES
            return found._replace(result=Result.REFUSED, disables=stops)
        return told
