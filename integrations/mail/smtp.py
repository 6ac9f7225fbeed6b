"""Sending one mail by Django's mail backend, and what became of it."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from typing import Any, Final, NamedTuple

from django.core.mail import EmailMessage, get_connection

from integrations.domain.delivery import Outcome, Result

# A server that takes its time over each step is left in the end: less than the lease.
DEADLINE_S: Final = 40.0
Refusals = Mapping[str, tuple[int, bytes]]


class _Refusal(NamedTuple):
    """What a reply of the server is about, and whether the next mail would be refused too."""

    error: type[smtplib.SMTPResponseException]
    reason: str
    disables: bool


_REFUSALS: Final = (
    _Refusal(smtplib.SMTPSenderRefused, "the mail server refuses the sender, DCM_EMAIL_FROM", True),
    _Refusal(smtplib.SMTPDataError, "the mail server refuses this mail", False),
    _Refusal(smtplib.SMTPResponseException, "the mail server does not take it", True),
)


def send(mail: EmailMessage) -> Outcome:
    """Send a mail. What the server said is in `said`; no address stands in a reason."""
    connection = get_connection(fail_silently=False)
    try:
        return _send(connection, mail)
    finally:
        with suppress(smtplib.SMTPException, OSError):  # what is done is done
            connection.close()


def _send(connection: Any, mail: EmailMessage) -> Outcome:
    with _in_time(connection) as over:
        try:
            connection.open()
        except (smtplib.SMTPException, OSError) as error:
            return _unopened(error)
        try:
            return _partly(_sent(connection, mail), len(mail.to))
        except (smtplib.SMTPException, OSError) as error:
            return _unsent(error, over=over.is_set())


def _sent(connection: Any, mail: EmailMessage) -> Refusals:
    """Send over an open connection; return whom the server refused, while it took the others.

    Django's own sending does not tell of these.
    """
    server = getattr(connection, "connection", None)
    if not isinstance(server, smtplib.SMTP):  # a backend that prints, or keeps
        connection.send_messages([mail])
        return {}
    told = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg] # Django's own
    return server.sendmail(parseaddr(mail.from_email)[1], mail.to, told)


@contextmanager
def _in_time(connection: Any) -> Iterator[threading.Event]:
    """Cut the connection when DEADLINE_S are over, however the server spends them."""
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(AttributeError, OSError):  # it has ended by itself meanwhile
            connection.connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(DEADLINE_S, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _partly(refused: Refusals, recipients: int) -> Outcome:
    if not refused:
        return Outcome(Result.DELIVERED)
    said = "; ".join(_said(*told) for told in refused.values())
    reason = f"{len(refused)} of {recipients} recipients were refused"
    return Outcome(Result.DELIVERED, reason, said=said)


def _unopened(error: Exception) -> Outcome:
    """Return what it means that there is no session with the server: nothing was sent."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return _told(error, "the mail server refuses the user or password of EMAIL_URL")
        case smtplib.SMTPResponseException():
            return _told(error, "the mail server does not let us in")
        case smtplib.SMTPNotSupportedError():
            reason = "the mail server does not speak the TLS or the login that EMAIL_URL asks for"
            return Outcome(Result.REFUSED, reason, disables=True)
        case ssl.SSLError():
            return Outcome(Result.FAILED, "the mail server's TLS certificate is not accepted")
    return Outcome(Result.FAILED, f"no connection to the mail server ({type(error).__name__})")


def _unsent(error: Exception, *, over: bool) -> Outcome:
    """Return what it means that a mail was not taken, or that nobody knows."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _nobody(error.recipients)
    if isinstance(error, smtplib.SMTPResponseException):
        refusal = next(one for one in _REFUSALS if isinstance(error, one.error))
        return _told(error, refusal.reason, disables=refusal.disables)
    why = f"was not done after {DEADLINE_S:.0f} s" if over else f"left ({type(error).__name__})"
    return Outcome(Result.LOST, f"the mail server {why}")


def _nobody(refused: Refusals) -> Outcome:
    """Return what it means that no recipient was taken: if one may be later, it is tried again."""
    said = "; ".join(_said(*told) for told in refused.values())
    reason = f"the mail server refused all {len(refused)} recipients"
    codes = [code for code, _ in refused.values()]
    if any(_is_temporary(code) for code in codes):
        return Outcome(
            Result.FAILED, f"{reason}, and may take them later", status=codes[0], said=said
        )
    return Outcome(Result.REFUSED, reason, status=codes[0], said=said, disables=True)


def _told(error: smtplib.SMTPResponseException, reason: str, *, disables: bool = True) -> Outcome:
    """Return what a reply of the server means: after 4xx it is tried again, after 5xx never."""
    raw = error.smtp_error
    said = _said(error.smtp_code, raw if isinstance(raw, bytes) else raw.encode())
    reason = f"{reason} (SMTP {error.smtp_code})"
    if _is_temporary(error.smtp_code):
        return Outcome(Result.FAILED, reason, status=error.smtp_code, said=said)
    return Outcome(Result.REFUSED, reason, status=error.smtp_code, said=said, disables=disables)


def _is_temporary(code: int) -> bool:
    return not 500 <= code < 600  # noqa: PLR2004 - SMTP's


def _said(code: int, text: bytes) -> str:
    return f"{code} {text.decode(errors='replace')}"
