"""From socket to inbox: frames become rows, many at a time, and none is dropped in between."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from django.db import DatabaseError

from integrations.genesys.notifications.lanes import Lane
from integrations.genesys.notifications.pace import Backoff, Pace

logger = logging.getLogger(__name__)

Store = Callable[[Sequence[bytes]], object]
Wake = Callable[[], object]  # tells that something came; it must return at once


class Intake:
    """Collects frames for a moment and stores them; while the database is away it holds them.

    It holds so many and no more: then the sockets are not read either.
    """

    def __init__(self, *, store: Store, wake: Wake, pace: Pace, db: Lane) -> None:
        self.stored = 0
        self._store = store
        self._wake = wake
        self._pace = pace
        self._db = db
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(pace.queue_most)

    async def put(self, frame: bytes) -> None:
        """Take a frame; wait where too many are not stored yet."""
        await self._frames.put(frame)

    async def run(self) -> None:
        """Store what comes, for ever."""
        while True:
            batch = await self._batch()
            await self._keep(batch)
            for _ in batch:
                self._frames.task_done()

    async def drained(self) -> None:
        """Wait until everything that came is stored."""
        await self._frames.join()

    async def _batch(self) -> list[bytes]:
        """Return the first frame that comes, and what follows within a moment."""
        batch = [await self._frames.get()]
        loop = asyncio.get_running_loop()
        end = loop.time() + self._pace.batch_s
        while len(batch) < self._pace.batch_most and (left := end - loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    batch.append(await self._frames.get())
            except TimeoutError:
                break
        return batch

    async def _keep(self, batch: Sequence[bytes]) -> None:
        backoff = Backoff(self._pace)
        while True:
            try:
                await self._db.do(self._store, batch)
            except Exception as error:
                # Whatever it is: these frames exist nowhere else.
                if not isinstance(error, DatabaseError):
                    logger.exception("notifications.failed")
                wait = min(backoff.next_s(), 5.0) + 0.1
                extra = {"frames": len(batch), "error": type(error).__name__}
                logger.warning("notifications.not_stored", extra=extra)
                await asyncio.sleep(wait)
            else:
                self.stored += len(batch)
                self._wake()
                return
