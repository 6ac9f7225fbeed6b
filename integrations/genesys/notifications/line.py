"""One line of a listener: some topics, and whatever channel and socket they come over just now."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError
from websockets.exceptions import WebSocketException

from integrations.domain.silence import Rate
from integrations.errors import IntegrationError, NotFoundError, TemporaryError
from integrations.genesys.notifications import channels, gaps, leases
from integrations.genesys.notifications.leases import Taken, Verdict
from integrations.genesys.notifications.leg import ChannelGoneError, Leg
from integrations.genesys.notifications.means import Means
from integrations.genesys.notifications.pace import Backoff
from integrations.genesys.notifications.platform import Subscription

logger = logging.getLogger(__name__)

FAILURES = (IntegrationError, ChannelGoneError, WebSocketException, OSError, DatabaseError)
LIFE_S = 86_400.0  # of a channel that does not tell


class Line:
    """Keeps its topics subscribed: over the same channel as long as it lasts, then over another.

    Each arrival, whatever made it necessary, orders a reading of what may have been missed.
    """

    def __init__(self, means: Means) -> None:
        self.topics: dict[int, str] = {}
        self._means = means
        self._leg: Leg | None = None
        self._missed_since: datetime | None = None
        self._busy = asyncio.Lock()
        self._backoff = Backoff(means.pace)
        self._rate = Rate(0.0, means.clock())
        self._counted = 0
        self._silent_since: datetime | None = None
        self._deaf_since = asyncio.get_running_loop().time()

    @property
    def room(self) -> int:
        return self._means.pace.topics_a_channel - len(self.topics)

    @property
    def row(self) -> int | None:
        """The row of the channel."""
        return self._leg.row if self._leg else None

    @property
    def deaf_s(self) -> float:
        """For how long there has been no socket."""
        if self._leg is not None and self._leg.lives:
            return 0.0
        return asyncio.get_running_loop().time() - self._deaf_since

    @property
    def heard_at(self) -> datetime | None:
        return self._leg.heard_at if self._leg else None

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            leg = await self._arrive()
            since = asyncio.get_running_loop().time()
            await leg.until_lost_or_moving()
            self._deaf_since = asyncio.get_running_loop().time()
            self._backoff.held(self._deaf_since - since)
            extra = {"channel": leg.row, "reason": leg.reason}
            logger.warning("notifications.left", extra=extra)
            if not leg.lives:
                await self._note(channels.lost, channel=leg.row, detail=leg.reason)

    async def end(self) -> str:
        """Close the socket; return the channel that was open, "" where none was."""
        if self._leg is None:
            return ""
        await self._leg.close()
        return self._leg.genesys_id

    def move(self, reason: str) -> None:
        """Have the channel left for another one."""
        if self._leg is not None:
            self._leg.must_move(reason)

    # -- arriving ----------------------------------------------------------------------------
    async def _arrive(self) -> Leg:
        """Have a socket open with all topics on it, however long it takes."""
        while True:
            await asyncio.sleep(self._backoff.next_s())
            try:
                async with asyncio.timeout(self._means.pace.connect_s), self._busy:
                    return await self._connect()
            except (*FAILURES, TimeoutError) as error:
                extra = {"error": type(error).__name__, "reason": str(error)}
                logger.warning("notifications.not_connected", extra=extra)
                await self._bide(error)

    async def _bide(self, error: BaseException) -> None:
        """Do what an error asks for: take another channel, or wait until Genesys may be asked."""
        if isinstance(error, ChannelGoneError | NotFoundError) and self._leg:
            self._leg.must_move(f"the channel is gone: {error}")
        if isinstance(error, TemporaryError) and error.retry_after:
            await asyncio.sleep(min(error.retry_after, self._means.pace.backoff_most_s))

    async def _connect(self) -> Leg:
        """Open the same channel again, or a new one before the old one is left."""
        old = self._leg
        since = self._missed_since = self._missed_from(old)
        reason = old.reason if old else "begun to listen"
        leg = old if old and not old.moving.is_set() else await self._open_channel()
        try:
            await leg.open()
            missed = gaps.Missed(since, reason, self._means.clock())
            if leg is not old:
                await self._subscribe(leg, self.topics, replace=True, missed=missed)
            else:
                await self._means.db.do(gaps.order, **missed._asdict())
        except BaseException:
            if leg is not old:
                await self._drop(leg)
            raise
        self._leg, self._missed_since = leg, None
        await self._arrived(leg, reason=reason, again=old is not None)
        if old and leg is not old:
            await self._drop(old)
        return leg

    def _missed_from(self, old: Leg | None) -> datetime | None:
        return _earliest(self._missed_since, old.heard_at if old else None)

    async def _arrived(self, leg: Leg, *, reason: str, again: bool) -> None:
        """Write down that a leg is open, and have what was missed before read."""
        self._means.remind()
        now = self._means.clock()
        await self._note(
            channels.connected, channel=leg.row, detail=reason, reconnects=int(again), now=now
        )
        extra = {"channel": leg.row, "topics": len(self.topics)}
        logger.info("notifications.listening", extra=extra)

    async def _open_channel(self) -> Leg:
        means = self._means
        made, token_mark = await means.http.do(means.platform.open_channel)
        now = means.clock()
        expires_at = made.expires_at or now + timedelta(seconds=LIFE_S)
        row = await means.db.do(
            channels.opened,
            genesys_id=made.id,
            listener=means.name,
            expires_at=expires_at,
            now=now,
            lease=means.lease,
        )
        return Leg(
            genesys_id=made.id,
            uri=made.connect_uri,
            row=row,
            expires_at=expires_at,
            token_mark=token_mark,
            pace=means.pace,
            clock=means.clock,
            put=means.intake.put,
            heard_at=now,
        )

    async def _drop(self, leg: Leg) -> None:
        await leg.close()
        await self._note(channels.closed, channel=leg.row)

    async def _note(self, write: Callable[..., object], **columns: object) -> None:
        """Write down what is only looked at; a database that is away does not stop the line."""
        try:
            await self._means.db.do(write, **columns)
        except DatabaseError as error:
            logger.warning("notifications.not_noted", extra={"error": type(error).__name__})

    # -- topics ------------------------------------------------------------------------------
    async def add(self, taken: Sequence[Taken]) -> None:
        """Listen to more topics from now on."""
        async with self._busy:
            new = {one.pk: one.name for one in taken}
            self.topics |= new
            self._missed_since = _earliest(self._missed_since, *(one.heard_at for one in taken))
            if self._leg is None:
                return
            missed = gaps.Missed(self._missed_since, "took over topics", self._means.clock())
            try:
                await self._subscribe(self._leg, new, replace=False, missed=missed)
            except FAILURES:
                self._leg.must_move("topics could not be added")
                raise
            self._missed_since = None
        self._means.remind()

    async def remove(self, pks: Collection[int]) -> None:
        """Listen to these topics no longer."""
        if self.topics.keys().isdisjoint(pks):
            return
        async with self._busy:
            self.topics = {pk: name for pk, name in self.topics.items() if pk not in pks}
            if self._leg is not None:
                await self._subscribe(self._leg, self.topics, replace=True)

    async def _subscribe(
        self,
        leg: Leg,
        topics: Mapping[int, str],
        *,
        replace: bool,
        missed: gaps.Missed | None = None,
    ) -> None:
        """Put topics on a channel and write down what became of each; rejected ones are let go."""
        means = self._means
        try:
            told = await means.http.do(
                means.platform.subscribe, leg.genesys_id, list(topics.values()), replace=replace
            )
        except NotFoundError:
            leg.must_move("the channel is gone")
            raise
        verdicts = _verdicts(topics, told)
        retry_at = means.clock() + timedelta(seconds=means.pace.retry_rejected_s)
        await means.db.do(
            leases.settle,
            name=means.name,
            told=verdicts,
            channel=leg.row,
            retry_at=retry_at,
            missed=missed,
        )
        for pk, reason in verdicts:
            if reason:
                del self.topics[pk]
        if reasons := {one.reason for one in verdicts if one.reason}:
            extra = {
                "topics": sum(bool(one.reason) for one in verdicts),
                "reasons": sorted(reasons),
            }
            logger.warning("notifications.rejected", extra=extra)

    # -- looking after -----------------------------------------------------------------------
    async def tend(self) -> None:
        """Leave a channel before it ends, and tell how much comes over it."""
        leg, now = self._leg, self._means.clock()
        if leg is None or not leg.lives:
            return
        pace = self._means.pace
        if now >= leg.expires_at - timedelta(seconds=pace.leave_before_s):
            leg.must_move("the channel is about to expire")
        mark = await self._means.db.do(self._means.platform.token_mark)
        if mark and mark != leg.token_mark:
            leg.must_move("another access token is in use: that of the channel is about to expire")
        self._watch_silence(leg, now)
        await self._note(
            channels.heard,
            channel=leg.row,
            heard_at=leg.heard_at,
            event_at=leg.event_at,
            events_a_minute=round(self._rate.per_s * 60, 2),
            silent_since=self._silent_since,
        )

    def _watch_silence(self, leg: Leg, now: datetime) -> None:
        """Take another channel where heartbeats come, but far fewer events than expected."""
        new, self._counted = leg.events - self._counted, leg.events
        self._rate = self._rate.after(max(new, 0), now=now)
        if new > 0:
            self._silent_since = None
        elif (
            leg.event_at
            and self._silent_since is None
            and self._rate.is_silent((now - leg.event_at).total_seconds())
        ):
            self._silent_since = leg.event_at
            extra = {"channel": leg.row, "since": leg.event_at.isoformat()}
            logger.error("notifications.silent", extra=extra)
            leg.must_move("events stopped coming")


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at), default=None)


def _verdicts(topics: Mapping[int, str], told: Sequence[Subscription]) -> list[Verdict]:
    """Return what was said to each topic; one that nothing was said to is not permitted."""
    said = {one.id: one.refused for one in told}
    silent = "Genesys said nothing to this topic"
    return [Verdict(pk, said.get(name, silent)) for pk, name in topics.items()]
