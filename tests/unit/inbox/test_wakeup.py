import os
import threading
import time
from collections.abc import Callable

from integrations.inbox.wakeup import WakeUp


def until(there: Callable[[], bool]) -> bool:
    for _ in range(200):
        if there():
            return True
        time.sleep(0.01)
    return False


def test_a_burst_is_one_wake_up_and_what_comes_later_is_another() -> None:
    sent: list[float] = []
    wake_up = WakeUp(lambda: sent.append(time.monotonic()), pause_s=0.05)
    for _ in range(50):
        wake_up.tell()
    assert until(lambda: bool(sent))
    time.sleep(0.2)
    assert len(sent) <= 2
    before = len(sent)
    wake_up.tell()
    assert until(lambda: len(sent) == before + 1)


def test_a_hung_broker_holds_nobody_up() -> None:
    hung = threading.Event()
    wake_up = WakeUp(lambda: hung.wait(60), pause_s=0.01)
    began = time.monotonic()
    for _ in range(1_000):
        wake_up.tell()
    assert time.monotonic() - began < 5
    hung.set()


def test_a_broker_that_is_gone_is_tried_again() -> None:
    tried: list[int] = []

    def send() -> None:
        tried.append(1)
        if len(tried) < 3:
            raise ConnectionRefusedError

    wake_up = WakeUp(send, pause_s=0.001)
    for wanted in (1, 2, 3):
        wake_up.tell()
        assert until(lambda wanted=wanted: len(tried) >= wanted)  # type: ignore[misc]


def test_a_forked_process_makes_a_thread_of_its_own() -> None:
    came, go = os.pipe()
    wake_up = WakeUp(lambda: os.write(go, b"x"), pause_s=0.01)
    wake_up.tell()
    assert os.read(came, 1) == b"x"
    child = os.fork()
    if not child:
        wake_up.tell()
        time.sleep(0.5)
        os._exit(0)
    assert os.read(came, 1) == b"x"
    os.waitpid(child, 0)
    os.close(came)
    os.close(go)
