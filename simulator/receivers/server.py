"""Serving receivers over HTTP, on loopback."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from simulator.api.answers import DropsConnections
from simulator.clock import Clock
from simulator.receivers import answers, control, hooks, slack, teams
from simulator.receivers.panels import PanelOf, page
from simulator.receivers.state import Receivers
from simulator.server import listen

_STOP_WITHIN = 10  # seconds
# Whoever adds a receiver adds its routes and its panel here.
ROUTES: Final[answers.Routes] = (*hooks.ROUTES, *slack.ROUTES, *teams.ROUTES)
PANELS: Final[tuple[PanelOf, ...]] = (*hooks.PANELS, *slack.PANELS, *teams.PANELS)


@dataclass(frozen=True, slots=True)
class Served:
    """Running receivers: where they listen, and what they know."""

    url: str
    receivers: Receivers


def routes(receivers: Receivers, panels: Sequence[PanelOf] = PANELS) -> list[Route]:
    """Return the routes of all receivers, and of the page that shows what they got."""
    shown = [page(receivers, panels), *control.routes(receivers)]
    return [*answers.routes(receivers, ROUTES), *shown]


def build(receivers: Receivers) -> ASGIApp:
    """Return the application that serves receivers."""
    return DropsConnections(Starlette(routes=routes(receivers)))


@contextmanager
def serving(clock: Clock) -> Iterator[Served]:
    """Serve receivers in a thread, on a free port, as long as the block lasts."""
    receivers = Receivers(clock.now)
    with running(build(receivers)) as url:
        yield Served(url, receivers)


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve an application in a thread, on a free port, while the block lasts; yield its URL."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="off",
        http="h11",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    listener = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=_STOP_WITHIN)
        listener.close()
