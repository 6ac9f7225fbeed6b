"""One channel with one socket, from its opening to its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from integrations.genesys.notifications import frames
from integrations.genesys.notifications.pace import Pace

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 4 * 1024 * 1024
# How Genesys says at the handshake that a channel is no more, or its token.
GONE: Final = frozenset({401, 403, 404, 410})
CLOSE_S: Final = 0.5


class ChannelGoneError(Exception):
    """The channel expired, was removed, or belongs to a token that is worthless: take another."""


@dataclass(slots=True)
class Leg:
    """A channel of Genesys (genesys_id, row) and the socket that is open on it.

    reason says why it ended. moving is set once it must be left for another, though it still works.
    """

    genesys_id: str
    uri: str
    row: int
    expires_at: datetime
    token_mark: str
    pace: Pace
    clock: Callable[[], datetime]
    put: Callable[[bytes], Awaitable[None]]
    heard_at: datetime
    event_at: datetime | None = None
    events: int = 0
    reason: str = ""
    moving: asyncio.Event = field(default_factory=asyncio.Event)
    _socket: ClientConnection | None = None
    _reader: "asyncio.Task[None] | None" = None

    async def open(self) -> None:
        """Open the socket and begin to read. Raises ChannelGoneError where there is no channel."""
        try:
            self._socket = await connect(
                self.uri,
                ping_interval=None,  # the ping of this API is a message of its own
                close_timeout=CLOSE_S,
                max_size=MOST_BYTES,
                user_agent_header=None,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status in GONE:
                raise ChannelGoneError(f"refused with {status}") from error
            raise
        self.heard_at = self.clock()
        self._reader = asyncio.create_task(self._read(self._socket))

    @property
    def lives(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def until_lost_or_moving(self) -> None:
        """Return once the socket is gone or must be left."""
        if self._reader is None:
            return
        moving = asyncio.create_task(self.moving.wait())
        try:
            await asyncio.wait({self._reader, moving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            moving.cancel()

    async def close(self) -> None:
        """Close the socket, and read what was on its way until then."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.wait({self._reader}, timeout=CLOSE_S)
            self._reader.cancel()

    def must_move(self, reason: str) -> None:
        """Have this channel left for another one; it is read until that is there."""
        if not self.moving.is_set():
            self.reason = reason
            self.moving.set()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            await self._hear_all(socket)
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else None
            self.reason = self.reason or (f"closed with {code}" if code else "the line broke")
        except (OSError, WebSocketException) as error:
            self.reason = type(error).__name__

    async def _hear_all(self, socket: ClientConnection) -> None:
        """Take frame after frame; after a silence ask for one, and give up where none comes."""
        asked = False
        while True:
            wait = self.pace.pong_s if asked else self.pace.heartbeat_s
            try:
                async with asyncio.timeout(wait):
                    frame = await socket.recv(decode=False)
            except TimeoutError:
                if asked:
                    self.reason = "no heartbeat and no answer to a ping"
                    return
                asked = True
                await socket.send(frames.PING)
            else:
                asked = False
                await self._hear(bytes(frame))

    async def _hear(self, frame: bytes) -> None:
        self.heard_at = self.clock()
        topic = frames.topic_of(frame)
        if topic == frames.CLOSING:
            self.must_move("Genesys closes the socket for maintenance")
        elif not frames.is_about_channel(topic):
            self.event_at, self.events = self.heard_at, self.events + 1
            await self.put(frame)
