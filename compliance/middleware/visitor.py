"""Somebody with a browser, and what they get to see."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from compliance.middleware.project.stacks import EVERYTHING
from compliance.servers.client import Response, fetch

VOLATILE_HEADERS = {"date", "expires", "djdt-request-id", "server-timing"}
TOOLBAR = re.compile(r'<div id="djDebug.*?</template>|<div id="djDebug.*', re.DOTALL)
PANEL = re.compile(r'<li id="djdt-(\w+)".*?<small>(.*?)</small>', re.DOTALL)
TIME = re.compile(r"[\d.]+ms")
VOLATILE = [
    (re.compile(r"^(csrftoken|sessionid|messages|dwft?_\w+)=[^;]+"), r"\1"),
    (re.compile(r"expires=[^;]+"), "expires"),
    (re.compile(r'name="csrfmiddlewaretoken" value="\w{64}"'), "CSRF TOKEN"),
    (re.compile(r"'nonce-[^']+'|nonce=\"[^\"]+\""), "NONCE"),
]
EXCEPTION = re.compile(
    r"<title>.*?</title>|<pre class=\"exception_value\">.*?</pre>", re.S
)


@dataclass(frozen=True)
class Page:
    """A response without what differs from one time to the next."""

    status: int
    headers: list[tuple[str, str]]
    body: str


@dataclass
class Visitor:
    """Keeps cookies, as a browser does.

    Attributes:
        stack: The middleware of the application that is visited.
        kind: "sync" or "async", the kind of its views.
        pages: All that was seen, in order.
    """

    port: int
    stack: str
    kind: str
    debug: bool
    cookies: dict[str, str] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The account that this visitor has."""
        return f"{self.kind}-{self.stack}"

    def has(self, package: str) -> bool:
        """Is its middleware there?"""
        return self.stack in (package, EVERYTHING)

    async def visit(
        self, name: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> Response:
        """A page by its name, or by its path."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        sent = {"X-Stack": self.stack, "Host": "localhost:8000", **sent}
        if self.cookies:
            pairs = [f"{key}={value}" for key, value in self.cookies.items()]
            sent["Cookie"] = "; ".join(pairs)
        target = name if name.startswith("/") else f"/{self.kind}/{name}"
        response = await fetch(self.port, target, method, headers=sent, body=body)
        self._keep_cookies(response)
        self.pages.append(normalise(response))
        return response

    async def submit(self, name: str, **fields: str) -> Response:
        """Post a form, with the CSRF token if there is one."""
        if "csrftoken" in self.cookies:
            fields["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        return await self.visit(
            name,
            "POST",
            urlencode(fields).encode(),
            Content_Type="application/x-www-form-urlencoded",
        )

    def _keep_cookies(self, response: Response) -> None:
        for line in response.all("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    # As it was sent: values are opaque to a browser.
                    self.cookies[name] = morsel.coded_value


def normalise(response: Response) -> Page:
    body = text_of(response)
    volatile = set(VOLATILE_HEADERS)
    if response.all("djdt-request-id"):
        volatile.add("content-length")
    if "Traceback" in body:
        # Django's page for developers shows the frames of the handler.
        volatile.add("content-length")
        body = "".join(EXCEPTION.findall(body))
    headers = [
        (name, replace_volatile(value))
        for name, value in response.fields
        if name not in volatile
    ]
    return Page(response.status, headers, replace_volatile(body))


def text_of(response: Response) -> str:
    """The body as text; of one that is compressed, its length and digest."""
    if response.all("content-encoding"):
        digest = hashlib.sha256(response.body).hexdigest()
        return f"{len(response.body)} bytes, {digest}"
    return response.body.decode()


def replace_volatile(text: str) -> str:
    for pattern, replacement in VOLATILE:
        text = pattern.sub(replacement, text)
    return TOOLBAR.sub(summarise_toolbar, text)


def summarise_toolbar(found: re.Match[str]) -> str:
    """Its panels, and what each says in short, but for times.

    That of the timer says another thing when a request took no CPU that was counted.
    """
    panels = [panel for panel in PANEL.findall(found[0]) if panel[0] != "TimerPanel"]
    return TIME.sub("some time", str(panels))
