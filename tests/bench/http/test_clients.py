"""The clients take nothing for an answer but the page itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from legato.bench.errors import BenchError
from legato.bench.http.clients import Clients, is_whole
from legato.bench.http.pages import Exchange

BODY = b"Hello from a view."
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n" + BODY
EXCHANGE = Exchange(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", BODY)


@contextmanager
def server(*parts: bytes) -> Iterator[int]:
    """Answers each request of each connection with these parts; a port."""
    threads: list[Thread] = []

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, suppress(ConnectionResetError):
            while connection.recv(65536):
                for part in parts:
                    connection.sendall(part)
                if not parts:
                    return

    def accept() -> None:
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threads.append(Thread(target=serve, args=[connection]))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = Thread(target=accept)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        for thread in (accepting, *threads):
            thread.join()


def ask(port: int, seconds: float = 0) -> list[int]:
    with Clients(port, 3, sleepless=False) as clients:
        return clients.ask(EXCHANGE, seconds, 5.0)


def test_every_client_is_answered_at_least_once() -> None:
    with server(ANSWER) as port:
        times = ask(port)

    assert len(times) == 3
    assert all(time > 0 for time in times)


def test_clients_ask_again_on_the_same_connection() -> None:
    with server(ANSWER) as port:
        assert len(ask(port, 0.05)) > 3


def test_answer_may_come_in_pieces() -> None:
    with server(ANSWER[:5], ANSWER[5:30], ANSWER[30:-1], ANSWER[-1:]) as port:
        assert len(ask(port)) == 3


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER.replace(b"200 OK", b"500 Internal Server Error"),
        ANSWER.replace(b"Hello", b"Howdy"),
        ANSWER + b"more",
    ],
    ids=["status", "body", "length"],
)
def test_another_answer_ends_the_run_and_is_shown(answer: bytes) -> None:
    with server(answer) as port, pytest.raises(BenchError, match="the answer is"):
        ask(port)


def test_connection_that_ends_ends_the_run() -> None:
    with server() as port, pytest.raises(BenchError, match="the connection ended"):
        ask(port)


def test_answer_cut_short_is_not_taken_for_one() -> None:
    assert not any(is_whole(ANSWER[:cut], BODY) for cut in range(len(ANSWER)))
    assert is_whole(ANSWER, BODY)
