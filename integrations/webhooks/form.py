"""What an administrator fills in for a webhook."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.utils.functional import lazy

from integrations.outbox.kinds import KindForm
from integrations.outbox.posting import AddressField
from integrations.webhooks import bodies, lines
from integrations.webhooks.secret import fresh, key_of

SIGNS_WITH: Final = (
    ("every", "Every secret entered here; with none, not at all"),
    ("first", "The signing secret only"),
    ("second", "The second secret only"),
)
# Which secret must be there.
_ASKS: Final = {"first": "secret", "second": "second_secret"}
_VERIFIES: Final = (
    "The secret that the receiver verifies messages with: whsec_ and 24 to 64 bytes in base64."
)
# Not a mapping of methods: fields whose text a function reads, and raises ValueError.
_JUDGES: Final = {
    "headers": lines.parse,
    "template": bodies.check,
    "secret": key_of,
    "second_secret": key_of,
}


def _offer() -> str:
    return (
        f"{_VERIFIES} If you need one, here is one that nobody has: {fresh()}. It is not"
        " kept unless you enter it here, and is never shown again. With no"
        " secret, messages are not signed."
    )


class Form(KindForm):
    """Of a webhook."""

    secret_names: ClassVar[tuple[str, ...]] = ("secret", "second_secret", "authorization")

    stored_help: ClassVar[Mapping[str, str]] = {"secret": _VERIFIES}

    url = AddressField(
        label="URL",
        help_text="Where to POST: HTTPS, any port, reachable from here. It must not redirect.",
    )
    secret = forms.CharField(
        label="Signing secret", required=False, max_length=200, help_text=lazy(_offer, str)()
    )
    second_secret = forms.CharField(
        label="Second signing secret",
        required=False,
        max_length=200,
        help_text="For changing over: enter the new one here and both sign; when the receiver has"
        " it, choose under “Signed with” that it signs alone.",
    )
    signs_with = forms.ChoiceField(
        label="Signed with", choices=SIGNS_WITH, initial="every", required=False
    )
    authorization = forms.CharField(
        label="Authorization header",
        required=False,
        max_length=2_000,
        help_text="Its whole value, as “Bearer …”, where the receiver asks for one. Kept secret.",
    )
    headers = forms.CharField(
        label="Other headers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Lines as “X-Tenant: north”. Everybody who may see this form can read them.",
    )
    template = forms.CharField(
        label="Body",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Empty: the JSON that docs/webhooks-out.md describes. Else JSON of your own, with"
        " these placeholders inside its texts: "
        + ", ".join(f"{{{name}}}" for name in bodies.PLACEHOLDERS)
        + ". For a brace write two of them.",
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name, judge in _JUDGES.items():
            if text := given.get(name):
                try:
                    judge(text)
                except ValueError as error:
                    self.add_error(name, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        self._look_for_secret(given)
        return given

    def _look_for_secret(self, given: Mapping[str, Any]) -> None:
        """Refuse to sign with a secret that is neither entered nor stored."""
        asked = _ASKS.get(given.get("signs_with", ""), "")
        if asked and not (given.get(asked) or asked in self.stored or asked in self.errors):
            label = str(self.fields[asked].label).lower()
            self.add_error("signs_with", f"There is no {label}: enter one, or choose another.")

    def clean_signs_with(self) -> str:
        return self.cleaned_data["signs_with"] or "every"

    def clean_authorization(self) -> str:
        value = str(self.cleaned_data["authorization"])
        if not (value.isascii() and value.isprintable()):
            raise forms.ValidationError("Write it in printable ASCII characters, on one line.")
        return value
