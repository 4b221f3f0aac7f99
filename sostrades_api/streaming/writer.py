"""The thread that writes to every client that was handed over, and waits for none of them."""

import contextlib
import logging
import os
import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from sostrades_api.queueing.events import EventType
from sostrades_api.streaming.listener import MAX_WAITING_BYTES, Listener
from sostrades_api.streaming.sse import KEEP_ALIVE, chunk, frames

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15.0
_TICK_SECONDS = 1.0
_LOST_MS = 60_000  # so long what was sent may stay without an answer from the client's machine
_GOOD_BYE_SECONDS = 2.0


class _Client:
    """A connection, and what was not written to it yet."""

    def __init__(self, sock: socket.socket, listener: Listener, *, chunked: bool, gone: Callable) -> None:
        self.sock, self.listener, self.chunked, self.gone = sock, listener, chunked, gone
        self.buffer = bytearray()
        self.sent_at = time.monotonic()
        self.is_ending = False

    def add(self, data: bytes) -> None:
        if data:
            self.buffer += chunk(data) if self.chunked else data

    def end(self) -> None:
        if not self.is_ending and self.chunked:
            self.buffer += chunk(b"")
        self.is_ending = True

    def flush(self) -> bool:
        """Write what the client takes now; False when it has gone or is done."""
        try:
            while self.buffer:
                sent = self.sock.send(self.buffer)
                del self.buffer[:sent]
                self.sent_at = time.monotonic()
        except BlockingIOError:
            return len(self.buffer) <= MAX_WAITING_BYTES
        except OSError:
            return False
        return not self.is_ending

    def has_gone(self) -> bool:
        """Whether the client has closed; what else it may have sent is no request of ours."""
        try:
            return not self.sock.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            return True


class Writer:
    """All clients in one selector."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._clients: dict[Listener, _Client] = {}
        self._arrived: deque[_Client] = deque()
        self._ready: deque[Listener] = deque()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="events-writer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._wake_reader, self._wake_writer = os.pipe()
        for handle in (self._wake_reader, self._wake_writer):
            os.set_blocking(handle, False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._thread.start()

    def stop(self) -> None:
        """End, when the clients have been told or after a short time, and wait for it."""
        self._ended = True
        self._wake_up()
        self._thread.join(2 * _GOOD_BYE_SECONDS)

    def adopt(
        self, sock: socket.socket, listener: Listener, *, chunked: bool, gone: Callable[[Listener], None]
    ) -> None:
        """Write to this client from now on, and close its socket in the end."""
        sock.settimeout(0)
        with contextlib.suppress(OSError):  # a Unix socket has none of these
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if sys.platform == "linux":
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST_MS)
        self._arrived.append(_Client(sock, listener, chunked=chunked, gone=gone))
        listener.on_offer(lambda: self._note(listener))

    def _note(self, listener: Listener) -> None:
        self._ready.append(listener)
        self._wake_up()

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError, AttributeError):  # full: it wakes up anyhow
            os.write(self._wake_writer, b"\0")

    # --- in the thread ----------------------------------------------------------------------------------

    def _work(self) -> None:
        next_look, give_up = 0.0, None
        while not self._ended or self._clients:
            for key, mask in self._selector.select(_TICK_SECONDS / (5 if self._ended else 1)):
                self._serve(key.data, mask)
            self._take_in()
            now = time.monotonic()
            if now >= next_look:
                next_look = now + _TICK_SECONDS
                self._keep_alive(now)
            give_up = give_up or (now + _GOOD_BYE_SECONDS if self._ended else None)
            if give_up is not None and now > give_up:
                for client in tuple(self._clients.values()):
                    self._drop(client)
        self._selector.close()
        for handle in (self._wake_reader, self._wake_writer):
            os.close(handle)

    def _serve(self, client: _Client | None, mask: int) -> None:
        if client is None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reader, 4096)
        elif mask & selectors.EVENT_READ and client.has_gone():
            self._drop(client)
        elif mask & selectors.EVENT_WRITE:
            self._flush(client)

    def _take_in(self) -> None:
        while self._arrived:
            client = self._arrived.popleft()
            self._clients[client.listener] = client
            self._selector.register(client.sock, selectors.EVENT_READ, client)
            self._pull(client)  # that it is ready may have been noted, and passed over, before it was here
        while self._ready:
            client = self._clients.get(self._ready.popleft())
            if client is not None:
                self._pull(client)

    def _pull(self, client: _Client) -> None:
        events = client.listener.take()
        client.add(frames(events, may_read=client.listener.may_read))
        if client.listener.is_closed or (events and events[-1].type is EventType.END):
            client.end()
        self._flush(client)

    def _flush(self, client: _Client) -> None:
        if not client.flush():
            self._drop(client)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.buffer else 0)
        if self._selector.get_key(client.sock).events != wanted:
            self._selector.modify(client.sock, wanted, client)

    def _keep_alive(self, now: float) -> None:
        for client in tuple(self._clients.values()):
            if now - client.sent_at >= KEEP_ALIVE_SECONDS and not client.buffer:
                client.add(KEEP_ALIVE)
                self._flush(client)

    def _drop(self, client: _Client) -> None:
        if self._clients.pop(client.listener, None) is None:
            return
        self._selector.unregister(client.sock)
        client.listener.close()
        client.gone(client.listener)
        with contextlib.suppress(OSError):
            client.sock.close()
