"""The clients of a run: a thousand raw sockets on one epoll.

In the fan-out a client only counts the frames that hold a publication, which lets it
keep up, and the crowd looks without ever sleeping: waking it would cost the sender,
and cost the slower senders more often. An attentive client gives everything to its
conversation instead, which then knows exactly what it heard.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import TYPE_CHECKING, Self

from legato.bench.errors import BenchError
from legato.bench.realtime.conversation import FILLING
from legato.bench.realtime.websocket import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    client_frame,
    read_head,
    upgrade_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from legato.bench.realtime.conversation import Conversation

_HOST = "127.0.0.1"
_CONNECT_TIMEOUT = 10.0
_FILLING = FILLING.encode()
_TEXT_OF_MEDIUM_SIZE = b"\x81\x7e"
# A larger one costs the client more, which has to be allocated for each read.
_READ_SIZE = 4096
_RESET = struct.pack("ii", 1, 0)
# As many handshakes under way at once as no server's backlog minds.
_STEP = 100


def is_one_delivery(data: bytes) -> bool:
    """Whether this is one whole text frame that holds a publication, nothing else."""
    return (
        data[:2] == _TEXT_OF_MEDIUM_SIZE
        and len(data) == 4 + (data[2] << 8 | data[3])
        and _FILLING in data
    )


class Client:
    """One socket and what has been read from it."""

    __slots__ = ("conversation", "deliveries", "open", "receive", "rest", "socket")

    def __init__(self, port: int, conversation: Conversation) -> None:
        self.conversation = conversation
        self.deliveries = 0
        self.rest = b""
        self.open = conversation.path is None
        self.socket = socket.create_connection((_HOST, port), _CONNECT_TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if conversation.path is not None:
            host = f"{_HOST}:{port}"
            self.socket.sendall(upgrade_request(host, conversation.path))
        self.socket.setblocking(False)
        self.receive = self.socket.recv

    def say(self, opcode: int, payload: bytes) -> None:
        # A few bytes into an empty send buffer: it never blocks.
        self.socket.send(client_frame(opcode, payload))

    def say_text(self, message: str | None) -> None:
        if message is not None:
            self.say(TEXT, message.encode())

    def cut(self) -> None:
        """Ends the connection as a lost network does: no closing handshake."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.socket.close()


class Crowd:
    """The clients of one server; a context manager that cuts them all."""

    def __init__(
        self, port: int, *, attentive: bool = False, sleepless: bool = False
    ) -> None:
        self._port = port
        self._nap = 0.0 if sleepless else 1.0
        self._counts = not attentive
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}
        self.deliveries = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        self._epoll.close()

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def conversations(self) -> list[Conversation]:
        return [client.conversation for client in self._clients.values()]

    def join(self, conversations: Sequence[Conversation], timeout: float) -> None:
        """Connects and subscribes them, a hundred at a time."""
        deadline = time.monotonic() + timeout
        for start in range(0, len(conversations), _STEP):
            step = conversations[start : start + _STEP]
            self.start(step)
            self.attend(step, lambda each: each.joined, deadline - time.monotonic())

    def start(self, conversations: Iterable[Conversation]) -> None:
        """Connects them all at once and sends their handshakes."""
        for conversation in conversations:
            client = Client(self._port, conversation)
            self._clients[client.socket.fileno()] = client
            self._epoll.register(client.socket, select.EPOLLIN)

    def attend(
        self,
        conversations: Iterable[Conversation],
        satisfied: Callable[[Conversation], bool],
        timeout: float,
    ) -> None:
        """Serves every client until these conversations are satisfied.

        Raises:
            BenchError: they are not within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        waiting = list(conversations)
        while waiting := [each for each in waiting if not satisfied(each)]:
            # Looking at a thousand conversations after each event would cost more
            # than the events: look again once all that has arrived is read.
            self.serve()
            if all(satisfied(each) for each in waiting):
                return
            self._receive(1.0)
            self._check(deadline, f"{len(waiting)} clients still wait")

    def count(self, deliveries: int, timeout: float) -> None:
        """Serves every client until this many more deliveries have arrived.

        Raises:
            BenchError: they have not within ``timeout`` seconds, or more came.
        """
        deadline = time.monotonic() + timeout
        wanted = self.deliveries + deliveries
        while self.deliveries < wanted:
            if not self._receive(self._nap):
                self._check(deadline, f"{wanted - self.deliveries} deliveries miss")
        if self.deliveries > wanted:
            message = f"{self.deliveries - wanted} deliveries more than published"
            raise BenchError(message)

    def serve(self) -> None:
        """Answers what has come meanwhile, a ping for instance."""
        while self._receive(0.0):
            pass

    def check_equal_shares(self) -> None:
        """Every client has received as many publications as any other.

        Raises:
            BenchError: one has not.
        """
        shares = {client.deliveries for client in self._clients.values()}
        if len(shares) > 1:
            message = f"deliveries differ between clients: {sorted(shares)}"
            raise BenchError(message)

    def cut(self) -> None:
        """Ends every connection without a closing handshake."""
        for client in self._clients.values():
            client.cut()
        self._clients.clear()

    def _check(self, deadline: float, what: str) -> None:
        if time.monotonic() >= deadline:
            message = f"after the time allowed {what}"
            raise BenchError(message)

    def _receive(self, timeout: float) -> bool:
        clients = self._clients
        events = self._epoll.poll(timeout)
        for fileno, _ in events:
            client = clients[fileno]
            try:
                data = client.receive(_READ_SIZE)
            except ConnectionResetError:
                data = b""
            if self._counts and not client.rest and is_one_delivery(data):
                client.deliveries += 1
                self.deliveries += 1
            else:
                self._read(client, data)
        return bool(events)

    def _read(self, client: Client, data: bytes) -> None:
        if not data:
            message = "the server closed a connection"
            raise BenchError(message)
        data = client.rest + data
        at = 0 if client.open else self._finish_upgrade(client, data)
        while client.open and (head := read_head(data, at)) and head.end <= len(data):
            opcode, start, at = head
            if self._counts and data.find(_FILLING, start, at) >= 0:
                client.deliveries += 1
                self.deliveries += 1
            else:
                self._hear(client, opcode, data[start:at])
        client.rest = data[at:]

    def _finish_upgrade(self, client: Client, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if not data.startswith(b"HTTP/1.1 101"):
            message = f"no WebSocket: {data.splitlines()[0]!r}"
            raise BenchError(message)
        client.open = True
        client.say_text(client.conversation.open())
        return end + 4

    def _hear(self, client: Client, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            client.say_text(client.conversation.hear(payload.decode()))
        elif opcode == PING:
            client.say(PONG, payload)
        elif opcode == CLOSE:
            message = f"the server closed a connection: {payload!r}"
            raise BenchError(message)
