"""The page that shows what receivers got: a panel each, newest first."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from simulator.receivers.state import Receivers

PATH: Final = "/receivers"
MOST_ROWS: Final = 50
_REFRESH_S: Final = 3
_HEAD: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="{_REFRESH_S}">
<title>Receivers</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #1a1a1a; background: #fff }}
table {{ border-collapse: collapse; margin: 0 0 2rem; min-width: 50% }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0 }}
th {{ border-bottom: 1px solid #888; font-weight: 600 }}
td {{ border-bottom: 1px solid #ddd; white-space: pre-wrap; overflow-wrap: anywhere }}
p {{ color: #555; margin: 0 0 .5rem }}
</style>
<h1>What the receivers got</h1>
<p>Newest first. The page reloads itself every {_REFRESH_S} seconds. Times are UTC.</p>
"""


class Panel(NamedTuple):
    """One receiver's part of the page. Cells are text; more rows than MOST_ROWS are left out.

    enter is what somebody writes into a destination's form to reach it: {here} is our address.
    """

    title: str
    about: str
    columns: Sequence[str]
    rows: Iterable[Sequence[str]]  # newest first
    enter: str = ""


PanelOf = Callable[[Receivers], Panel]


def page(receivers: Receivers, panels: Sequence[PanelOf]) -> Route:
    """Return the route of the page that shows panels."""

    async def answer(request: Request) -> HTMLResponse:
        here = str(request.base_url).rstrip("/")
        told = "".join(_section(panel(receivers), here) for panel in panels)
        return HTMLResponse(_HEAD + told)

    return Route(PATH, answer)


def clock_of(at: datetime) -> str:
    """Return an instant as the panels show it."""
    return f"{at.astimezone(UTC):%d %b, %H:%M:%S} UTC"


def _section(panel: Panel, here: str) -> str:
    rows = list(panel.rows)
    told = "".join(f"<tr>{_cells('td', row)}</tr>" for row in rows[:MOST_ROWS])
    enter = panel.enter.replace("{here}", here)
    more = f"<p>{len(rows) - MOST_ROWS} more</p>" if len(rows) > MOST_ROWS else ""
    return (
        f"<h2>{escape(panel.title)} ({len(rows)})</h2><p>{escape(panel.about)}</p>"
        f"<p>{escape(enter)}</p>"
        f"<table><tr>{_cells('th', panel.columns)}</tr>{told}</table>{more}"
    )


def _cells(tag: str, cells: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
