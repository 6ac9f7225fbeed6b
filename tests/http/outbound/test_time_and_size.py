"""However a receiver answers, a call ends in time and takes little memory."""

import gzip
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from integrations import outbound
from integrations.connections import CALL
from integrations.outbound import NoAnswerError, NotSentError, Reply
from tests.http.outbound.talking import Talk, answer, certificate, silent, talking, trickle

DEADLINE_S = 0.5


@pytest.fixture(autouse=True)
def _allowed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8", "::1/128"]


def post(url: str, **options: Any) -> Reply:
    session = outbound.session(**{"deadline_s": DEADLINE_S, **options})
    return outbound.post(session, url, b"{}", {"X-Of-Ours": "1"})


def fails(url: str, kind: type[Exception], said: str) -> None:
    """Assert that a call fails so, and no later than it may."""
    began = time.monotonic()
    with pytest.raises(kind, match=said):
        post(url)
    assert time.monotonic() - began < DEADLINE_S + 0.4


def test_an_answer_is_read_and_its_connection_used_again() -> None:
    session = outbound.session()
    with talking(answer()) as server:
        for _ in range(3):
            reply = outbound.post(session, server.url(), b"{}", {"X-Of-Ours": "1"})
            assert (reply.status, reply.body) == (200, b"ok")
        assert server.came == 1
    assert server.said.count(b"X-Of-Ours: 1") == 3
    assert server.said.count(b"Accept-Encoding: identity") == 3


def test_an_ipv6_address_is_reached() -> None:
    with talking(answer(), host="::1") as server:
        assert post(f"http://[::1]:{server.port}/").status == 200


@pytest.mark.parametrize(
    "talk",
    [
        silent,
        trickle(b"", b"H"),
        trickle(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        trickle(b"HTTP/1.1 200 OK\r\n", b"X-One: more\r\n", 0.02),
        trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"a"),
        trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["silence", "status", "header", "headers", "continue", "body", "chunks"],
)
def test_whoever_is_slow_is_cut_off_and_may_have_heard_us(talk: Talk) -> None:
    with talking(talk) as server:
        fails(server.url(), NoAnswerError, "127.0.0.1: no answer came")


@pytest.mark.parametrize("talk", [silent, trickle(b"\x16\x03\x03\x40\x00", b"a")])
def test_a_tls_handshake_that_does_not_end_has_sent_nothing(talk: Talk) -> None:
    with talking(talk) as server:
        fails(server.url("https"), NotSentError, "no TLS")


def test_several_addresses_that_do_not_answer_have_one_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    at = full.getsockname()
    waiting = [socket.socket() for _ in range(4)]
    for each in waiting:  # what comes after these is not even refused
        each.setblocking(False)
        each.connect_ex(at)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", at)] * 5
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    fails("http://hook.example/", NotSentError, "hook.example: no connection")
    for each in (*waiting, full):
        each.close()


def test_a_name_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()

    def hangs(*_: Any, **__: Any) -> list[Any]:
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    fails("https://hook.example/", NotSentError, "its name cannot be looked up")
    over.set()


def test_a_refused_connection_has_sent_nothing() -> None:
    with talking(answer()) as server:
        pass
    fails(server.url(), NotSentError, "no connection")


def test_a_connection_that_breaks_may_have_brought_it_there() -> None:
    def hangs_up(server: Any, connection: socket.socket) -> None:
        connection.recv(65536)

    with talking(hangs_up) as server:
        fails(server.url(), NoAnswerError, "no answer came")
    with talking(trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", b"", 0)) as server:
        server.over.set()
        fails(server.url(), NoAnswerError, "no answer came")


@pytest.mark.parametrize(
    "framing", ["Content-Length: 1000000000", "Transfer-Encoding: chunked", ""]
)
def test_of_a_gigabyte_the_first_64_kib_are_read(framing: str) -> None:
    head = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".replace("\r\n\r\n\r\n", "\r\n\r\n")
    block = b"a" * 65536
    each = b"10000\r\n" + block + b"\r\n" if "chunked" in framing else block
    with talking(trickle(head.encode(), each, 0)) as server:
        reply = post(server.url())
        assert reply.body == b"a" * outbound.MOST_BYTES
        assert server.broken.wait(5), "the connection must be closed, not read to its end"


def test_what_must_be_whole_is_no_answer_where_it_is_longer() -> None:
    with talking(answer()) as server:
        assert post(server.url(), most_bytes=2, whole=True).body == b"ok"
        assert post(server.url(), most_bytes=1).body == b"o"
        with pytest.raises(NoAnswerError):
            post(server.url(), most_bytes=1, whole=True)


def test_what_comes_compressed_is_not_looked_into() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    with talking(answer(head.encode() + bomb)) as server:
        assert post(server.url()) == Reply(
            200, {"content-encoding": "gzip", "content-length": str(len(bomb))}, b""
        )


def test_tls_is_trusted_where_the_machine_trusts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, file = certificate(tmp_path, "127.0.0.1")
    with talking(answer(), tls=context) as server:
        fails(server.url("https"), NotSentError, r"no TLS.*\(self-signed certificate\)")
        monkeypatch.setenv("SSL_CERT_FILE", file)
        session = outbound.session()
        assert outbound.post(session, server.url("https"), b"{}", {}).body == b"ok"
        assert outbound.post(session, server.url("https"), b"{}", {}).status == 200
        assert server.came == 2


def test_tls_of_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", file)
    with talking(answer(), tls=context) as server:
        fails(server.url("https"), NotSentError, r"IP address mismatch")
    assert server.said == b""


def test_a_slow_body_over_tls_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", file)
    talk = trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"a")
    with talking(talk, tls=context) as server:
        fails(server.url("https"), NoAnswerError, "no answer came")


def test_each_thread_has_a_deadline_of_its_own() -> None:
    """A slow receiver in one thread does not shorten a call in another."""
    session = outbound.session(deadline_s=DEADLINE_S)
    failed = []

    def slow(url: str) -> None:
        try:
            outbound.post(session, url, b"{}", {})
        except NoAnswerError as error:
            failed.append(error)

    with talking(silent) as server, talking(answer()) as other:
        thread = threading.Thread(target=slow, args=(server.url(),))
        thread.start()
        while thread.is_alive():
            assert outbound.post(session, other.url(), b"{}", {}).status == 200
            assert CALL.left() > DEADLINE_S / 2
    assert len(failed) == 1
