"""E-mail, by the mail server that EMAIL_URL names."""

from collections.abc import Sequence
from typing import Final

import msgspec
from django import forms
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.functional import lazy

from integrations.domain.delivery import Outcome, Pace
from integrations.mail import letter as written
from integrations.mail import smtp
from integrations.outbox.kinds import Kind, KindForm, Letter, Message, Rendered
from integrations.outbox.wording import words_of

MOST_RECIPIENTS: Final = 20


class Settings(msgspec.Struct, frozen=True):
    """Of one list of recipients; addresses with commas between them."""

    recipients: str

    @property
    def addresses(self) -> list[str]:
        return _split(self.recipients)


class Form(KindForm):
    """What an administrator fills in."""

    recipients = forms.CharField(
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Up to {MOST_RECIPIENTS} addresses, with commas or new lines between them. They"
        " see each other. A step of a ladder that names people is mailed to them instead.",
    )

    def clean_recipients(self) -> str:
        """Refuse what is no address, naming it."""
        found = _split(self.cleaned_data["recipients"])
        if not 0 < len(found) <= MOST_RECIPIENTS:
            raise forms.ValidationError(f"Write 1 to {MOST_RECIPIENTS} addresses.")
        for address in found:
            try:
                validate_email(address)
            except ValidationError as error:
                raise forms.ValidationError(f"{address} is no e-mail address.") from error
            if not address.isascii():
                raise forms.ValidationError(f"{address}: only plain letters, no umlauts.")
        return ", ".join(dict.fromkeys(found))

    def clean(self) -> None:
        """Say so where no mail can be sent at all."""
        if missing := _missing():
            raise forms.ValidationError(missing)


def _missing() -> str:
    """Return what must be configured before a mail can be sent; "" where nothing is missing."""
    if not django_settings.EMAIL_READY:
        return "No mail server is configured: whoever runs DCM sets EMAIL_URL and DCM_EMAIL_FROM."
    if not django_settings.DEFAULT_FROM_EMAIL:
        return "No sender is configured: whoever runs DCM sets DCM_EMAIL_FROM."
    return ""


def _about() -> str:
    does = "Sends a mail in plain text, by the mail server that EMAIL_URL names."
    return f"{does} {_missing()}".strip()


class Mail(Kind[Settings]):
    name = "email"
    label = "E-mail"
    about = lazy(_about, str)()  # told anew each time it is shown
    form = Form
    settings = Settings
    pace = Pace(at_once=2, per_s=5.0)

    def render(self, settings: Settings, message: Message) -> Rendered:
        told = words_of(message, timezone.get_default_timezone())
        domain = django_settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
        headers = dict(written.headers(message, told, domain))
        return Rendered(written.text(told), "text/plain; charset=utf-8", headers)

    def send(self, settings: Settings, letters: Sequence[Letter]) -> Sequence[Outcome]:
        return [smtp.send(_mail(settings, one)) for one in letters]


def _mail(settings: Settings, letter: Letter) -> EmailMessage:
    """Return a mail to whom the message is for by name; else to the destination's recipients."""
    headers = dict(letter.rendered.headers)
    subject = headers.pop("Subject")
    named = [one.address for one in letter.message.recipients if one.address]
    to = list(dict.fromkeys(named)) or settings.addresses
    return EmailMessage(subject, letter.rendered.body, to=to, headers=headers)


def _split(text: str) -> list[str]:
    return [one.strip() for one in text.replace("\n", ",").split(",") if one.strip()]
