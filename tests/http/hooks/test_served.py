"""What only a real server shows: what is read off the wire, and when it is refused."""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection, transaction

from integrations.inbox.receive import MOST_BYTES
from integrations.models import InboxItem
from tests.http.hooks import hostile
from tests.http.hooks.conftest import Served

PAGE = (Path(__file__).parents[3] / "docs/webhooks-in.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
OWN = "/hooks/genesys/Own, served/"


@pytest.fixture(autouse=True)
def db(served: Served, django_db_blocker: Any) -> Iterator[None]:
    """Give these tests the database as the server has it, and empty the inbox after each.

    It takes the place of pytest-django's fixture, whose transaction the server could not see.
    """
    with django_db_blocker.unblock():
        yield
        InboxItem.objects.all().delete()
        connection.close()


def send(served: Served, body: Any, path: str = "/hooks/genesys/", **headers: str) -> Any:
    told = {"Authorization": f"Bearer {served.genesys.key}", **headers}
    return requests.post(served.url + path, data=body, headers=told, timeout=10)


def raw(served: Served, *lines: str, path: str = "/hooks/genesys/") -> socket.socket:
    """Open a connection and send the head of a POST and nothing of its body."""
    link = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    head = [f"POST {path.replace(' ', '%20')} HTTP/1.1", "Host: 127.0.0.1", *lines]
    link.sendall("\r\n".join([*head, "", ""]).encode("latin-1"))
    return link


def status(link: socket.socket) -> int:
    with link:
        return int(link.recv(65536).split()[1])


def send_for_ever(link: socket.socket) -> None:
    for _ in range(2_000):
        link.sendall(b"10000\r\n" + b"z" * 65_536 + b"\r\n")


def test_a_wrong_token_is_refused_before_the_body_is_sent(served: Served) -> None:
    for length in (100, 26_000_000):
        link = raw(served, "Authorization: Bearer dcm_no", f"Content-Length: {length}")
        assert status(link) == 401
    assert status(raw(served, "Transfer-Encoding: chunked")) == 401


def test_what_is_too_large_is_refused_before_it_is_sent(served: Served) -> None:
    token = f"Authorization: Bearer {served.genesys.key}"
    for length in (str(MOST_BYTES + 1), "9" * 9):
        assert status(raw(served, token, f"Content-Length: {length}")) == 413


def test_a_signature_is_refused_after_256_kib_at_most(served: Served) -> None:
    headers = ("webhook-id: m", f"webhook-timestamp: {int(time.time())}", "webhook-signature: v1,x")
    too_long = raw(served, *headers, f"Content-Length: {MOST_BYTES + 1}", path=OWN)
    assert status(too_long) == 413
    link = raw(served, *headers, f"Content-Length: {MOST_BYTES}", path=OWN)
    link.sendall(b" " * MOST_BYTES)
    assert status(link) == 401
    stale = raw(served, headers[0], "webhook-timestamp: 1", headers[2], "Content-Length: 9")
    assert status(stale) == 401


def test_bodies_up_to_256_kib_are_taken_whole(served: Served) -> None:
    for body in (b"x" * MOST_BYTES, b"", b"y" * 65_537):
        assert send(served, body).status_code == 202
    sizes = [len(item.body) for item in InboxItem.objects.order_by("pk")]
    assert sizes == [MOST_BYTES, 0, 65_537]


def test_chunks_are_taken_as_long_as_they_are_not_too_many(served: Served) -> None:
    assert send(served, iter([b"a" * 1000] * 5)).status_code == 202
    assert send(served, iter([b"b" * 65_536] * 4)).status_code == 202
    assert send(served, iter([b"c" * 65_536] * 4 + [b"c"])).status_code == 413
    sizes = [len(item.body) for item in InboxItem.objects.order_by("pk")]
    assert sizes == [5000, MOST_BYTES]


def test_endless_chunks_are_not_read_to_their_end(served: Served) -> None:
    link = raw(served, f"Authorization: Bearer {served.genesys.key}", "Transfer-Encoding: chunked")
    with link, pytest.raises(OSError, match=r"reset|pipe|timed out|abort"):
        send_for_ever(link)
    assert not InboxItem.objects.exists()


def test_a_body_that_ends_too_early_is_not_kept(served: Served) -> None:
    link = raw(served, f"Authorization: Bearer {served.genesys.key}", "Content-Length: 50")
    link.sendall(b'{"topic": ')
    link.shutdown(socket.SHUT_WR)
    link.recv(65536)
    link.close()
    assert not InboxItem.objects.exists()


def test_two_lengths_or_none_are_refused(served: Served) -> None:
    token = f"Authorization: Bearer {served.genesys.key}"
    assert status(raw(served, token, "Content-Length: 5", "Transfer-Encoding: chunked")) == 400
    assert status(raw(served, token, "Content-Length: -5")) == 400
    assert status(raw(served, token, "Content-Length: 1_000")) == 400
    assert not InboxItem.objects.exists()


def test_hostile_bodies_are_all_kept_as_they_are(served: Served) -> None:
    bodies = list(hostile.bodies())
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {served.genesys.key}"
        codes = {session.post(served.url + "/hooks/genesys/", data=b).status_code for b in bodies}
        session.headers["Authorization"] = f"Bearer {served.eventbridge.key}"
        url = served.url + "/hooks/eventbridge/"
        codes |= {session.post(url, data=body).status_code for body in bodies}
    assert codes == {202}
    stored = [bytes(item.body) for item in InboxItem.objects.order_by("pk")]
    assert [body for body in stored if body in bodies] == stored
    assert set(stored) == set(bodies)


def test_many_senders_at_once_lose_nothing(served: Served) -> None:
    def some(number: int) -> int:
        """Send as senders do: what is asked to come again comes again. Return how many are in."""
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {served.genesys.key}"
            return sum(_sent(session, number, n) for n in range(25))

    def _sent(session: requests.Session, number: int, n: int) -> bool:
        answer: int = HTTPStatus.SERVICE_UNAVAILABLE
        while answer == HTTPStatus.SERVICE_UNAVAILABLE:  # SQLite's lock was not to be had in time
            answer = session.post(
                served.url + "/hooks/genesys/",
                data=json.dumps([number, n]),
                headers={"webhook-id": f"{number // 2}-{n}"},  # each id from two senders
            ).status_code
        return answer == HTTPStatus.ACCEPTED

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(some, range(8))) == [25] * 8
    assert InboxItem.objects.count() == 4 * 25


def test_a_database_that_is_locked_is_told_of_quickly(served: Served) -> None:
    table = InboxItem._meta.db_table
    with transaction.atomic():  # IMMEDIATE on SQLite: it holds the only lock
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = send(served, b"{}")
        took = time.monotonic() - began
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert took < 4
    assert send(served, b"{}").status_code == 202


@pytest.mark.needs("postgresql", reason="SQLite's connections cannot be lost")
def test_a_connection_that_was_lost_is_made_anew(served: Served) -> None:
    for _ in range(3):
        assert send(served, b"{}").status_code == 202
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    assert send(served, b"{}").status_code == 202
    assert InboxItem.objects.count() == 4


def test_every_command_of_the_documentation_works(served: Served) -> None:
    own = served.signing.source.name.replace(" ", "%20")
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        mine = command.replace("https://dcm.example.org", served.url).replace("Own%20program", own)
        mine = mine.replace("dcm_...", served.genesys.key)
        done = subprocess.run(
            ["sh", "-c", mine],
            env={"PATH": os.environ["PATH"], "WHSEC": served.signing.key},
            capture_output=True,
            text=True,
            check=True,
        )
        assert '{"accepted": true, "repeated": false}' in done.stdout, done.stdout
    assert InboxItem.objects.filter(source=served.signing.source, sender_id="event-1").exists()
