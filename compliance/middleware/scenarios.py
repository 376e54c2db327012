"""What visitors do, and what each package has to do about it under any handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from compliance.middleware.project.management.commands.prepare import PASSWORD
from compliance.middleware.project.stacks import DJANGO, EVERYTHING
from compliance.middleware.visitor import Visitor

Scenario = Callable[[Visitor], Awaitable[None]]

SCENARIOS: dict[str, Scenario] = {}
"""By name; those about one package have ``<package>: `` in front."""

FRIEND = "https://friend.example"
STYLESHEET = re.compile(r'href="(/static/project/site[^"]*\.css)"')


def scenario(function: Scenario) -> Scenario:
    """Something visitors do on any site."""
    SCENARIOS[function.__name__] = function
    return function


def about(package: str) -> Callable[[Scenario], Scenario]:
    """Something that differs with and without ``package``."""

    def add(function: Scenario) -> Scenario:
        SCENARIOS[f"{package}: {function.__name__}"] = function
        return function

    return add


def scenarios_for(stack: str) -> list[str]:
    """What is to be tried with one stack; each that is about no other package."""
    return [
        name
        for name in SCENARIOS
        if ":" not in name
        or stack in (DJANGO, EVERYTHING)
        or name.startswith(f"{stack}:")
    ]


@scenario
async def looks_around(visitor: Visitor) -> None:
    page = await visitor.visit("page")
    assert b'<p id="user">nobody</p>' in page.body
    head = await visitor.visit("page", "HEAD")
    assert (head.status, head.body) == (200, b"")
    data = await visitor.visit("data")
    verified = False if visitor.has("otp") else None
    assert data.json() == {"user": "", "verified": verified}
    await visitor.visit("data", "OPTIONS")
    stream = await visitor.visit("stream")
    assert stream.body == b"0 ;1 ;2 ;"
    await visitor.visit("stream", "HEAD")


@scenario
async def meets_errors(visitor: Visitor) -> None:
    statuses = [
        (await visitor.visit(name)).status
        for name in ("denied", "missing", "/nowhere", "fails")
    ]
    assert statuses == [403, 404, 404, 500]
    await visitor.visit("missing", "HEAD")
    assert (await visitor.visit("page", Host="evil.example")).status == 400
    assert (await visitor.visit("form", "POST", b"text=a")).status == 403
    # Nothing of it is left behind.
    assert (await visitor.visit("page")).status == 200


@scenario
async def fills_in_a_form(visitor: Visitor) -> None:
    await visitor.visit("page")
    answer = await visitor.submit("form", text="<hello>")
    assert answer.status == 302
    page = await visitor.visit(answer["location"])
    assert b'<li class="success">Received &lt;hello&gt;</li>' in page.body
    assert b"<hello>" not in (await visitor.visit("page")).body


@scenario
async def signs_in(visitor: Visitor) -> None:
    await visitor.visit("page")
    answer = await visitor.submit("sign_in", username=visitor.name, password=PASSWORD)
    assert answer.status == 302
    page = await visitor.visit(answer["location"])
    assert f'<p id="user">{visitor.name}</p>'.encode() in page.body
    verified = False if visitor.has("otp") else None
    data = await visitor.visit("data")
    assert data.json() == {"user": visitor.name, "verified": verified}
    stream = await visitor.visit("stream")
    assert stream.body.decode().count(visitor.name) == 3
    note = await visitor.submit("notes", text="hello")
    author = visitor.name if visitor.has("simple-history") else None
    assert note.json()["by"] == author


@about("axes")
async def guesses_passwords(visitor: Visitor) -> None:
    await visitor.visit("page")
    statuses = []
    for guess in ("a", "b", "c"):
        answer = await visitor.submit(
            "sign_in", username=f"{visitor.name}-none", password=guess
        )
        statuses.append(answer.status)
    if not visitor.has("axes"):
        assert statuses == [401, 401, 401]
    else:
        assert statuses == [401, 429, 429]
        assert b"Account locked" in answer.body


@about("whitenoise")
async def loads_static_files(visitor: Visitor) -> None:
    page = await visitor.visit("page")
    found = STYLESHEET.search(page.body.decode())
    assert found is not None
    url = found[1]
    plain = await visitor.visit(url)
    if not visitor.has("whitenoise"):
        assert plain.status == 404
        return
    assert plain.status == 200
    assert b".rule-199" in plain.body
    assert int(plain["content-length"]) == len(plain.body)
    head = await visitor.visit(url, "HEAD")
    assert (head["content-length"], head.body) == (plain["content-length"], b"")
    modified = plain["last-modified"]
    again = await visitor.visit(url, If_Modified_Since=modified)
    assert (again.status, again.body) == (304, b"")
    part = await visitor.visit(url, Range="bytes=3-6")
    assert (part.status, part.body) == (206, plain.body[3:7])
    beyond = await visitor.visit(url, Range="bytes=999999-")
    assert beyond.status == 416
    assert (await visitor.visit(url, "POST", b"x")).status == 405
    assert (await visitor.visit("/static/project/none.css")).status == 404


@about("whitenoise")
async def accepts_compressed_files(visitor: Visitor) -> None:
    page = await visitor.visit("page")
    found = STYLESHEET.search(page.body.decode())
    assert found is not None
    for accepted, encoding in (("gzip", "gzip"), ("gzip, br", "br")):
        answer = await visitor.visit(found[1], Accept_Encoding=accepted)
        if visitor.has("whitenoise") and not visitor.debug:
            assert answer["content-encoding"] == encoding
            assert answer["vary"].startswith("Accept-Encoding")
            assert answer["cache-control"] == "max-age=315360000, public, immutable"


@about("cors-headers")
async def comes_from_another_origin(visitor: Visitor) -> None:
    preflight = await visitor.visit(
        "data", "OPTIONS", Origin=FRIEND, Access_Control_Request_Method="GET"
    )
    simple = await visitor.visit("data", Origin=FRIEND)
    assert simple.json()["user"] == ""
    await visitor.visit("fails", Origin=FRIEND)
    stranger = await visitor.visit("data", Origin="https://stranger.example")
    assert not stranger.all("access-control-allow-origin")
    if visitor.has("cors-headers"):
        assert preflight["content-length"] == "0"
        assert "GET" in preflight["access-control-allow-methods"]
        assert simple["access-control-allow-origin"] == FRIEND
        assert simple["access-control-expose-headers"] == "X-Exposed"
        assert "origin" in simple["vary"]


@about("htmx")
async def uses_htmx(visitor: Visitor) -> None:
    plain = await visitor.visit("fragment")
    asked = await visitor.visit(
        "fragment",
        HX_Request="true",
        HX_Prompt="caf%C3%A9",
        HX_Prompt_URI_AutoEncoded="true",
    )
    assert plain.body == b"False None"
    assert asked["hx-trigger"] == '{"refreshed": {"by": "server"}}'
    seen = "True café" if visitor.has("htmx") else "False None"
    assert asked.body.decode() == seen
    page = await visitor.visit("page", HX_Request="true", HX_Target="list")
    if visitor.has("htmx"):
        assert b'<p id="htmx">htmx, list</p>' in page.body


@about("csp")
async def trusts_scripts_by_their_nonce(visitor: Visitor) -> None:
    nonces = set()
    for _ in range(2):
        page = await visitor.visit("page")
        found = re.search(r'<script nonce="([^"]*)"', page.body.decode())
        assert found is not None
        if visitor.has("csp"):
            policy = page["content-security-policy"]
            assert f"'nonce-{found[1]}'" in policy
        nonces.add(found[1])
    assert len(nonces) == 2 if visitor.has("csp") else nonces == {""}
    await visitor.visit("data")


@about("waffle")
async def tries_a_feature_flag(visitor: Visitor) -> None:
    assert (await visitor.visit("flag")).body == b"False"
    assert (await visitor.visit("flag?dwft_beta=1")).body == b"True"
    kept = (await visitor.visit("flag")).body
    # The cookie is the middleware's work.
    assert kept == (b"True" if visitor.has("waffle") else b"False")
    assert ("dwft_beta" in visitor.cookies) is visitor.has("waffle")


@about("allauth")
async def has_an_account(visitor: Visitor) -> None:
    if not visitor.has("allauth"):
        return
    hacked = await visitor.visit("/accounts/")
    assert hacked["location"] == "/accounts/login/"
    login = await visitor.visit("/accounts/login/")
    assert login.status == 200
    wrong = await visitor.submit("/accounts/login/", login=visitor.name, password="x")
    assert wrong.status == 200
    right = await visitor.submit(
        "/accounts/login/", login=visitor.name, password=PASSWORD
    )
    assert (right.status, right["location"]) == (302, "/sync/page")
    page = await visitor.visit("page")
    assert f'<p id="user">{visitor.name}</p>'.encode() in page.body
    assert f"Successfully signed in as {visitor.name}".encode() in page.body
    back = await visitor.visit("/accounts/")
    assert back["location"] == "/accounts/email/"
    assert (await visitor.visit("/accounts/email/")).status == 200
    assert (await visitor.submit("/accounts/logout/")).status == 302
    page = await visitor.visit("page")
    assert b'<p id="user">nobody</p>' in page.body


@about("debug-toolbar")
async def develops(visitor: Visitor) -> None:
    page = await visitor.visit("queries")
    shown = "djDebug" in page.body.decode()
    assert shown is (visitor.debug and visitor.has("debug-toolbar"))
    if not shown:
        return
    request_id = page["djdt-request-id"]
    panel = await visitor.visit(
        f"/__debug__/render_panel/?request_id={request_id}&panel_id=SQLPanel"
    )
    # It shows how long they took.
    visitor.pages.pop()
    assert "3 queries" in panel.json()["content"]
