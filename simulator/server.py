"""Serving a world over HTTP, on loopback."""

import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.routing import BaseRoute

from simulator.api.answers import Centre
from simulator.api.app import build
from simulator.clock import Clock
from simulator.world import World

_STOP_WITHIN = 10  # seconds
Tick = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it listens, and what it serves."""

    url: str
    centre: Centre


def serve(centre: Centre, listener: socket.socket, beside: Sequence[BaseRoute] = ()) -> None:
    """Serve a centre, and other routes beside its own, on a listening socket until a signal."""
    server_of(centre, beside).run(sockets=[listener])


def server_of(centre: Centre, beside: Sequence[BaseRoute] = ()) -> uvicorn.Server:
    """Return a server that is not started yet."""
    config = uvicorn.Config(
        build(centre, beside),
        log_level="warning",
        lifespan="off",
        http="h11",
        ws="websockets-sansio",
        ws_ping_interval=None,  # the platform's heartbeat is a message of its own
        timeout_graceful_shutdown=1,
        date_header=False,  # the centre's own time stands there, not this machine's
        timeout_keep_alive=75,  # a client that polls each minute keeps its connection
        callback_notify=_tick(centre),
        timeout_notify=0,  # at every look of the server's own, once a second
    )
    return uvicorn.Server(config)


def _tick(centre: Centre) -> Tick:
    """Return what lets a centre live on unasked while somebody waits for its events."""

    async def tick() -> None:
        if centre.push.active or centre.triggered.active:
            centre.live_on_by_itself()

    return tick


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket of a loopback address.

    It names its protocol, unlike create_server's: only then does asyncio send each part of an
    answer at once, and not 40 ms later. Raises OSError where the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def serving(world: World, clock: Clock, beside: Sequence[BaseRoute] = ()) -> Iterator[Served]:
    """Serve a world in a thread, on a free port, as long as the block lasts.

    The world belongs to the server's thread while a request is under way: a test may look at it
    between its own requests.
    """
    centre = Centre(world, clock)
    server = server_of(centre, beside)
    # Listening from here on: a request that comes before the thread is up just waits.
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{port}", centre)
    finally:
        server.should_exit = True
        thread.join(timeout=_STOP_WITHIN)
        centre.push.close()
        centre.triggered.close()
        listener.close()
