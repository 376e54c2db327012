"""A client of one request: its ASGI scope, a scripted ``receive`` and ``send``."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tests.http.differential.database import SESSION_KEYS
from tests.http.differential.journal import Journal
from tests.http.differential.specs import Request

__all__ = ["BrokenConnection", "Client", "Cookies"]

Cookies = dict[str, str]

CSRF_TOKEN = "c" * 32
BOUNDARY = "boundary"
PATHS = {
    "view": "/view/",
    "other": "/other/",
    "missing": "/missing/",
    "no slash": "/view",
    "non-ASCII": "/vïew/",
}


UNHEARD = 0.05
"""Seconds after which ``send`` returns when nobody listened to the client leaving."""


class BrokenConnection(OSError):
    """What ``send`` raises when the client has gone."""


def says_something(message: dict[str, Any]) -> bool:
    return message["type"] == "http.response.start" or bool(message.get("body"))


def is_last(message: dict[str, Any]) -> bool:
    is_body = message["type"] == "http.response.body"
    return is_body and not message.get("more_body", False)


def multipart(*sizes: int) -> bytes:
    part = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file{n}"; filename="file{n}.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    parts = b"".join(
        part.format(n=n).encode() + b"x" * size + b"\r\n"
        for n, size in enumerate(sizes)
    )
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    return parts + field.encode() + f"--{BOUNDARY}--\r\n".encode()


FORM = "application/x-www-form-urlencoded"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"

BODIES: dict[str, tuple[str, bytes]] = {
    "": ("", b""),
    "form": (FORM, urlencode({"a": "1", "b": "ü"}).encode()),
    "form without token": (FORM, b"a=1"),
    "upload": (MULTIPART, multipart(100)),
    "big upload": (MULTIPART, multipart(100, 9_000)),
    "too big": (FORM, b"a=" + b"x" * 9_000),
    "junk": (MULTIPART, b"no part at all"),
    "bad type": ("multipart/form-data", b"no boundary"),
}
"""Settings make 2,000 bytes many for an upload, and 4,000 too many for a form."""


class Client:
    """Sends one request and writes down what comes back."""

    def __init__(self, request: Request, journal: Journal, cookies: Cookies) -> None:
        self.request, self.journal = request, journal
        self.messages: list[dict[str, Any]] = []
        content_type, body = BODIES[request.body]
        self.scope = self._scope(content_type, len(body), cookies)
        self._incoming = self._split(body)
        leaves, _, count = request.leaves.partition(" ")
        self._leaves, self._takes = leaves, int(count or 0)

    def _scope(self, content_type: str, size: int, cookies: Cookies) -> dict[str, Any]:
        request = self.request
        cookies = dict(cookies)
        headers = {"host": request.host, **dict(request.headers)}
        if request.session:
            cookies["sessionid"] = SESSION_KEYS[request.session]
        if request.body:
            headers |= {"content-type": content_type, "content-length": str(size)}
        if request.body and request.body != "form without token":
            token = cookies.setdefault("csrftoken", CSRF_TOKEN)
            headers["x-csrftoken"] = token
        if cookies:
            headers["cookie"] = "; ".join(f"{k}={v}" for k, v in cookies.items())
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.root + PATHS[request.path],
            "root_path": request.root,
            "query_string": request.query,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("testserver", 80),
        }

    def _split(self, body: bytes) -> list[dict[str, Any]]:
        size = len(body) // self.request.pieces + 1
        chunks = [body[n : n + size] for n in range(0, len(body), size)] or [b""]
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": True}
            for chunk in chunks
        ]
        if self.request.leaves == "early":
            return [*messages[:-1], {"type": "http.disconnect"}]
        del messages[-1]["more_body"]
        return messages

    async def receive(self) -> dict[str, Any]:
        if self._incoming:
            return self._incoming.pop(0)
        await self.journal.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.journal.streams = True
        # Messages without content tell the client nothing.
        taken = sum(map(says_something, self.messages))
        if self._leaves == "breaks" and taken >= self._takes:
            raise BrokenConnection("the client has gone")
        if self._leaves == "stalls" and taken >= self._takes:
            return  # Servers drop what comes after the end of the connection.
        self.messages.append(message)
        if self._leaves == "stalls" and taken + says_something(message) == self._takes:
            self.journal.gone.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(UNHEARD):
                    await asyncio.Event().wait()
        elif is_last(message):
            self.journal.gone.set()

    def keep_cookies(self, cookies: Cookies) -> None:
        """Add what the response sets, and drop what it expires."""
        for message in self.messages[:1]:
            for name, value in message["headers"]:
                if name.lower() == b"set-cookie":
                    for morsel in SimpleCookie(value.decode()).values():
                        if morsel["max-age"] == "0" or not morsel.value:
                            cookies.pop(morsel.key, None)
                        else:
                            cookies[morsel.key] = morsel.coded_value
