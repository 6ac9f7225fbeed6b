"""What an administrator is told who pastes the wrong thing."""

from html import unescape
from typing import Any

import pytest

from integrations.mail import kind as mail
from integrations.outbox.kinds import KindForm
from integrations.slack import bot, incoming
from integrations.teams import kind as teams

FLOW = "https://prod-07.westeurope.logic.azure.com:443/workflows/ab/triggers/manual/paths/invoke"
NEWER = "https://default0a.12.environment.api.powerplatform.com:443/powerautomate/automations"


def errors(form: type[KindForm], **filled: str) -> str:
    made = form(filled)
    return "" if made.is_valid() else unescape(made.errors.as_text())


GOOD: list[tuple[type[KindForm], dict[str, str]]] = [
    (incoming.Form, {"url": "https://hooks.slack.com/services/T0/B0/x"}),
    (incoming.Form, {"url": "https://hooks.slack-gov.com/services/T0/B0/x"}),
    (incoming.Form, {"url": "http://127.0.0.1:8099/slack/services/T0/B0/x"}),
    (teams.Form, {"url": f"{FLOW}?api-version=2016-06-01&sp=%2F&sv=1.0&sig=abc"}),
    (teams.Form, {"url": f"{NEWER}/direct/workflows/ab/triggers/manual/paths/invoke?sig=abc"}),
    (teams.Form, {"url": "http://[::1]:8099/teams/workflows/a/triggers/manual/paths/invoke?sig=x"}),
    (
        bot.Form,
        {
            "channel": "C0123ABCD",
            "token": "xoxb-1-2-abc",
            "signing_secret": "a" * 32,
            "api_url": "https://slack.com/api/",
        },
    ),
]


@pytest.mark.parametrize(("form", "filled"), GOOD)
def test_what_is_right_is_taken(form: type[KindForm], filled: dict[str, str]) -> None:
    assert errors(form, **filled) == ""


BAD: list[tuple[type[KindForm], dict[str, str], str]] = [
    (incoming.Form, {"url": "https://example.slack.com/archives/C0"}, "incoming webhook's URL"),
    (incoming.Form, {"url": "https://hooks.slack.com.evil.example/services/T"}, "another address"),
    (incoming.Form, {"url": "https://hooks.slack.com/triggers/T/1/a"}, "a Slack workflow"),
    (incoming.Form, {"url": "http://hooks.slack.com/services/T0/B0/x"}, "begin with https://"),
    (incoming.Form, {"url": "http://10.0.0.1/services/T0/B0/x"}, "another address"),
    (incoming.Form, {"url": "https://evil.example#.hooks.slack.com/"}, "another address"),
    (incoming.Form, {"url": ""}, "required"),
    (teams.Form, {"url": "https://acme.webhook.office.com/webhookb2/a@b/c"}, "has retired"),
    (teams.Form, {"url": "https://outlook.office.com/webhook/a"}, "Make a workflow instead"),
    (teams.Form, {"url": "https://example.org/?sig=x"}, "another address"),
    (teams.Form, {"url": "https://evil-logic.azure.com/?sig=x"}, "another address"),
    (teams.Form, {"url": FLOW}, "no signature"),
    (teams.Form, {"url": f"{FLOW}?sig="}, "no signature"),
    (bot.Form, {"channel": "#alerts"}, "no channel's ID"),
    (bot.Form, {"token": "xoxp-1"}, "begins with xoxb-"),
    (bot.Form, {"token": "xoxb-1\r\nX: y"}, "begins with xoxb-"),
    (bot.Form, {"signing_secret": "xoxb-1"}, "32 digits"),
    (bot.Form, {"api_url": "https://evil.example/api/"}, "Slack's API is https://slack.com/api/"),
]


@pytest.mark.parametrize(("form", "filled", "told"), BAD)
def test_what_is_wrong_is_told_with_what_to_do(
    form: type[KindForm], filled: dict[str, str], told: str
) -> None:
    assert told in errors(form, **filled)


def test_a_stored_secret_may_be_left_empty() -> None:
    for form in (incoming.Form, teams.Form):
        assert form({"url": ""}, stored={"url"}).is_valid()


@pytest.fixture
def ready(settings: Any) -> None:
    settings.EMAIL_READY, settings.DEFAULT_FROM_EMAIL = True, "dcm@example.org"


@pytest.mark.parametrize(
    ("recipients", "told"),
    [
        ("a@example.org, b@example.org\nc@example.org", ""),
        ("nobody", "nobody is no e-mail address"),
        ("a@example.org\r\nBcc: b@example.org", "is no e-mail address"),
        ("é@example.org", "é@example.org"),
        (" , ", "1 to 20 addresses"),
        (",".join(f"a{n}@example.org" for n in range(21)), "1 to 20 addresses"),
    ],
)
def test_recipients_are_addresses(ready: None, recipients: str, told: str) -> None:
    found = errors(mail.Form, recipients=recipients)
    assert told in found
    assert bool(told) == bool(found)


def test_without_a_mail_server_there_is_no_mail(settings: Any) -> None:
    settings.EMAIL_READY = False
    assert "EMAIL_URL and DCM_EMAIL_FROM" in errors(mail.Form, recipients="a@example.org")
