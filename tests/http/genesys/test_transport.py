"""Every request ends, nothing but a GET is sent twice, and nobody sleeps."""

import time
from threading import Event
from typing import Any

import pytest
import urllib3

from integrations.errors import MalformedAnswerError, TemporaryError
from integrations.genesys.transport import Request, Wire


def _request(host: Any, method: str = "GET") -> Request:
    return Request(method, f"{host.url}/api/v2/thing", {}, {}, b"{}" if method == "POST" else None)


def test_the_answer_comes_as_it_was_sent_whatever_its_status(host: Any) -> None:
    host.plays = [lambda stage: stage.answer(404, b"\xff raw", ININ_Correlation_Id="abc")]

    answer = Wire().send(_request(host))

    assert (answer.status, answer.body) == (404, b"\xff raw")
    assert answer.headers["inin-correlation-id"] == "abc"


def test_a_get_is_sent_again_when_the_connection_breaks(host: Any) -> None:
    host.plays = [lambda s: s.drop(), lambda s: s.drop(), lambda s: s.answer(body=1)]

    assert Wire().send(_request(host)).body == b"1"
    assert len(host.calls) == 3


def test_a_get_is_given_up_after_the_third_broken_connection(host: Any) -> None:
    host.plays = [lambda s: s.drop()] * 4

    with pytest.raises(TemporaryError, match=r"GET 127.0.0.1:\d+/api/v2/thing"):
        Wire().send(_request(host))
    assert len(host.calls) == 3


def test_a_post_is_never_sent_again(host: Any) -> None:
    host.plays = [lambda s: s.drop(), lambda s: s.answer(body=1)]

    with pytest.raises(TemporaryError):
        Wire().send(_request(host, "POST"))
    assert len(host.calls) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_get_survives_a_fleeting_failure_of_a_gateway(host: Any, status: int) -> None:
    host.plays = [lambda s: s.answer(status, b"<html>"), lambda s: s.answer(body=1)]

    assert Wire().send(_request(host)).status == 200


def test_a_post_that_a_gateway_lost_is_answered_as_it_is(host: Any) -> None:
    host.plays = [lambda s: s.answer(503, b"<html>")]

    assert Wire().send(_request(host, "POST")).status == 503


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_not_slept_on(host: Any, status: int) -> None:
    host.plays = [lambda s: s.answer(status, {}, Retry_After="30")]
    start = time.monotonic()

    answer = Wire().send(_request(host))

    assert (answer.status, answer.headers["retry-after"]) == (status, "30")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_not_followed(host: Any, method: str) -> None:
    host.plays = [lambda s: s.answer(302, b"", Location=f"{host.url}/elsewhere")]

    assert Wire().send(_request(host, method)).status == 302
    assert len(host.calls) == 1


def test_a_host_that_hangs_is_left_after_the_read_timeout_and_not_asked_again(host: Any) -> None:
    over = Event()
    host.plays = [lambda _: over.wait(10)] * 3
    wire = Wire(timeout=urllib3.Timeout(connect=1, read=0.2))

    with pytest.raises(TemporaryError, match="no answer within the time limit"):
        wire.send(_request(host))
    over.set()
    assert len(host.calls) == 1


def _drip(stage: Any) -> None:
    stage.send_response(200)
    stage.end_headers()
    for _ in range(100):
        stage.wfile.write(b" ")
        stage.wfile.flush()
        time.sleep(0.05)


def test_a_host_that_drips_is_left_after_the_deadline(host: Any) -> None:
    host.plays = [_drip]

    with pytest.raises(TemporaryError, match="not all had come"):
        Wire(deadline_s=0.3).send(_request(host, "POST"))


def test_an_answer_that_never_ends_is_refused(host: Any) -> None:
    host.plays = [lambda s: s.answer(body=b"x" * 5000)]

    with pytest.raises(MalformedAnswerError, match="more than 1000 bytes"):
        Wire(most_bytes=1000).send(_request(host))


def _cut_short(stage: Any) -> None:
    stage.send_response(200)
    stage.send_header("Content-Length", "100")
    stage.end_headers()
    stage.wfile.write(b"half")
    stage.drop()


def test_an_answer_that_is_cut_short_is_no_answer(host: Any) -> None:
    host.plays = [_cut_short] * 3

    with pytest.raises(TemporaryError, match="the connection broke"):
        Wire().send(_request(host))


def test_a_host_that_is_not_there_is_named() -> None:
    with pytest.raises(TemporaryError, match=r"127.0.0.1:9/x: the connection was refused"):
        Wire().send(Request("GET", "http://127.0.0.1:9/x", {}, {}))
