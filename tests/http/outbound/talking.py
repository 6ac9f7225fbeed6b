"""A server that says what a test has it say, on loopback, and counts who came."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Talk = Callable[["Talking", socket.socket], None]


@dataclass
class Talking:
    """What runs: where, how many came, what they sent, and whether it is over."""

    port: int
    came: int = 0
    said: bytes = b""
    over: threading.Event = field(default_factory=threading.Event)
    broken: threading.Event = field(default_factory=threading.Event)

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/"


def answer(sent: bytes = OK) -> Talk:
    """Answer each request on a connection; of a POST the body is {}, and comes after its head."""

    def talk(server: Talking, connection: socket.socket) -> None:
        request = b""
        while more := connection.recv(65536):
            request += more
            if not request.startswith(b"POST") or request.endswith(b"{}"):
                server.said += request
                connection.sendall(sent)
                request = b""

    return talk


def trickle(first: bytes, each: bytes, pause_s: float = 0.05) -> Talk:
    """Say something at once, and then a little more again and again."""

    def talk(server: Talking, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(first)
        while not server.over.wait(pause_s):
            connection.sendall(each)

    return talk


def silent(server: Talking, connection: socket.socket) -> None:
    server.over.wait(30)


@contextmanager
def talking(
    talk: Talk, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Any]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind((host, 0))
    listener.listen()
    server = Talking(listener.getsockname()[1])

    def serve(connection: socket.socket) -> None:
        try:
            with connection:
                spoken = tls.wrap_socket(connection, server_side=True) if tls else connection
                with spoken:
                    talk(server, spoken)
        except OSError:
            server.broken.set()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.came += 1
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """Return a server's TLS context, and the file that whoever trusts it reads."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))])
    made = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, private = folder / "cert.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return context, str(file)
