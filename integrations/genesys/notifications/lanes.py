"""Threads for what blocks: one for the database, one for HTTP.

They are daemons: a request that hangs does not keep the process from ending.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Order = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Lane:
    """One thread that does what it is handed, in order.

    before is called ahead of each, last once at the end.
    """

    def __init__(
        self,
        name: str,
        *,
        before: Callable[[], Any] = lambda: None,
        last: Callable[[], Any] = lambda: None,
    ) -> None:
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._before = before
        self._last = last
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def do(self, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what in the thread and return what it returns."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._orders.put((loop, future, lambda: what(*args, **kwargs)))
        return await future

    def end(self, *, within_s: float) -> None:
        """Let the thread finish what it was handed, but wait no longer than that."""
        self._orders.put(None)
        self._thread.join(within_s)

    def _work(self) -> None:
        while order := self._orders.get():
            loop, future, call = order
            try:
                self._before()
                result = call()
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                _tell(loop, future, error=error)
            else:
                _tell(loop, future, result=result)
        self._last()


def _tell(
    loop: asyncio.AbstractEventLoop,
    future: "asyncio.Future[Any]",
    *,
    result: Any = None,
    error: BaseException | None = None,
) -> None:
    def settle() -> None:
        if future.done():
            return  # whoever asked has gone
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
