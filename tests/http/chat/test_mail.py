"""E-mail over real SMTP: what arrives, and what each of the server's answers means."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.utils import timezone

from conversations.models import Agent
from integrations.mail import smtp
from integrations.models import Attempt, Delivery, Destination
from tests import factories
from tests.http.chat.conftest import a_destination, an_event, relayed
from tests.servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)
TO = "ada@example.org, bob@example.org"


class Server:
    """A mail server: answers holds what it says to a command, or to one recipient."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.got: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        told = self.answers.get(address) or self.answers.get("RCPT")
        if told:
            return told
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if told := self.answers.get("DATA"):
            return told
        self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        if "drop" in self.answers:
            self.answers.clear()
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def port(server: Server, settings: Any) -> Iterator[int]:
    with running(server) as port:
        configure(settings, port)
        yield port


@contextmanager
def running(server: Server, **options: Any) -> Iterator[int]:
    controller = Controller(server, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def configure(settings: Any, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 2
    settings.EMAIL_READY, settings.DEFAULT_FROM_EMAIL = True, "DCM <dcm@example.org>"


@pytest.fixture
def team(names: None) -> Destination:
    return a_destination("email", {"recipients": TO}, {})


def test_an_event_is_a_mail(team: Destination, port: int, server: Server, now: datetime) -> None:
    an_event(now)
    assert relayed().through == 1
    (mail,) = server.got
    assert server.envelopes == [("dcm@example.org", ["ada@example.org", "bob@example.org"])]
    assert mail["From"] == "DCM <dcm@example.org>"
    assert mail["To"] == TO
    assert mail["Subject"] == "[DCM] Ada Lovelace took the call"
    assert mail["Message-ID"].startswith("<msg_")
    assert mail["References"] == "<conversation-c1@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == [
        "Ada Lovelace took the call",
        "",
        "Queue: Support",
        "Medium: voice",
        "At: 27 Mar 2026, 16:45:00 UTC",
        "Conversation since: 27 Mar 2026, 16:40:00 UTC",
        "",
        "http://127.0.0.1:8000/conversations/c1/",
    ]


def test_a_mail_whose_answer_is_lost_goes_out_again_under_its_id(
    team: Destination, port: int, server: Server, now: datetime
) -> None:
    server.answers["drop"] = ""
    an_event(now)
    relayed()
    row = Delivery.objects.get()
    assert (row.in_doubt, Attempt.objects.get().result) == (True, "lost")
    relayed(row.due_at - timezone.now())
    first, second = server.got
    assert first["Message-ID"] == second["Message-ID"]


ANSWERS = [
    ("MAIL", "550 5.7.1 not you", "waiting", True, "refuses the sender, DCM_EMAIL_FROM (SMTP 550)"),
    ("MAIL", "451 4.3.0 later", "waiting", False, "refuses the sender, DCM_EMAIL_FROM (SMTP 451)"),
    ("RCPT", "550 5.1.1 nobody", "waiting", True, "refused all 2 recipients"),
    (
        "RCPT",
        "450 4.2.1 greylisted",
        "waiting",
        False,
        "refused all 2 recipients, and may take them later",
    ),
    ("DATA", "554 5.7.1 looks like spam", "dead", False, "refuses this mail (SMTP 554)"),
    ("DATA", "452 4.3.1 disk full", "waiting", False, "refuses this mail (SMTP 452)"),
]


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize("case", ANSWERS)
def test_what_the_server_does_not_take_is_tried_again_or_given_up(
    team: Destination, server: Server, now: datetime, case: tuple[str, str, str, bool, str]
) -> None:
    command, answer, state, stops, told = case
    server.answers[command] = answer
    an_event(now)
    relayed()
    team.refresh_from_db()
    attempt = Attempt.objects.get()
    assert (Delivery.objects.get().state, bool(team.disabled_at)) == (state, stops)
    assert attempt.reason == f"the mail server {told}"
    assert answer[:10] in attempt.said
    assert "example.org" not in attempt.reason
    assert server.got == []


def test_one_recipient_refused_does_not_keep_it_from_the_other_and_is_told(
    team: Destination, port: int, server: Server, now: datetime
) -> None:
    server.answers["bob@example.org"] = "550 5.1.1 nobody"
    an_event(now)
    assert relayed().through == 1
    assert [to for _, to in server.envelopes] == [["ada@example.org"]]
    assert Attempt.objects.get().reason == "1 of 2 recipients were refused"


def test_a_server_that_is_away_is_tried_again(
    team: Destination, settings: Any, now: datetime
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        configure(settings, taken.getsockname()[1])
        an_event(now)
        relayed()
    attempt = Attempt.objects.get()
    assert attempt.result == "failed"
    assert attempt.reason == "no connection to the mail server (ConnectionRefusedError)"


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection by hand."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(20)


def test_a_server_that_never_ends_is_left_in_time(
    team: Destination, settings: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "DEADLINE_S", 1.0)

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        connection.recv(1000)
        try:
            while True:
                connection.sendall(b"250-x\r\n")
                threading.Event().wait(0.2)
        except OSError:
            pass

    with talking(trickle) as port:
        configure(settings, port)
        an_event(now)
        begun = timezone.now()
        relayed()
        assert (timezone.now() - begun).total_seconds() < 5
    assert Attempt.objects.get().result in {"failed", "lost"}


@pytest.mark.parametrize("case", [(b"421 busy", "failed", False), (b"554 no", "refused", True)])
def test_a_server_that_does_not_let_us_in(
    team: Destination, settings: Any, now: datetime, case: tuple[bytes, str, bool]
) -> None:
    banner, result, stops = case
    with talking(lambda connection: connection.sendall(banner + b"\r\n")) as port:
        configure(settings, port)
        an_event(now)
        relayed()
    team.refresh_from_db()
    assert (Attempt.objects.get().result, bool(team.disabled_at)) == (result, stops)


def nobody(*_: Any) -> AuthResult:
    return AuthResult(success=False, handled=False)


def test_a_wrong_password_stops_the_destination(
    team: Destination, settings: Any, server: Server, now: datetime
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "dcm", "secret"
    with running(server, authenticator=nobody, auth_require_tls=False) as port:
        configure(settings, port)
        an_event(now)
        relayed()
    team.refresh_from_db()
    assert team.disabled_reason.startswith("the mail server refuses the user or password of")
    assert "secret" not in team.disabled_reason


def test_a_server_without_tls_is_told_no_password(
    team: Destination, settings: Any, port: int, server: Server, now: datetime
) -> None:
    settings.EMAIL_USE_TLS = True
    an_event(now)
    relayed()
    team.refresh_from_db()
    assert "does not speak the TLS" in team.disabled_reason
    assert server.got == []


def test_an_escalation_is_mailed_to_the_people_it_names_in_its_own_words(
    team: Destination, port: int, server: Server, now: datetime
) -> None:
    Destination.objects.update(topics=[])
    Agent.objects.filter(genesys_id="u1").update(email="ada@example.net")
    boss = factories.user("boss", email="boss@example.net", first_name="Eva", last_name="Boss")
    silent, gone = factories.user("silent"), factories.user("gone", is_active=False)
    row = an_event(now, name="sla.escalated", subject="next_response@1:rung:1")
    row.payload |= {
        "destinations": str(team.pk),
        "recipients": f"user:{boss.pk} user:{silent.pk} user:{gone.pk} agent:u1",
        "template": "{agent} has {conversation} of {queue}\r\nBcc: x@example.net",
        "dueAt": "2026-03-27T16:00:00.000Z",
        "verified": "false",
    }
    row.save(update_fields=["payload"])
    assert relayed().through == 1
    (mail,) = server.got
    assert server.envelopes[0][1] == ["boss@example.net", "ada@example.net"]
    assert mail["Subject"] == "[DCM] Ada Lovelace has c1 of Support Bcc: x@example.net"
    assert mail["Bcc"] is None
    lines = mail.get_content().splitlines()
    assert "For: Eva Boss, silent, Ada Lovelace" in lines
    assert "Due: 27 Mar 2026, 16:00:00 UTC" in lines
    assert "Checked: not verified: Genesys could not be asked just now" in lines
    assert Delivery.objects.get().payload["about"].keys().isdisjoint({"name", "address"})


def test_where_nobody_named_has_an_address_the_destinations_recipients_are_told(
    team: Destination, port: int, server: Server, now: datetime
) -> None:
    silent = factories.user("silent")
    row = an_event(now, name="sla.escalated", subject="next_response@1:rung:1")
    row.payload |= {"destinations": str(team.pk), "recipients": f"user:{silent.pk}"}
    row.save(update_fields=["payload"])
    assert relayed().through == 1
    assert server.envelopes[0][1] == ["ada@example.org", "bob@example.org"]
