"""The WebSockets of notification channels: what happens in the world, told while it happens."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.api.answers import SEND, Centre
from simulator.api.channels import Channel, Channels
from simulator.api.errors import ApiError
from simulator.world.feed import Occurrence

_ENCODE: Final = msgspec.json.Encoder().encode
_TICK: Final = 0.1  # real seconds between two looks at a running clock
_LOOK: Final = 0.05
_GOING_AWAY: Final = 1001
_POLICY: Final = 1008
_GONE: Final = 404
_UNAVAILABLE: Final = 503
_METADATA: Final = "channel.metadata"


def route(centre: Centre) -> WebSocketRoute:
    """Return the route of all channels, and have it hear what happens in the world."""
    hub = Hub(centre)
    centre.world.feed.listen(hub.hear, wants=hub.wants)
    return WebSocketRoute("/channels/{id}", hub.serve)


class Hub:
    """All open sockets. As long as there is one, the world lives on by itself."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._open: dict[str, Line] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.Task[None] | None = None

    def wants(self, topic: str) -> bool:
        """Tell whether a topic is subscribed to on an open socket. Safe in any thread."""
        return any(topic in line.channel.topics for line in tuple(self._open.values()))

    def hear(self, occurrence: Occurrence) -> None:
        """Tell the sockets; it may be called in any thread."""
        if self._open and self._loop:
            self._loop.call_soon_threadsafe(self._spread, occurrence)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one socket until either side leaves."""
        channels, channel = self._centre.channels, self._find(socket)
        if channel is None or channels.draw.random() < channels.rules.refuse:
            await _refuse(socket, _GONE if channel is None else _UNAVAILABLE)
            return
        if channel.line:
            channel.line.leave()  # one socket a channel: the second drops the first
        line = channel.line = Line(self._centre, channel, socket)
        self._enter(line)
        try:
            await socket.accept()
            await line.run()
        finally:
            self._exit(line)

    def _find(self, socket: WebSocket) -> Channel | None:
        try:
            channel = self._centre.channels.get(socket.path_params["id"])
        except ApiError:
            return None
        return channel if self._centre.access.lives(channel.token) else None

    def _enter(self, line: "Line") -> None:
        self._loop = asyncio.get_running_loop()
        self._open[line.channel.id] = line
        if self._ticking is None or self._ticking.done():
            self._ticking = self._loop.create_task(self._live_on())

    def _exit(self, line: "Line") -> None:
        if line.channel.line is line:
            line.channel.line = None
            self._open.pop(line.channel.id, None)
            self._centre.channels.touch(line.channel)

    def _spread(self, occurrence: Occurrence) -> None:
        body: bytes | None = None
        for line in self._open.values():
            if occurrence.topic in line.channel.topics:
                body = body or frame_of(occurrence, self._centre.channels)
                line.tell(body)

    async def _live_on(self) -> None:
        while self._open:
            self._centre.live_on_by_itself()
            await asyncio.sleep(_TICK)


async def _refuse(socket: WebSocket, status: int) -> None:
    await socket.send_denial_response(Response(status_code=status))
    # uvicorn complains of an app that returns then, unless it knows that all was said.
    socket.scope[SEND].__self__.handshake_complete = True


def frame_of(occurrence: Occurrence, channels: Channels) -> bytes:
    """Wrap an occurrence as a socket carries it."""
    return _ENCODE(
        {
            "topicName": occurrence.topic,
            "version": "2",
            "eventBody": occurrence.body,
            "metadata": {"CorrelationId": str(UUID(int=channels.draw.getrandbits(128)))},
        }
    )


@dataclass(slots=True)
class Line:
    """One socket: what goes out, what comes in, and when it ends."""

    centre: Centre
    channel: Channel
    socket: WebSocket
    _out: "asyncio.Queue[bytes | int]" = field(default_factory=asyncio.Queue)
    _held: list[bytes] = field(default_factory=list)
    _overtaken: list[bytes] = field(default_factory=list)

    async def run(self) -> None:
        tasks = [asyncio.ensure_future(each()) for each in (self._speak, self._hear, self._watch)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def leave(self) -> None:
        self._out.put_nowait(_GOING_AWAY)

    def tell(self, frame: bytes) -> None:
        """Send an event, or let happen to it what the rules say."""
        rules, draw = self.centre.channels.rules, self.centre.channels.draw
        if rules.lose and draw.random() < rules.lose:
            return
        times = 2 if rules.duplicate and draw.random() < rules.duplicate else 1
        for _ in range(times):
            if rules.delay and draw.random() < rules.delay:
                asyncio.get_running_loop().call_later(rules.delay_s, self._pass, frame)
            elif rules.reorder and draw.random() < rules.reorder:
                self._let_overtake(frame)
            else:
                self._pass(frame)

    def _let_overtake(self, frame: bytes) -> None:
        """Hold an event back until the next one has gone out, or a second has passed."""
        self._overtaken.append(frame)
        asyncio.get_running_loop().call_later(1.0, self._let_go)

    def _let_go(self) -> None:
        for frame in self._overtaken:
            self._put(frame)
        self._overtaken.clear()

    def _pass(self, frame: bytes) -> None:
        self._put(frame)
        self._let_go()

    def _put(self, frame: bytes) -> None:
        if self.centre.channels.rules.burst_s:
            self._held.append(frame)
        else:
            self._out.put_nowait(frame)

    async def _speak(self) -> None:
        while True:
            item = await self._out.get()
            if isinstance(item, int):
                await self.socket.close(item)
                return
            if not self.centre.channels.rules.silent:
                await self.socket.send_text(item.decode())

    async def _hear(self) -> None:
        while True:
            try:
                told = msgspec.json.decode(await self.socket.receive_text())
            except msgspec.DecodeError:
                continue
            except WebSocketDisconnect:
                return
            if isinstance(told, dict):
                self._answer(told)

    def _answer(self, told: dict[str, Any]) -> None:
        if told.get("message") == "ping":
            self._say(_METADATA, {"message": "pong"})
        elif told.get("message") == "subscribe":
            self._out.put_nowait(_ENCODE(self._subscribe(told)))

    def _subscribe(self, told: dict[str, Any]) -> dict[str, Any]:
        """Add topics as the message asks; tell it in the words of the socket."""
        channels, answer = self.centre.channels, {"correlationId": told.get("correlationId")}
        if not channels.lives(self.channel) or not self.centre.access.lives(self.channel.token):
            return {"result": "404", "status": "channel not found", **answer}
        names = [str(name) for name in told.get("topics") or []]
        try:
            channels.subscribe(self.channel, names, replace=False, lenient=False)
        except ApiError as error:
            return {"result": str(error.status), "status": error.message, **answer}
        return {"result": "200", "status": "subscribed", **answer}

    def _say(self, topic: str, body: dict[str, Any]) -> None:
        self._out.put_nowait(_ENCODE({"topicName": topic, "eventBody": body}))

    async def _watch(self) -> None:
        """Do what is due: heartbeat, burst, maintenance, a dead line, the end of the token."""
        since = asyncio.get_running_loop().time()
        clocks = dict.fromkeys(("heartbeat", "burst", "closing", "drop"), since)
        while True:
            await asyncio.sleep(_LOOK)
            now, rules = asyncio.get_running_loop().time(), self.centre.channels.rules
            if not self.centre.channels.lives(self.channel):
                self._out.put_nowait(_GOING_AWAY)
            elif not self.centre.access.lives(self.channel.token):
                self._out.put_nowait(_POLICY)
            for name, every, act in (
                ("heartbeat", rules.heartbeat_s, self._beat),
                ("burst", rules.burst_s, self._burst),
                ("closing", rules.closing_every_s, self._announce),
                ("drop", rules.drop_every_s, self._drop),
            ):
                if every and now - clocks[name] >= every:
                    clocks[name] = now
                    act()

    def _beat(self) -> None:
        self._say(_METADATA, {"message": "WebSocket Heartbeat"})

    def _burst(self) -> None:
        for frame in self._held:
            self._out.put_nowait(frame)
        self._held.clear()

    def _announce(self) -> None:
        self._say("v2.system.socket_closing", {"message": "The socket is about to close"})
        grace = self.centre.channels.rules.closing_grace_s
        asyncio.get_running_loop().call_later(grace, self.leave)

    def _drop(self) -> None:
        """Let the line go dead below the protocol: no closing frame."""
        send: Callable[..., Any] = self.socket.scope[SEND]
        send.__self__.transport.abort()  # type: ignore[attr-defined]
