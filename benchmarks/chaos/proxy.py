"""A wire that can be cut: a TCP proxy whose connections stall, break off or are refused."""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Self

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_END_SECONDS = 5.0
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset


class Proxy:
    """Between a platform and one of its servers; ``port`` is where the platform finds it."""

    def __init__(self, target: Callable[[], Awaitable[Streams]]) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_error: object) -> None:
        self.refuse()
        self.heal()
        ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        with suppress(TimeoutError):  # a wire must not keep a report back
            ending.result(_END_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_END_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    def stall(self) -> None:
        """Nothing comes through any more; nobody is told."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def reset(self) -> None:
        """All connections break off; new ones are possible."""
        self._loop.call_soon_threadsafe(self._abort)

    def refuse(self) -> None:
        """All connections break off, and so does every new one."""
        self._refuses = True
        self.reset()

    def heal(self) -> None:
        """All is well again."""
        self._refuses = False
        self._loop.call_soon_threadsafe(self._flows.set)

    async def _end(self) -> None:
        self._server.close()
        await asyncio.sleep(0.01)  # a task that has not begun yet could not close what it was given
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)  # until the transports that were aborted have closed their sockets

    def _abort(self) -> None:
        for writer in self._writers:
            connection = writer.get_extra_info("socket")
            if connection is not None and connection.family == socket.AF_INET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._refuses:
                return
            theirs, back = await self._target()
            self._writers.add(back)
            try:
                await asyncio.gather(self._pump(reader, back), self._pump(theirs, writer))
            finally:
                self._writers.discard(back)
                back.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # one side is gone, and so the other; or this proxy
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


def to_port(port: int) -> Callable[[], Awaitable[Streams]]:
    """A server on the loopback."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: Any) -> Callable[[], Awaitable[Streams]]:
    """A server on a Unix socket."""
    return lambda: asyncio.open_unix_connection(str(path))
