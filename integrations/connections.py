"""Connections that lead only where we send, and are waited for no longer than a call may take.

An address is judged when the connection is opened, after its name was looked up: so no name that
changes its mind, and no spelling, leads inside. Before every byte that is waited for, what is left
of the call's time becomes the socket's: whoever trickles is cut off as punctually as who is silent.
"""

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integrations.domain import addresses
from integrations.errors import PermanentError

# Of one address: where a host has several, the next is tried.
CONNECT_S: Final = 5.0
Found = Sequence[tuple[Any, ...]]


class ForbiddenAddressError(PermanentError):
    """The address is not one that we send to."""


class Call(threading.local):
    """The call of this thread: when it ends at the latest, and how far it has come.

    trouble says what is the matter if it fails before anything was sent.
    """

    end = 0.0
    sent = False
    trouble = ""

    def begin(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.sent = False
        self.trouble = "no connection"

    def left(self) -> float:
        """Return the seconds that are left. Raises TimeoutError where none are."""
        found = self.end - time.monotonic()
        if found <= 0:
            raise TimeoutError("the call has taken too long")
        return found


CALL: Final = Call()


def check(host: str, address: str, *, tls: bool) -> None:
    """Raise ForbiddenAddressError where we do not send to this address."""
    if addresses.is_allowed(address, settings.OUTBOUND_ALLOW):
        return
    if not tls:
        raise _only_https(host)
    if not addresses.is_public(address):
        raise ForbiddenAddressError(
            f"{host}: this is an address inside a network. If it is meant, allow it with"
            " DCM_OUTBOUND_ALLOW"
        )


def _only_https(host: str) -> ForbiddenAddressError:
    return ForbiddenAddressError(
        f"{host}: only https is sent to, unless DCM_OUTBOUND_ALLOW names it"
    )


def foresee(host: str, *, tls: bool) -> None:
    """Raise ForbiddenAddressError where it can be seen beforehand that nothing is sent to a host.

    A name is looked up for plain HTTP alone, which goes to few; one that has no address now may get
    one. What decides is the connection.
    """
    if not tls and not settings.OUTBOUND_ALLOW:
        raise _only_https(host)
    CALL.begin(CONNECT_S)
    try:
        found = _look_up(host, None, flags=socket.AI_NUMERICHOST if tls else 0)
    except OSError:
        return
    for *_, address in found:
        check(host, str(address[0]), tls=tls)


def _connect(connection: HTTPConnection, *, tls: bool) -> socket.socket:
    """Connect to a host of which every address may be sent to."""
    host = connection._dns_host.strip("[]")  # noqa: SLF001 - urllib3's own override point
    found = _look_up(host, connection.port)
    for *_, address in found:
        check(host, str(address[0]), tls=tls)
    CALL.trouble = "no connection"
    last: OSError | None = None
    for family, kind, protocol, _, address in found:
        try:
            made = _open(family, kind, protocol, address)
        except OSError as error:
            last = error
        else:
            CALL.trouble = "no TLS: is its certificate valid, and for this name?"
            return made
    raise urllib3.exceptions.NewConnectionError(connection, f"{last}") from last


def _look_up(host: str, port: int | None, *, flags: int = 0) -> Found:
    """Return the addresses of a host, in a thread: a slow name server cannot be interrupted.

    Raises ForbiddenAddressError where it cannot be a name, OSError where it has no address.
    """
    CALL.trouble = "its name cannot be looked up"
    answer: Future[Found] = Future()
    threading.Thread(target=_resolve, args=(answer, host, port, flags), daemon=True).start()
    try:
        return answer.result(min(CONNECT_S, CALL.left()))
    except UnicodeError as error:
        raise ForbiddenAddressError(f"{host}: this is no name of a host") from error


def _resolve(answer: "Future[Found]", host: str, port: int | None, flags: int) -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
    except (OSError, UnicodeError) as error:
        answer.set_exception(error)


def _open(family: int, kind: int, protocol: int, address: Any) -> socket.socket:
    made = _Socket(family, kind, protocol)
    try:
        made.settimeout(min(CONNECT_S, CALL.left()))
        made.connect(address)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.settimeout(CALL.left())  # holds for the TLS handshake as a whole
    except OSError:
        made.close()
        raise
    return made


class _Socket(socket.socket):
    """A socket that waits no longer than the call may still take."""

    def recv_into(self, *args: Any) -> int:
        self.settimeout(CALL.left())
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        CALL.sent = True
        self.settimeout(CALL.left())
        super().sendall(*args)


class _SecureSocket(ssl.SSLSocket):
    """The same over TLS, of which sendall is made of send."""

    def recv_into(self, *args: Any) -> int:
        self.settimeout(CALL.left())
        return super().recv_into(*args)

    def send(self, *args: Any) -> int:
        CALL.sent = True
        self.settimeout(CALL.left())
        return super().send(*args)


def context(ca_file: str) -> ssl.SSLContext:
    """Return what TLS connections trust: the authorities of a file, and those of the machine."""
    made: ssl.SSLContext = urllib3.util.create_urllib3_context()
    made.verify_mode, made.check_hostname = ssl.CERT_REQUIRED, True
    made.load_verify_locations(ca_file)
    made.load_default_certs()
    made.sslsocket_class = _SecureSocket
    return made


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, tls=False)


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, tls=True)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


POOLS: Final = {"http": _PlainPool, "https": _SecurePool}
