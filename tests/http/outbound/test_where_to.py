"""No address that somebody writes into a form leads inside. A canary listens; nobody comes."""

# ruff: noqa: RUF001 - libc and IDNA take such digits for ours
import itertools
import socket
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from pytest_django import Settings

from integrations import outbound
from integrations.outbound import ForbiddenAddressError, NotSentError
from tests.http.outbound.talking import OK, Talking, answer, talking

PUBLIC = "93.184.216.34"
# libc takes each of these for this machine.
OURS = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 0177.1 017700000001 00 0 0x0
localhost LOCALHOST 127.00.00.01 127.255.255.254 0.0.0.0 [::1] [::] [0:0:0:0:0:0:0:1]
[::ffff:127.0.0.1] [::ffff:7f00:1]
"""
SPELLINGS = """
127.0.0.1. localhost.
①②⑦.⓪.⓪.① １２７.０.０.１ 127。0。0。1 127．0．0．1 127｡0｡0｡1 ⓛⓞⓒⓐⓛⓗⓞⓢⓣ %31%32%37.0.0.1
[::127.0.0.1] [64:ff9b::127.0.0.1]
[64:ff9b::7f00:1] [2002:7f00:1::] [2001:0:7f00:1::] [fe80::1%25lo] [fec0::1] [ff02::1] [fd00::1]
10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.100.100.200 192.0.0.192 168.63.129.16
[::ffff:169.254.169.254] [64:ff9b::a9fe:a9fe] [fd00:ec2::254] 224.0.0.1 255.255.255.255 198.18.0.1
"""
TRICKS = """
{s}://public.example@127.0.0.1:{p}/ {s}://public.example:x@127.0.0.1:{p}/
{s}://127.0.0.1:{p}\\@public.example/ {s}://public.example%40127.0.0.1:{p}/
{s}://127.0.0.1:{p}#@public.example/ {s}://127.0.0.1:{p}?@public.example/
{s}:127.0.0.1:{p}/ {s}:///127.0.0.1:{p}/ {s}:/127.0.0.1:{p} {s}:\\\\127.0.0.1:{p}/ //127.0.0.1:{p}/
{s}://:{p}/ {s}://@127.0.0.1:{p}/ {s}://127.0.0.1:{p}@127.0.0.1:{p}/ {s}://a..b:{p}/ {s}://*:{p}/
{s}://xn--127-0.0.1:{p}/ {s}://[::1%25lo]:{p}/ {s}://[::1]@:{p}/ {s}://127.0.0.1:{p}:{p}/
{s}://127.0.0.1:99999/ {s}://127.0.0.1:-1/ {s}://127.0.0.1:{p}%0d%0aHost:x/ {s}://%00127.0.0.1:{p}/
file:///etc/passwd ftp://127.0.0.1:{p}/ gopher://127.0.0.1:{p}/_x unix:///run/x.sock http+unix://x/
"""


def urls(port: int) -> list[str]:
    plain = [
        f"{s}://{host}:{port}/" for s in ("http", "https") for host in (OURS + SPELLINGS).split()
    ]
    tricks = [text.format(s=s, p=port) for s in ("http", "https") for text in TRICKS.split()]
    return [*plain, *tricks, f"https://{'a' * 70}.example/", "", "https://", "https://127.0.0.1/"]


@pytest.fixture
def canary(settings: Settings) -> Iterator[Talking]:
    settings.OUTBOUND_ALLOW = []
    with talking(answer()) as server:
        yield server


@cache
def _session() -> Any:
    return outbound.session(deadline_s=2)


def refused(url: str) -> Exception:
    with pytest.raises((ForbiddenAddressError, NotSentError)) as caught:
        outbound.post(_session(), url, b"{}", {})
    return caught.value


def test_no_spelling_of_an_address_leads_inside(canary: Talking) -> None:
    tried = urls(canary.port)
    assert len(set(tried)) >= 120
    for url in tried:
        refused(url)
    assert (canary.came, canary.said) == (0, b"")


@pytest.mark.parametrize("host", OURS.split())
def test_what_libc_takes_for_this_machine_is_named_as_inside(canary: Talking, host: str) -> None:
    error = refused(f"https://{host}:{canary.port}/")
    assert isinstance(error, ForbiddenAddressError)
    assert "inside a network" in str(error)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://name:word@hook.example/", "hook.example: no name and password in an address"),
        ("ftp://hook.example/", "hook.example: this is no address to send to"),
        (
            "http://127.0.0.1:9/",
            "127.0.0.1: only https is sent to, unless DCM_OUTBOUND_ALLOW names it",
        ),
        (f"https://{'a' * 70}.example/", f"{'a' * 70}.example: this is no name of a host"),
        ("nonsense", "nonsense: this is no address to send to"),
    ],
)
def test_a_refusal_names_the_host_and_nothing_more(canary: Talking, url: str, said: str) -> None:
    assert str(refused(url)) == said


class Resolver:
    """A name server that says something else each time, and who was then connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = iter(answers)
        self.reached: list[str] = []
        known = socket.socket.connect

        def connect(sock: socket.socket, address: Any) -> None:
            self.reached.append(address[0])
            if address[0] == PUBLIC:
                raise ConnectionRefusedError
            known(sock, address)

        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)
        monkeypatch.setattr(socket.socket, "connect", connect)

    def look_up(self, host: str, port: int, **_: Any) -> list[Any]:
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (family[":" in each], socket.SOCK_STREAM, 6, "", (each, port))
            for each in next(self.answers)
        ]


def test_a_name_that_changes_its_mind_is_followed_nowhere_unseen(
    canary: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when it is looked at, private when it is connected to: it is looked up once."""
    resolver = Resolver(monkeypatch, [PUBLIC], ["127.0.0.1"], ["::1"])
    url = f"https://rebind.example:{canary.port}/"
    assert isinstance(refused(url), NotSentError)
    assert isinstance(refused(url), ForbiddenAddressError)
    assert isinstance(refused(url), ForbiddenAddressError)
    assert (resolver.reached, canary.came) == ([PUBLIC], 0)


@pytest.mark.parametrize("order", list(itertools.permutations([PUBLIC, "127.0.0.1"])))
def test_a_name_with_one_address_inside_is_not_sent_to_at_all(
    canary: Talking, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]
) -> None:
    resolver = Resolver(monkeypatch, list(order))
    assert isinstance(refused(f"https://both.example:{canary.port}/"), ForbiddenAddressError)
    assert (resolver.reached, canary.came) == ([], 0)


def test_plain_http_goes_only_where_it_is_allowed(
    canary: Talking, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    assert outbound.post(outbound.session(), canary.url(), b"{}", {}).status == 200
    Resolver(monkeypatch, [PUBLIC])
    assert "only https" in str(refused("http://public.example/"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(settings: Settings, status: int) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with talking(answer()) as elsewhere:
        head = f"HTTP/1.1 {status} Away\r\nLocation: {elsewhere.url()}\r\nContent-Length: 0\r\n\r\n"
        with talking(answer(head.encode())) as server:
            reply = outbound.post(outbound.session(), server.url(), b"{}", {})
            # and neither for whoever uses the session as requests have it
            assert outbound.session().get(server.url()).status_code == status
        assert (reply.status, elsewhere.came) == (status, 0)


def test_no_proxy_and_no_password_comes_from_the_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with talking(answer()) as proxy, talking(answer()) as server:
        for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert outbound.post(outbound.session(), server.url(), b"{}", {}).status == 200
        assert (proxy.came, server.came) == (0, 1)
    assert b"Authorization" not in server.said


def test_what_one_receiver_wants_remembered_is_told_to_no_other(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    session = outbound.session()
    with talking(answer(OK.replace(b"\r\n", b"\r\nSet-Cookie: a=b\r\n", 1))) as server:
        for _ in range(2):
            outbound.post(session, server.url(), b"{}", {})
    assert b"Cookie" not in server.said
