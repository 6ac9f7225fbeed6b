"""Microsoft Teams by a workflow that posts what it is sent to a channel or chat."""

import re
from typing import ClassVar, Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from django import forms
from django.utils import timezone

from integrations.domain.delivery import Outcome, Pace, Result
from integrations.outbound import Reply
from integrations.outbox import hosts, replies
from integrations.outbox.kinds import KindForm, Message, Rendered
from integrations.outbox.posting import Posting
from integrations.outbox.wording import words_of
from integrations.teams import card

HOSTS: Final = (
    *("logic.azure.com", "environment.api.powerplatform.com"),
    *("logic.azure.us", "environment.api.gov.powerplatform.microsoft.us"),
)
RETIRED: Final = ("webhook.office.com", "outlook.office.com", "outlook.office365.com")
_HINT: Final = (
    "a workflow's URL has a host such as prod-00.westeurope.logic.azure.com or"
    " default….environment.api.powerplatform.com"
)
# Microsoft's words, and what an administrator does about them.
_COPY: Final = "copy the whole URL again"
STOPS: Final = {
    "DirectApiAuthorizationRequired": f"the URL's signature is missing: {_COPY}, and let anyone"
    " trigger the workflow",
    "DirectApiInvalidAuthorizationScheme": f"the URL's signature is missing: {_COPY}",
    "AuthorizationFailed": f"the URL's signature is wrong or was renewed: {_COPY}",
    "WorkflowNotFound": "the workflow was deleted: make a new one and copy its URL",
    "WorkflowTriggerNotFound": "the workflow has no webhook any more: make a new one",
    "WorkflowTriggerIsNotEnabled": "the workflow is switched off: its owner switches it on in Power"
    " Automate",
}
_CODE: Final = re.compile(r"[A-Za-z]{1,80}", re.ASCII)


class Settings(msgspec.Struct, frozen=True):
    """Of one workflow."""

    url: str


class Form(KindForm):
    """What an administrator fills in."""

    secret_names: ClassVar[tuple[str, ...]] = ("url",)

    url = forms.URLField(
        label="Workflow URL",
        help_text="In Teams: open the channel's … menu > Workflows > “Send webhook alerts to a"
        " channel” > Save, then Copy webhook link. Whoever knows it can post there: it is kept as a"
        " secret.",
        assume_scheme="https",
    )

    def clean_url(self) -> str:
        """Refuse the retired connectors, what is no workflow, and half a URL."""
        url: str = self.cleaned_data["url"]
        if not url:
            return url
        if hosts.is_one_of(url, RETIRED):
            raise forms.ValidationError(
                "This is an Office 365 connector, which Microsoft has retired. Make a workflow"
                " instead: the channel's … menu > Workflows > “Send webhook alerts to a channel”,"
                " and copy its webhook link here."
            )
        hosts.check(url, ours=HOSTS, hint=_HINT)
        if "sig" not in parse_qs(urlsplit(url).query):
            raise forms.ValidationError(
                "The URL has no signature (sig=…): copy all of it, and let anyone trigger the"
                " workflow."
            )
        return url


class Teams(Posting[Settings]):
    name = "teams"
    label = "Microsoft Teams, by a workflow"
    about = (
        "Posts cards to a channel or chat of Teams through a workflow (Power Automate). That the"
        " workflow took a card is all we hear: what it does with it is in its run history."
    )
    form = Form
    settings = Settings
    pace = Pace(at_once=1, per_s=1.0)

    def render(self, settings: Settings, message: Message) -> Rendered:
        told = words_of(message, timezone.get_default_timezone())
        return Rendered(msgspec.json.encode(card.envelope(told)).decode())

    def address(self, settings: Settings) -> str:
        return settings.url

    def read(self, reply: Reply) -> Outcome:
        """Return what an answer means: 202 is success, else a code tells what is wrong."""
        told = replies.of(reply)
        if told.got_through and b"<html" in reply.body[:1_000].lower():
            reason = f"HTTP {reply.status}, but a page: something in between answered"
            return told._replace(result=Result.FAILED, reason=reason)
        code = "" if told.got_through else _code(reply.body)
        if code in STOPS:
            reason = f"HTTP {reply.status}, {code}: {STOPS[code]}"
            return told._replace(result=Result.REFUSED, reason=reason, disables=True)
        return told._replace(reason=f"HTTP {reply.status}, {code}") if code else told


class _Error(msgspec.Struct):
    code: str = ""


class _Answer(msgspec.Struct):
    error: _Error


def _code(body: bytes) -> str:
    try:
        code = msgspec.json.decode(body, type=_Answer).error.code
    except msgspec.MsgspecError:
        return ""
    return code if _CODE.fullmatch(code) else ""
