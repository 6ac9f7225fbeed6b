"""A listener: takes its share of the topics, and has them come over as few channels as it can."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, connection, connections

from integrations.errors import IntegrationError
from integrations.genesys.notifications import channels, leases, topics
from integrations.genesys.notifications.intake import Intake, Store, Wake
from integrations.genesys.notifications.lanes import Lane
from integrations.genesys.notifications.leases import Taken
from integrations.genesys.notifications.line import FAILURES, Line
from integrations.genesys.notifications.means import Means
from integrations.genesys.notifications.pace import Pace
from integrations.genesys.notifications.platform import Platform

logger = logging.getLogger(__name__)

TROUBLES = (*FAILURES, TimeoutError)


@dataclass(slots=True)
class Listener:
    """One process that listens, under a name that no other has.

    store keeps frames for good; wake tells that some came, and remind that a reading is ordered:
    both return at once. run() ends soon after stop().
    """

    name: str
    platform: Platform
    clock: Callable[[], datetime]
    store: Store
    wake: Wake
    remind: Wake
    pace: Pace = field(default_factory=Pace)
    _lines: "dict[Line, asyncio.Task[None]]" = field(default_factory=dict)
    _offered: set[int] = field(default_factory=set)
    _gone: set[int] = field(default_factory=set)
    _refused: dict[str, str] = field(default_factory=dict)
    _follow_at: float = 0.0
    _ask_at: float = 0.0
    _stands: str = ""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Have run() end. Call it in the loop's thread."""
        self._stop.set()

    async def run(self) -> None:
        """Listen until told to stop."""
        db = Lane("database", before=_mend_connection, last=connections.close_all)
        http = Lane("http")
        intake = Intake(store=self.store, wake=self.wake, pace=self.pace, db=db)
        means = Means(
            name=self.name,
            pace=self.pace,
            clock=self.clock,
            platform=self.platform,
            db=db,
            http=http,
            intake=intake,
            remind=self.remind,
        )
        others = [asyncio.create_task(each) for each in (intake.run(), self._keep_leases(means))]
        try:
            await self._every(self.pace.tend_s, lambda: self._tend(means), means)
        finally:
            await self._leave(means)
            for task in others:
                task.cancel()
            db.end(within_s=0.5)
            http.end(within_s=0.1)

    async def _every(self, seconds: float, do: Callable[[], Awaitable[None]], means: Means) -> None:
        """Do something again and again until told to stop, whatever comes in its way."""
        while not self._stop.is_set():
            try:
                await do()
            except TROUBLES as error:
                extra = {"error": type(error).__name__, "reason": str(error)}
                logger.warning("notifications.not_tended", extra=extra)
                await self._tell_failing(means, error)
            except Exception:
                # A mistake of ours in one part must not end the listening of the others.
                logger.exception("notifications.failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stop.wait()

    async def _keep_leases(self, means: Means) -> None:
        """Renew the leases, apart from all else: whoever waits for Genesys must not lose them."""

        async def renew() -> None:
            if self._is_deaf:
                return
            now = self.clock()
            await means.db.do(leases.check_in, name=self.name, now=now, lease=means.lease)
            rows = [line.row for line in self._lines if line.row is not None]
            until = now + means.lease
            lost = await means.db.do(leases.keep_channels, rows=rows, until=until)
            for line in self._lines:
                if line.row in lost:
                    line.move("its row was cleared away")
            held = {pk for line in self._lines for pk in line.topics}
            self._gone |= await means.db.do(leases.renew, name=self.name, pks=held, until=until)

        await self._every(self.pace.tend_s, renew, means)

    async def _tend(self, means: Means) -> None:
        """Follow what is wanted and who else listens; look after the lines."""
        now = self.clock()
        self._restart_fallen()
        await self._let_go(means)
        for line in tuple(self._lines):
            await line.tend()
        await self._follow(means)
        await means.db.do(leases.clear_the_dead, now=now, lease=means.lease)
        if not self._is_deaf:
            await means.db.do(leases.check_in, name=self.name, now=now, lease=means.lease)
            await self._share(means, now)
        stands: str = await means.db.do(channels.tell_road, now=now)
        if stands != self._stands:
            logger.info("notifications.road", extra={"stands": stands})
        self._stands = stands

    @property
    def _is_deaf(self) -> bool:
        """Whether nothing can be heard here for long: then others may take what we hold."""
        deaf_s = min((line.deaf_s for line in self._lines), default=0.0)
        return deaf_s > self.pace.lease_s

    def _restart_fallen(self) -> None:
        """Have a line run again that a mistake of ours has ended."""
        for line, task in self._lines.items():
            if task.done():
                error = None if task.cancelled() else task.exception()
                logger.error("notifications.line_fell", exc_info=error)
                self._lines[line] = asyncio.create_task(line.run())

    async def _let_go(self, means: Means) -> None:
        """Stop listening to what is not ours any more, and close a line that has no topics."""
        gone, self._gone = self._gone, set()
        self._offered -= gone
        for line in tuple(self._lines):
            await line.remove(gone)
            if not line.topics:
                self._lines.pop(line).cancel()
                await line.end()
                if line.row is not None:
                    await means.db.do(channels.closed, channel=line.row)

    async def _follow(self, means: Means) -> None:
        """Ask which topics there are, and make the rows those of the agents; each in its time."""
        time = asyncio.get_running_loop().time()
        if time >= self._ask_at:
            offered = await means.http.do(means.platform.available)
            self._ask_at = time + self.pace.offers_s
            self._refuse(topics.refusals(offered))
            self._follow_at = time
        if time >= self._follow_at:
            changed = await means.db.do(topics.follow, refused=self._refused)
            # Where there is nobody yet, the directory is about to be read.
            self._follow_at = time + (self.pace.follow_s if changed or self._lines else 0.0)

    def _refuse(self, refused: dict[str, str]) -> None:
        if refused != self._refused:
            extra = {"topics": sorted(refused), "reasons": sorted(set(refused.values()))}
            logger.warning("notifications.polled_instead", extra=extra)
        self._refused = refused

    # -- sharing -----------------------------------------------------------------------------
    async def _share(self, means: Means, now: datetime) -> None:
        """Offer what is more than a fair share, or take up to it."""
        held = [pk for line in self._lines for pk in line.topics if pk not in self._offered]
        share = await means.db.do(leases.share, now=now)
        if len(held) > share:
            excess = sorted(held)[share:]
            await means.db.do(leases.offer, name=self.name, pks=excess)
            self._offered |= set(excess)
            return
        used = await means.db.do(leases.channels_in_use, now=now)
        new_lines = max(0, self.pace.most_channels - used)
        room = sum(line.room for line in self._lines) + new_lines * self.pace.topics_a_channel
        most = min(share - len(held), room)
        if most < share - len(held):
            logger.error("notifications.too_many_topics", extra={"left_out": share - len(held)})
        taken = await means.db.do(
            leases.take, name=self.name, most=most, now=now, lease=means.lease
        )
        self._offered -= {one.pk for one in taken}
        await self._distribute(means, taken)

    async def _distribute(self, means: Means, taken: list[Taken]) -> None:
        """Put topics on the lines that have room, and on new ones."""
        for line in self._lines:
            # Offered, and taken back before anybody else came.
            if own := [one for one in taken if one.pk in line.topics]:
                await line.add(own)
                taken = [one for one in taken if one not in own]
        for line in (*self._lines, *(Line(means) for _ in taken)):
            if not taken:
                return
            some, taken = taken[: line.room], taken[line.room :]
            if some:
                await line.add(some)
                if line not in self._lines:
                    self._lines[line] = asyncio.create_task(line.run())

    # -- the end -----------------------------------------------------------------------------
    async def _leave(self, means: Means) -> None:
        """Stop listening, store what came, give the leases back, and tell Genesys if it listens."""
        for task in self._lines.values():
            task.cancel()
        try:
            async with asyncio.timeout(self.pace.leave_s):
                await asyncio.gather(*self._lines.values(), return_exceptions=True)
                ended = await asyncio.gather(*(line.end() for line in self._lines))
                await means.intake.drained()
                heard = [line.heard_at for line in self._lines if line.heard_at]
                now = self.clock()
                await means.db.do(leases.leave, name=self.name, heard_at=min(heard, default=now))
                # A courtesy: nobody hears these channels any more, and Genesys forgets them.
                with suppress(IntegrationError):
                    for genesys_id in filter(None, ended):
                        await means.http.do(means.platform.clear, genesys_id)
        except TROUBLES as error:
            extra = {"error": type(error).__name__}
            logger.warning("notifications.left_without_a_word", extra=extra)

    async def _tell_failing(self, means: Means, error: BaseException) -> None:
        """Write down why nobody can listen, where nobody does."""
        if self._lines or not isinstance(error, IntegrationError):
            return
        with suppress(DatabaseError):
            await means.db.do(channels.failing, reason=str(error), now=self.clock())


def _mend_connection() -> None:
    """Let go of a connection that the server has closed, so that the next query makes another."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
