"""The example in a real Chromium: two people, their tabs, and a bad network."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Route,
    expect,
)

from tests.chromium import chromium
from tests.examples.conftest import FRONTDESK, Frontdesk
from tests.network import Network

# One Chromium and one loop serve all tests of this module. Starting them counts
# towards the first test, so that one may take longer than the usual limit.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(90),
]

# What Chromium says of a network that has been taken away, and nothing else.
NETWORK_GONE = re.compile(r"WebSocket connection to .* failed|net::ERR_")

PARCEL = "Where is my parcel?"
INVOICE = "Company name on the invoice"
SHADE = "Glass shade arrived broken"
ADDRESS = "Change of delivery address"
DIMMER = "Dimmer for a Halo pendant"

expect.set_options(timeout=10_000)


class Person:
    """Somebody signed in, in a browser context of their own."""

    def __init__(self, name: str, context: BrowserContext, url: str) -> None:
        self.name = name
        self.url = url
        self.complaints: list[str] = []
        self._context = context
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not NETWORK_GONE.search(message.text):
            self.complaints.append(message.text)

    async def sign_in(self) -> Page:
        page = await self._context.new_page()
        await page.goto(f"{self.url}/sign-in/")
        await page.get_by_role("button", name=f"Sign in as {self.name}").click()
        await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page

    async def open_conversation(self, subject: str) -> Page:
        """Sign in, choose the conversation from the list, wait until it is live."""
        page = await self.sign_in()
        if not await page.get_by_role("heading", name=subject, level=1).count():
            await page.get_by_role("link", name=subject).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(subject)
        await expect(connection(page)).to_have_text("Live")
        return page

    async def open_second_tab(self, page: Page) -> Page:
        tab = await self._context.new_page()
        await tab.goto(page.url)
        await expect(connection(tab)).to_have_text("Live")
        return tab


Meet = Callable[..., Awaitable[Person]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    bundle = FRONTDESK / "desk/static/desk/vendor/centrifuge.js"
    assert bundle.exists(), "these tests need the browser bundle: run make demo once"
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def meet(browser: Browser, frontdesk: Frontdesk) -> AsyncIterator[Meet]:
    """Bring in people by name; in the end none of their consoles may complain."""
    people: list[Person] = []
    async with AsyncExitStack() as stack:

        async def meet(name: str, **options: Any) -> Person:
            context = await browser.new_context(**options)
            stack.push_async_callback(context.close)
            base_url = options.get("base_url", frontdesk.url)
            people.append(Person(name, context, base_url))
            return people[-1]

        yield meet
    assert [complaint for person in people for complaint in person.complaints] == []


@pytest_asyncio.fixture(loop_scope="module")
async def network(frontdesk: Frontdesk) -> AsyncIterator[Network]:
    """The way to the server of somebody with a bad network."""
    async with Network(frontdesk.port) as network:
        yield network


@pytest.fixture
def mark() -> str:
    """A word that no other test writes."""
    return uuid.uuid4().hex[:8]


def connection(page: Page) -> Locator:
    return page.get_by_role("status")


def messages(page: Page, mark: str) -> Locator:
    """The texts of all messages that carry the mark, in the order of the page."""
    return page.locator("#messages .message__text").filter(has_text=mark)


async def top_of(element: Locator) -> float:
    box = await element.bounding_box()
    assert box is not None
    return box["y"]


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Your message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def test_agent_and_customer_talk_live(meet: Meet, mark: str) -> None:
    agent = await (await meet("Mara Lindqvist")).open_conversation(INVOICE)
    customer = await (await meet("Luis Romero")).open_conversation(INVOICE)

    await write(customer, f"{mark} one")
    await expect(messages(agent, mark)).to_have_text([f"{mark} one"])
    await write(agent, f"{mark} two")
    for page in [agent, customer]:
        await expect(messages(page, mark)).to_have_text([f"{mark} one", f"{mark} two"])
        await expect(page.locator(".message[data-state]")).to_have_count(0)

    await customer.reload()
    await expect(messages(customer, mark)).to_have_text([f"{mark} one", f"{mark} two"])


async def test_messages_missed_while_away_appear_in_order_and_once(
    meet: Meet, network: Network, mark: str
) -> None:
    agent = await (await meet("Tom Okafor")).open_conversation(PARCEL)
    person = await meet("Hanna Weber", base_url=network.http)
    customer = await person.open_conversation(PARCEL)

    network.cut()
    await expect(connection(customer)).to_have_text("Reconnecting…")
    missed = [f"{mark} {number}" for number in ["one", "two", "three"]]
    for text in missed:
        await write(agent, text)
    await expect(messages(agent, mark)).to_have_text(missed)
    await expect(messages(customer, mark)).to_have_count(0)

    network.restore()
    await expect(connection(customer)).to_have_text("Live")
    await expect(messages(customer, mark)).to_have_text(missed)
    await write(agent, f"{mark} four")
    await expect(messages(customer, mark)).to_have_text([*missed, f"{mark} four"])


async def test_offline_switch_of_the_browser_is_heeded(meet: Meet, mark: str) -> None:
    agent = await (await meet("Tom Okafor")).open_conversation(SHADE)
    customer = await (await meet("Priya Nair")).open_conversation(SHADE)

    await customer.context.set_offline(True)
    await expect(connection(customer)).to_have_text("Reconnecting…")
    await write(agent, f"{mark} one")
    await expect(messages(agent, mark)).to_have_text([f"{mark} one"])
    await customer.context.set_offline(False)
    await expect(connection(customer)).to_have_text("Live")
    await expect(messages(customer, mark)).to_have_text([f"{mark} one"])


async def test_messages_written_while_away_go_out_once_on_return(
    meet: Meet, network: Network, mark: str
) -> None:
    agent = await (await meet("Tom Okafor")).open_conversation(PARCEL)
    person = await meet("Hanna Weber", base_url=network.http)
    customer = await person.open_conversation(PARCEL)

    network.cut()
    await expect(connection(customer)).to_have_text("Reconnecting…")
    written = [f"{mark} one", f"{mark} two"]
    for text in written:
        await write(customer, text)
    await expect(messages(customer, mark)).to_have_text(written)
    await expect(customer.get_by_text("Waiting for the connection")).to_have_count(2)

    network.restore()
    await expect(messages(agent, mark)).to_have_text(written)
    await expect(customer.get_by_text("Waiting for the connection")).to_have_count(0)
    await agent.reload()
    await expect(messages(agent, mark)).to_have_text(written)
    await expect(messages(customer, mark)).to_have_text(written)


async def test_message_whose_reply_was_lost_is_stored_and_shown_once(
    meet: Meet, network: Network, mark: str
) -> None:
    agent = await (await meet("Mara Lindqvist")).open_conversation(SHADE)
    person = await meet("Priya Nair", base_url=network.http)
    customer = await person.open_conversation(SHADE)

    network.mute()
    await write(customer, f"{mark} one")
    await expect(messages(agent, mark)).to_have_text([f"{mark} one"])
    await expect(customer.get_by_text("Sending…")).to_have_count(1)
    network.cut()
    await expect(connection(customer)).to_have_text("Reconnecting…")
    network.restore()
    await expect(customer.get_by_text("Sending…")).to_have_count(0)

    await write(customer, f"{mark} two")
    for page in [agent, customer]:
        await expect(messages(page, mark)).to_have_text([f"{mark} one", f"{mark} two"])
    await agent.reload()
    await expect(messages(agent, mark)).to_have_text([f"{mark} one", f"{mark} two"])


async def test_absence_beyond_the_history_is_filled_from_the_database(
    meet: Meet, network: Network, frontdesk: Frontdesk, mark: str
) -> None:
    agent = await (await meet("Inês Duarte")).open_conversation(SHADE)
    person = await meet("Priya Nair", base_url=network.http)
    customer = await person.open_conversation(SHADE)

    network.cut()
    await expect(connection(customer)).to_have_text("Reconnecting…")
    await write(agent, f"{mark} one")
    await expect(agent.locator(".message[data-state]")).to_have_count(0)
    # The history lives in the memory of the server that ends here.
    await asyncio.to_thread(frontdesk.stop)
    await write(agent, f"{mark} two")
    await asyncio.to_thread(frontdesk.start)
    network.restore()

    for page in [agent, customer]:
        await expect(connection(page)).to_have_text("Live")
        await expect(messages(page, mark)).to_have_text([f"{mark} one", f"{mark} two"])


async def test_message_between_rendering_and_subscribing_is_not_missed(
    meet: Meet, mark: str
) -> None:
    agent = await (await meet("Mara Lindqvist")).open_conversation(ADDRESS)
    customer = await (await meet("Oskar Nilsen")).open_conversation(ADDRESS)
    held: list[Route] = []
    await customer.route("**/conversation.js", lambda route: held.append(route))

    await customer.reload(wait_until="commit")
    await expect(customer.locator(".composer")).to_be_visible()
    await write(agent, f"{mark} one")
    await expect(messages(agent, mark)).to_have_text([f"{mark} one"])
    await expect(messages(customer, mark)).to_have_count(0)
    await held[0].continue_()

    await expect(messages(customer, mark)).to_have_text([f"{mark} one"])


async def test_every_tab_of_a_person_shows_everything(meet: Meet, mark: str) -> None:
    person = await meet("Grace Bennett")
    first = await person.open_conversation(DIMMER)
    second = await person.open_second_tab(first)
    agent = await (await meet("Tom Okafor")).open_conversation(DIMMER)

    await write(first, f"{mark} one")
    await expect(messages(second, mark)).to_have_text([f"{mark} one"])
    await write(agent, f"{mark} two")
    for page in [first, second]:
        await expect(messages(page, mark)).to_have_text([f"{mark} one", f"{mark} two"])
    await expect(second.locator("[data-own]", has_text=mark)).to_have_count(1)


async def test_list_of_an_agent_follows_every_conversation(
    meet: Meet, mark: str
) -> None:
    agent = await (await meet("Inês Duarte")).open_conversation(PARCEL)
    customer = await (await meet("Oskar Nilsen")).open_conversation(ADDRESS)

    await write(customer, f"{mark} one")
    first = agent.locator("#inbox > li").first
    await expect(first.locator(".inbox__subject")).to_have_text(ADDRESS)
    await expect(first.locator(".inbox__preview")).to_have_text(f"{mark} one")
    await expect(first.get_by_text("New message")).to_be_visible()


async def test_conversation_can_be_held_with_the_keyboard_alone(
    meet: Meet, mark: str
) -> None:
    page = await (await meet("Grace Bennett")).open_conversation(DIMMER)

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("log", name="Messages")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Your message")).to_be_focused()
    await page.keyboard.type(f"{mark} one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("and two")
    await page.keyboard.press("Enter")

    await expect(messages(page, mark)).to_have_text([f"{mark} one and two"])
    await expect(page.locator(".message[data-state]")).to_have_count(0)
    assert await messages(page, mark).inner_text() == f"{mark} one\nand two"
    await expect(page.get_by_label("Your message")).to_be_focused()
    await expect(page.get_by_label("Your message")).to_have_value("")


async def test_messages_are_sent_without_scripts_too(meet: Meet, mark: str) -> None:
    agent = await (await meet("Tom Okafor")).open_conversation(INVOICE)
    person = await meet("Luis Romero", java_script_enabled=False)
    customer = await person.sign_in()

    await write(customer, f"{mark} one")
    await expect(messages(customer, mark)).to_have_text([f"{mark} one"])
    await expect(messages(agent, mark)).to_have_text([f"{mark} one"])


async def test_refused_message_stays_with_the_reason(meet: Meet, mark: str) -> None:
    page = await (await meet("Grace Bennett")).open_conversation(DIMMER)

    # The page does not let anybody write that much; the server has to know as well.
    await page.get_by_label("Your message").evaluate("box => box.maxLength = 5000")
    await write(page, mark + "x" * 4000)
    await expect(page.locator("[data-state=rejected]")).to_contain_text(
        "Not sent: A message has at most 4000 characters."
    )
    await write(page, f"{mark} two")
    await expect(page.locator("[data-id]", has_text=f"{mark} two")).to_have_count(1)


async def test_reader_of_old_messages_is_not_moved_by_new_ones(
    meet: Meet, mark: str
) -> None:
    person = await meet("Luis Romero", viewport={"width": 360, "height": 480})
    customer = await person.open_conversation(INVOICE)
    agent = await (await meet("Mara Lindqvist")).open_conversation(INVOICE)
    first = customer.locator(".message").first
    await first.scroll_into_view_if_needed()
    before = await top_of(first)

    await write(agent, f"{mark} one")
    newer = customer.get_by_role("button", name="New messages")
    await expect(newer).to_be_visible()
    assert abs(await top_of(first) - before) < 2  # pixels; a message is far taller
    await newer.click()
    await expect(messages(customer, mark)).to_be_in_viewport()
    await expect(newer).to_be_hidden()


async def test_page_says_so_when_its_person_has_signed_out(meet: Meet) -> None:
    person = await meet("Priya Nair")
    page = await person.open_conversation(SHADE)
    tab = await person.open_second_tab(page)

    await tab.get_by_role("button", name="Sign out").click()
    await expect(connection(page)).to_have_text("Disconnected")
    await expect(page.get_by_text("Reload the page to continue")).to_be_visible()


@pytest.mark.parametrize("width", [320, 768, 1440])
async def test_no_page_scrolls_sideways(meet: Meet, width: int) -> None:
    viewport = {"width": width, "height": 720}
    person = await meet("Mara Lindqvist", viewport=viewport)
    page = await person.sign_in()
    paths = ["/sign-in/", "/"]
    paths += [await page.locator("#inbox a").first.get_attribute("href") or ""]
    for path in paths:
        await page.goto(person.url + path)
        overflow = "document.documentElement.scrollWidth - innerWidth"
        assert await page.evaluate(overflow) <= 0, path
