"""The clients: kept connections, each asking again as soon as it is answered.

Nothing but the very page counts as an answer: status 200 and every byte of the body.
Against a server that does nothing they reach some 60,000 requests a second, many times
what is measured here, and they look without ever sleeping: waking them would cost the
server.
"""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING, Self

from legato.bench.errors import BenchError
from legato.bench.http.server import HOST

if TYPE_CHECKING:
    from types import TracebackType

    from legato.bench.http.pages import Exchange

_CONNECT_TIMEOUT = 10.0
_READ_SIZE = 65536
_OK = b"HTTP/1.1 200 "
_END_OF_HEAD = b"\r\n\r\n"
_SHOWN = 300


def is_whole(answer: bytes, body: bytes) -> bool:
    """Whether this is the whole answer; False where more has to come.

    Raises:
        BenchError: it is another answer.
    """
    if not answer.startswith(_OK[: len(answer)]):
        raise BenchError(f"the answer is {_show(answer)}")
    end = answer.find(_END_OF_HEAD)
    if end < 0:
        return False
    content = answer[end + len(_END_OF_HEAD) :]
    if not body.startswith(content):
        raise BenchError(f"the answer is {_show(answer)}, not {_show(body)}")
    return len(content) == len(body)


def _show(text: bytes) -> str:
    return repr(text[:_SHOWN].decode(errors="replace"))


class Client:
    """One connection with one request under way."""

    __slots__ = ("answer", "asked_ns", "receive", "send", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), _CONNECT_TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.send = self.socket.send
        self.receive = self.socket.recv
        self.answer = b""
        self.asked_ns = 0

    def ask(self, request: bytes) -> None:
        self.answer = b""
        self.asked_ns = time.monotonic_ns()
        self.send(request)

    def hear(self, body: bytes) -> bool:
        """Reads what there is; True once the answer is whole.

        Raises:
            BenchError: it is another answer, or the connection has ended.
        """
        data = self.receive(_READ_SIZE)
        if not data:
            raise BenchError(f"the connection ended after {_show(self.answer)}")
        self.answer += data
        return is_whole(self.answer, body)


class Clients:
    """Some connections to one server; a context manager that closes them."""

    def __init__(self, port: int, count: int, *, sleepless: bool) -> None:
        self._nap = 0.0 if sleepless else 1.0
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}
        for _ in range(count):
            client = Client(port)
            self._clients[client.socket.fileno()] = client
            self._epoll.register(client.socket, select.EPOLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            client.socket.close()
        self._epoll.close()

    def ask(self, exchange: Exchange, seconds: float, patience: float) -> list[int]:
        """Keeps every client asking for that long, and waits for the last answers.

        Returns:
            What each answer took, in nanoseconds; one for each client at least.

        Raises:
            BenchError: an answer is another one, or none came within ``patience``.
        """
        request, body = exchange.request, exchange.body
        clients, poll, clock = self._clients, self._epoll.poll, time.monotonic_ns
        times: list[int] = []
        asking = len(clients)
        until = clock() + int(seconds * 1e9)
        last = until + int(patience * 1e9)
        for client in clients.values():
            client.ask(request)
        while asking:
            for number, _ in poll(self._nap):
                client = clients[number]
                if not client.hear(body):
                    continue
                now = clock()
                times.append(now - client.asked_ns)
                if now < until:
                    client.ask(request)
                else:
                    asking -= 1
            if clock() > last:
                raise BenchError(f"{asking} requests were not answered in time")
        return times
