"""What an administrator may write into the form of a webhook, and what is said against it."""

import base64
from typing import Any

import pytest
from pytest_django import Settings

from integrations.webhooks.form import Form
from integrations.webhooks.lines import parse
from integrations.webhooks.secret import fresh, key_of


def whsec(length: int) -> str:
    return "whsec_" + base64.b64encode(b"k" * length).decode()


def errors(**given: Any) -> dict[str, list[str]]:
    form = Form({"url": "https://hook.example/a", **given})
    return {name: [str(each) for each in found] for name, found in form.errors.items()}


def test_a_whole_form_is_accepted() -> None:
    form = Form(
        {
            "url": "https://hook.example:8443/a?b=c",
            "secret": whsec(24),
            "second_secret": whsec(64),
            "authorization": "Bearer abc",
            "headers": "X-Tenant: north\r\n\r\n  X-Two :  a: b ",
            "template": '{"a": "{user_name}"}',
        }
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["signs_with"] == "every"
    assert parse(form.cleaned_data["headers"]) == {"X-Tenant": "north", "X-Two": "a: b"}


def test_each_look_at_the_form_offers_another_secret() -> None:
    shown = {str(Form().fields["secret"].help_text) for _ in range(2)}
    assert len(shown) == 2
    assert all("whsec_" in text for text in shown)
    assert len(key_of(fresh())) == 32


@pytest.mark.parametrize(
    ("signs_with", "other", "said"),
    [
        (
            "first",
            "second_secret",
            "There is no signing secret: enter one, or choose another.",
        ),
        (
            "second",
            "secret",
            "There is no second signing secret: enter one, or choose another.",
        ),
    ],
)
def test_what_signs_must_be_entered_or_stored(signs_with: str, other: str, said: str) -> None:
    assert errors(signs_with=signs_with, **{other: whsec(24)}) == {"signs_with": [said]}
    both = {"secret": whsec(24), "second_secret": whsec(25)}
    assert errors(signs_with=signs_with, **both) == {}
    filled = {"url": "https://hook.example/a", "signs_with": signs_with}
    assert Form(filled, stored=both).is_valid()
    assert not Form(filled, stored=[other]).is_valid()


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("swordfish", "A signing secret begins with whsec_."),
        ("whsec_not base64", "What follows whsec_ is not base64."),
        ("whsec_ÄÖÜ", "What follows whsec_ is not base64."),
        (whsec(23), "It holds 23 bytes: between 24 and 64 are needed."),
        (whsec(65), "It holds 65 bytes: between 24 and 64 are needed."),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret: str, said: str) -> None:
    assert errors(secret=secret) == {"secret": [said]}
    assert errors(second_secret=secret) == {"second_secret": [said]}


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ("X-Tenant", "“X-Tenant” is no header: write lines as Name: value."),
        (": x", "“” is no header: write lines as Name: value."),
        ("X Tenant: a", "“X Tenant” is no header: write lines as Name: value."),
        ("Host: inside.example", "“Host” is set by DCM itself."),
        ("content-length: 3", "“content-length” is set by DCM itself."),
        ("Transfer-Encoding: chunked", "“Transfer-Encoding” is set by DCM itself."),
        ("Connection: close", "“Connection” is set by DCM itself."),
        ("Webhook-Id: 1", "“Webhook-Id” is set by DCM itself."),
        ("webhook-signature: v1,a", "“webhook-signature” is set by DCM itself."),
        ("Proxy-Authorization: x", "“Proxy-Authorization” is set by DCM itself."),
        (
            "authorization: Bearer x",
            "Authorization has a field of its own, which is kept secret.",
        ),
        (
            "X-A: b\x00c",
            "Null characters are not allowed.",
        ),
        (
            "X-A: ü",
            "The value of X-A has other characters than ASCII's printable ones.",
        ),
        ("X-A: b\nx-a: c", "“x-a” stands there twice."),
        ("\n".join(f"X-{n}: a" for n in range(21)), "These are more than 20 headers."),
        ("X-A: " + "b" * 4_000, "These are more than 4000 characters."),
    ],
)
def test_headers_that_cannot_be_sent_are_refused(headers: str, said: str) -> None:
    assert errors(headers=headers) == {"headers": [said]}


def test_a_template_is_judged_in_the_form() -> None:
    assert errors(template='{"a": "{user.name}"}') == {
        "template": ["There is no placeholder {user.name}."]
    }


@pytest.mark.parametrize("value", ["Bearer ü", "a\u2028b"])
def test_an_authorization_is_printable_ascii(value: str) -> None:
    assert errors(authorization=value) == {
        "authorization": ["Write it in printable ASCII characters, on one line."]
    }


WHOLE = "Enter a valid URL, whole, as https://example.org/hook."
HTTPS_ONLY = ": only https is sent to, unless DCM_OUTBOUND_ALLOW names it."
INSIDE = ": this is an address inside a network. If it is meant, allow it with DCM_OUTBOUND_ALLOW."


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "This field is required."),
        ("hook.example/a", WHOLE),
        ("ftp://hook.example/", WHOLE),
        ("https://", WHOLE),
        ("https:///a", WHOLE),
        ("https://[::1/", WHOLE),
        ("https://hook.example:99999/", WHOLE),
        ("https://hook.example/\x7f", WHOLE),
        ("https://hook.example/a b", "Leave out the blank, or what follows #."),
        ("https://hook.example/a#b", "Leave out the blank, or what follows #."),
        (
            "https://a:b@hook.example/",
            "Leave user name and password out of the address: they would be seen in it.",
        ),
        ("http://hook.example/", "hook.example" + HTTPS_ONLY),
        ("http://127.0.0.1/", "127.0.0.1" + HTTPS_ONLY),
        ("https://10.0.0.1/x", "10.0.0.1" + INSIDE),
        ("https://169.254.169.254/", "169.254.169.254" + INSIDE),
        ("https://[::1]/", "::1" + INSIDE),
        ("https://2130706433/", "2130706433" + INSIDE),
        ("https://0x7f.1/", "0x7f.1" + INSIDE),
        (f"https://{'a' * 70}.example/", f"{'a' * 70}.example: this is no name of a host."),
    ],
)
def test_an_address_that_is_none_is_refused(settings: Settings, url: str, said: str) -> None:
    settings.OUTBOUND_ALLOW = []
    assert errors(url=url) == {"url": [said]}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://10.1.2.3/hook", ""),
        ("https://10.1.2.3/hook", ""),
        ("https://192.0.2.1/hook", "192.0.2.1" + INSIDE),
        ("https://localhost/hook", ""),  # a name over https is judged when it is sent to
        ("http://localhost/hook", "localhost" + HTTPS_ONLY),
        ("http://8.8.8.8/hook", "8.8.8.8" + HTTPS_ONLY),
        ("http://crm.invalid/hook", ""),  # it may have an address one day
    ],
)
def test_what_lies_inside_is_taken_where_it_is_allowed(
    settings: Settings, url: str, said: str
) -> None:
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8"]
    assert errors(url=url) == ({"url": [said]} if said else {})
