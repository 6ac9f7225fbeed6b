"""Kinds of destination for these tests.

Records are made by a POST, however often; so what is in doubt is looked for first. And Slack
without its pace: at a message a second a worker would hardly ever be killed while it posts.
"""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar

import msgspec
import requests
from django import forms

from integrations import outbound
from integrations.domain.delivery import Outcome, Pace, Result
from integrations.outbox import replies
from integrations.outbox.kinds import Kind, KindForm, Letter, Message, Rendered, failed
from integrations.slack.bot import SlackBot


class Settings(msgspec.Struct, frozen=True):
    """Of one destination: the address of its records."""

    url: str


class Form(KindForm):
    """What an administrator would fill in."""

    url = forms.URLField(assume_scheme="http")


class Records(Kind[Settings]):
    name = "records"
    label = "Records"
    about = "Makes a record of each Common Event."
    form: ClassVar[type[KindForm]] = Form
    settings = Settings
    reads_back = True

    def render(self, settings: Settings, message: Message) -> Rendered:
        body = {"conversation": message.conversation_id, "name": message.name}
        return Rendered(msgspec.json.encode(body).decode(), headers={"webhook-id": message.id})

    def send(self, settings: Settings, letters: Sequence[Letter]) -> Sequence[Outcome]:
        return [self._send(settings, letter) for letter in letters]

    def _send(self, settings: Settings, letter: Letter) -> Outcome:
        if letter.parcel.in_doubt:
            try:
                found = _session().get(f"{settings.url}/{letter.message.id}", timeout=8)
            except requests.RequestException as error:
                return failed(f"it could not be looked for ({type(error).__name__})")
            if found.status_code == 200:
                return Outcome(Result.FOUND, status=200)
        body, headers = letter.rendered.body.encode(), letter.rendered.headers
        return replies.outcome(lambda: outbound.post(_session(), settings.url, body, headers))


class QuickSlack(SlackBot):
    name = "quick_slack"
    label = "Slack, at any pace"
    pace = Pace(at_once=SlackBot.pace.at_once, per_s=1_000.0)


@cache
def _session() -> requests.Session:
    return outbound.session()
