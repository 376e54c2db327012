"""What reaches a view, and what reaches the client, under every server."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from compliance.servers.client import Response, connect, fetch
from compliance.servers.conftest import BIG_FILE, RunningServer
from compliance.servers.site.views import PIECE, PIECES

# Whoever comes first waits for processes to start.
pytestmark = pytest.mark.timeout(20, func_only=True)

UPLOAD = bytes(reversed(range(256))) * 20_000
STEP = 8_192
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOUNDARY = "b0undary"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def raw(server: RunningServer, request: bytes) -> Response:
    """The answer to a request that no HTTP library would send."""
    async with connect(server.port) as connection:
        await connection.write(request)
        connection.assume_sent()
        return await connection.response()


async def test_get_and_head_say_the_same(server: RunningServer, kind: str) -> None:
    async with connect(server.port) as connection:
        got = await connection.fetch(f"/{kind}/echo?a=1")
        head = await connection.fetch(f"/{kind}/echo?a=1", "HEAD")
        again = await connection.fetch(f"/{kind}/echo?a=1")
    assert (got.status, head.status, again.status) == (200, 200, 200)
    assert got.json()["method"] == "GET"
    assert head.body == b""
    assert head["content-type"] == got["content-type"] == "application/json"
    assert int(got["content-length"]) == len(got.body)
    # "HEAD" is a letter longer than "GET", and the answer shows the method.
    length = head.all("content-length")
    usual = [str(len(got.body) + 1)]
    assert length == server.expected("length of HEAD", usual)
    assert again.json() == got.json()


async def test_body_of_known_length_arrives(server: RunningServer, kind: str) -> None:
    answer = await fetch(
        server.port, f"/{kind}/echo", "POST", headers=FORM, body=b"a=1&b=%C3%A9"
    )
    assert answer.json()["form"] == {"a": "1", "b": "é"}
    assert answer.json()["headers"]["Content-Length"] == "12"


async def test_chunked_body_arrives(server: RunningServer, kind: str) -> None:
    async with connect(server.port) as connection:
        headers = {"Transfer-Encoding": "chunked", "Content-Type": "text/plain"}
        await connection.begin("POST", f"/{kind}/echo", headers)
        for piece in (b"one,", b"two,", b"three"):
            await connection.send(piece)
        await connection.end()
        seen = (await connection.response()).json()
    assert (seen["length"], seen["digest"]) == (13, digest(b"one,two,three"))


async def test_upload_of_5_mb_arrives_in_pieces(
    server: RunningServer, kind: str
) -> None:
    async with connect(server.port) as connection:
        headers = {"Content-Length": str(len(UPLOAD)), "Content-Type": "image/png"}
        await connection.begin("PUT", f"/{kind}/echo", headers)
        for start in range(0, len(UPLOAD), STEP):
            await connection.send(UPLOAD[start : start + STEP])
        await connection.end()
        seen = (await connection.response()).json()
    assert (seen["method"], seen["length"]) == ("PUT", len(UPLOAD))
    assert seen["digest"] == digest(UPLOAD)


async def test_uploaded_file_arrives(server: RunningServer, kind: str) -> None:
    body = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="photo"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()
    body += BIG_FILE + f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = await fetch(
        server.port, f"/{kind}/echo", "POST", headers=headers, body=body
    )
    seen = answer.json()
    assert seen["form"] == {"note": "hello"}
    assert seen["files"] == {"photo": [["a.png", len(BIG_FILE), digest(BIG_FILE)]]}


async def test_body_waits_for_100_continue(server: RunningServer, kind: str) -> None:
    async with connect(server.port) as connection:
        headers = {"Content-Length": "5", "Expect": "100-continue"}
        await connection.begin("POST", f"/{kind}/echo", headers)
        assert (await connection.head()).status == 100
        await connection.send(b"hello")
        await connection.end()
        answer = await connection.response()
    assert (answer.status, answer.json()["digest"]) == (200, digest(b"hello"))


async def test_requests_follow_one_another_on_a_connection(
    server: RunningServer,
) -> None:
    async with connect(server.port) as connection:
        for number in range(4):
            kind = ("sync", "async")[number % 2]
            answer = await connection.fetch(f"/{kind}/echo/{number}")
            assert answer.json()["path"] == f"/{kind}/echo/{number}"
        failed = await connection.fetch("/async/fails")
        assert failed.status == 500
        missing = await connection.fetch("/missing")
        assert missing.status == 404
        assert (await connection.fetch("/sync/echo")).status == 200


async def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    paths = ["/sync/echo/1", "/async/echo/2", "/sync/echo/3"]
    async with connect(server.port) as connection:
        requests = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths]
        await connection.write("".join(requests).encode())
        answers: list[str] = []
        for _ in paths:
            connection.assume_sent()
            answers.append((await connection.response()).json()["path"])
    assert answers == server.expected("pipelining", paths)


async def test_client_of_http_1_0_is_answered_and_the_connection_closed(
    server: RunningServer, kind: str
) -> None:
    async with connect(server.port) as connection:
        await connection.write(
            f"GET /{kind}/many HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()
        )
        connection.assume_sent()
        answer = await connection.response()
        assert await connection.is_closed()
    assert answer.body == PIECE * PIECES
    chunked = answer.all("transfer-encoding") == ["chunked"]
    assert chunked is server.expected("chunks to HTTP/1.0", False)


async def test_headers_arrive_whatever_their_case(
    server: RunningServer, kind: str
) -> None:
    headers = {
        "x-LOWER-upper": "Value",
        "X-Empty": "",
        "X-Spaces": "a  b",
        "Cookie": 'one=1; two="2"; three=a=b',
        "Accept-Language": "de, en;q=0.5",
    }
    seen = (await fetch(server.port, f"/{kind}/echo", headers=headers)).json()
    assert seen["headers"]["X-Lower-Upper"] == "Value"
    assert seen["headers"]["X-Empty"] == ""
    assert seen["headers"]["X-Spaces"] == "a  b"
    assert seen["headers"]["Accept-Language"] == "de, en;q=0.5"
    assert seen["cookies"] == {"one": "1", "two": "2", "three": "a=b"}
    assert seen["host"] == f"127.0.0.1:{server.port}"
    assert seen["scheme"] == "http"
    assert seen["client"] == "127.0.0.1"


async def test_repeated_headers_are_joined(server: RunningServer, kind: str) -> None:
    answer = await raw(
        server,
        f"GET /{kind}/echo HTTP/1.1\r\nHost: localhost\r\n"
        "X-Twice: a\r\nx-twice: b\r\n\r\n".encode(),
    )
    assert answer.json()["headers"]["X-Twice"] == "a,b"


async def test_header_beyond_ascii_arrives_as_latin_1(
    server: RunningServer, kind: str
) -> None:
    head = f"GET /{kind}/echo HTTP/1.1\r\nHost: localhost\r\nX-Latin: café\r\n\r\n"
    answer = await raw(server, head.encode("latin-1"))
    assert answer.json()["headers"]["X-Latin"] == "café"


async def test_header_with_an_underscore_is_not_mistaken_for_another(
    server: RunningServer, kind: str
) -> None:
    seen = (await fetch(server.port, f"/{kind}/echo", headers={"X_Under": "1"})).json()
    assert "X-Under" not in seen["headers"]


PATHS = {
    "a%20space": ("a space", {}),
    "caf%C3%A9": ("café", {}),
    "%E2%82%AC/%F0%9F%8E%B5": ("€/🎵", {}),
    "a%2Fb": ("a/b", {}),
    "a+b;c=d,e": ("a+b;c=d,e", {}),
    "%41%7e": ("A~", {}),
    "100%25": ("100%", {}),
    "a//b": ("a//b", {}),
    "x?q=caf%C3%A9&q=a+b&empty=&raw=a/b?c": (
        "x",
        {"q": ["café", "a b"], "empty": [""], "raw": ["a/b?c"]},
    ),
}


@pytest.mark.parametrize(("target", "seen"), PATHS.items(), ids=PATHS)
async def test_paths_and_queries_arrive_decoded(
    server: RunningServer, target: str, seen: tuple[str, dict[str, list[str]]]
) -> None:
    answer = await fetch(server.port, f"/async/echo/{target}")
    path, query = seen
    expected = server.expected(f"path {target}", f"/async/echo/{path}")
    assert (answer.json()["path"], answer.json()["query"]) == (expected, query)


async def test_path_beyond_ascii_is_refused_or_understood(
    server: RunningServer,
) -> None:
    """As browsers never, but scanners often send it."""
    path = "/async/echo/café"
    answer = await raw(
        server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    )
    assert answer.status == 400 or answer.json()["path"] == path


async def test_several_cookies_are_set(server: RunningServer) -> None:
    answer = await fetch(server.port, "/cookies")
    cookies = answer.all("set-cookie")
    assert cookies[0] == "one=1; Path=/"
    assert cookies[1] == 'two="2\\073 not an attribute"; HttpOnly; Path=/'
    assert cookies[2].startswith("three=")
    assert len(cookies) == 3
    assert answer["x-empty"] == ""
    assert answer.body == b"cookies"


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_a_body_leave_the_connection_usable(
    server: RunningServer, status: int
) -> None:
    async with connect(server.port) as connection:
        answer = await connection.fetch(f"/without-body/{status}")
        assert (answer.status, answer.body) == (status, b"")
        assert (await connection.fetch("/sync/echo")).status == 200


async def test_big_file_arrives_whole(server: RunningServer, kind: str) -> None:
    async with connect(server.port) as connection:
        head = await connection.fetch(f"/{kind}/file", "HEAD")
        answer = await connection.fetch(f"/{kind}/file")
        assert (await connection.fetch("/sync/echo")).status == 200
    assert (head.status, head.body) == (200, b"")
    assert answer["content-length"] == str(len(BIG_FILE))
    assert answer["content-type"] == "application/octet-stream"
    assert answer.body == BIG_FILE


async def test_missing_page_and_failing_view_have_djangos_answers(
    server: RunningServer, kind: str
) -> None:
    missing = await fetch(server.port, f"/{kind}/nowhere")
    failing = await fetch(server.port, f"/{kind}/fails")
    assert (missing.status, failing.status) == (404, 500)
    assert b"<h1>Not Found</h1>" in missing.body
    assert b"<h1>Server Error (500)</h1>" in failing.body
    server.process.wait_for(f"Internal Server Error: /{kind}/fails")


async def test_many_clients_are_answered_at_once(
    server: RunningServer, kind: str
) -> None:
    async def ask(number: int) -> str:
        answer = await fetch(server.port, f"/{kind}/echo/{number}")
        path: str = answer.json()["path"]
        return path

    paths = await asyncio.gather(*(ask(number) for number in range(40)))
    assert paths == [f"/{kind}/echo/{number}" for number in range(40)]


async def test_upload_that_breaks_off_does_no_harm(
    server: RunningServer, kind: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("POST", f"/{kind}/echo", {"Content-Length": "1000000"})
        await connection.send(b"x" * 1000)
    assert (await fetch(server.port, f"/{kind}/echo")).status == 200
