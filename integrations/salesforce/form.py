"""What an administrator fills in for an organisation of Salesforce."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django import forms

from integrations.outbox.kinds import KindForm
from integrations.salesforce import fields

JWT: Final = "jwt"
CLIENT_CREDENTIALS: Final = "client_credentials"
API_VERSION: Final = "62.0"
_PEM: Final = re.compile(
    r"-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----(?P<body>[A-Za-z0-9+/=\s]+)-----END [A-Z ]+-----"
)
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


class Settings(msgspec.Struct, frozen=True):
    """Of one organisation."""

    login_url: str
    client_id: str
    flow: str = JWT
    username: str = ""
    private_key: str = ""
    client_secret: str = ""
    api_version: str = API_VERSION
    conversation_field: str = ""
    attributes: str = ""
    external_tag: bool = True
    task_field: str = ""
    message_id_attributes: str = ""
    write_tasks: bool = True
    final_after_s: int = 60
    from_users: bool = True
    closed: bool = False
    budget_percent: int = 80


def plain(config: Mapping[str, Any]) -> Settings:
    """Return the settings of a destination without its secrets.

    Raises msgspec.ValidationError where they are not what the form makes.
    """
    return msgspec.convert(config, Settings, strict=False)


class Form(KindForm):
    """The settings of an organisation."""

    secret_names: ClassVar[tuple[str, ...]] = ("private_key", "client_secret")

    login_url = forms.URLField(
        label="My Domain URL",
        help_text="As https://acme.my.salesforce.com; Setup shows it under My Domain. With a JWT"
        " also https://login.salesforce.com, or https://test.salesforce.com for a sandbox.",
        assume_scheme="https",
    )
    flow = forms.ChoiceField(
        label="Log in by",
        choices=[(JWT, "JWT bearer (a certificate)"), (CLIENT_CREDENTIALS, "Client credentials")],
        help_text="How the connected app lets DCM in.",
    )
    client_id = forms.CharField(label="Consumer key", help_text="Of the connected app.")
    username = forms.CharField(
        required=False,
        help_text="Of the integration user. With a JWT only; else the app's own Run As user acts.",
    )
    private_key = forms.CharField(
        required=False,
        help_text="With a JWT: the private key (PEM) to the certificate that the app holds.",
    )
    client_secret = forms.CharField(
        label="Consumer secret", required=False, help_text="With client credentials."
    )
    api_version = forms.RegexField(
        r"^\d{2}\.0$", label="API version", initial=API_VERSION, help_text="59.0 or newer."
    )
    conversation_field = forms.RegexField(
        rf"^{_FIELD.pattern}$",
        label="Field of Case with the conversation's id",
        required=False,
        initial=fields.CASE_CONVERSATION,
        help_text="API name of the field in which Genesys's conversation id stands. Empty: none.",
    )
    attributes = forms.CharField(
        label="Participants' attributes that name the case",
        required=False,
        help_text="Names, with commas between them. Each holds a case's id or number.",
    )
    external_tag = forms.BooleanField(
        label="The conversation's external tag may name the case", required=False, initial=True
    )
    task_field = forms.RegexField(
        rf"^{_FIELD.pattern}$",
        label="Field of Task with the conversation's id",
        required=False,
        help_text="API name of the activity field that Genesys Cloud for Salesforce fills in with"
        " the conversation's id. Empty: tasks are not looked at.",
    )
    message_id_attributes = forms.CharField(
        label="Participants' attributes with an e-mail's Message-ID",
        required=False,
        help_text="Names, with commas between them: the case of the same e-mail is taken.",
    )
    write_tasks = forms.BooleanField(
        label="A task on the case's timeline for each hold",
        required=False,
        initial=True,
        help_text="A completed one, when the hold is over and its figures stand.",
    )
    final_after_s = forms.IntegerField(
        label="Figures stand after (seconds)", initial=60, min_value=0, max_value=86_400
    )
    from_users = forms.BooleanField(
        label="Move a case also from a user",
        required=False,
        initial=True,
        help_text="One who had it since before the agent was connected. Off: from queues only, and"
        " from agents that DCM has set.",
    )
    closed = forms.BooleanField(label="Move closed cases too", required=False)
    budget_percent = forms.IntegerField(
        label="Share of the API limit (%)",
        initial=80,
        min_value=1,
        max_value=100,
        help_text="When so much of the organisation's daily API calls is used, by whomever, tasks"
        " and final figures wait. Holds that begin or end, and owners, do not.",
    )

    def clean_private_key(self) -> str:
        """Take a key however it was pasted: a single line loses its line ends."""
        given: str = self.cleaned_data["private_key"]
        if not given:
            return ""
        made = pem(given)
        if made is None:
            raise forms.ValidationError(
                "This is no RSA private key in PEM form, without a passphrase."
            )
        return made

    def clean(self) -> dict[str, Any]:
        """See that what the way to log in needs is there."""
        given = super().clean() or self.cleaned_data
        stored: frozenset[str] = getattr(self, "stored", frozenset())
        needed = ("username", "private_key") if given.get("flow") == JWT else ("client_secret",)
        for name in needed:
            if not given.get(name) and name not in stored and name not in self.errors:
                self.add_error(name, "This way to log in needs it.")
        return given


def pem(given: str) -> str | None:
    """Return an RSA private key in PEM form, its lines restored; None where it is none."""
    found = _PEM.search(given)
    if found is None:
        return None
    body = "".join(found["body"].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    kind = found["kind"]
    made = "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])
    try:
        key = load_pem_private_key(made.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return made if isinstance(key, RSAPrivateKey) else None


def names(given: str) -> tuple[str, ...]:
    """Return the names in a list with commas between them."""
    return tuple(name for one in given.split(",") if (name := one.strip()))
