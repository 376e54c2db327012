"""Publishing from everywhere, and when it goes out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

import legato
from legato.conf import Settings
from legato.realtime import wiring
from legato.realtime.broker.base import Published
from legato.realtime.broker.memory import MemoryBroker
from tests.conftest import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


async def get(url: str) -> int:
    """GET ``url`` from a plain thread, as a browser would from outside."""

    def fetch() -> int:
        with urllib.request.urlopen(url, timeout=5) as response:
            status: int = response.status
            return status

    return await asyncio.to_thread(fetch)


@pytest.mark.parametrize("view", ["publish", "apublish"])
async def test_views_of_either_kind_publish(raw_server: LiveServer, view: str) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        assert await get(f"{raw_server.http}/{view}/room:a?text=hello") == 204
        assert await peer.publication() == {"data": {"text": "hello"}, "offset": 1}


async def test_server_publications_carry_tags_and_no_info(
    raw_server: LiveServer,
) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("ticker:a")
        await legato.apublish("ticker:a", 1, tags={"kind": "test"})
        assert await peer.publication() == {"data": 1, "tags": {"kind": "test"}}


async def test_a_transaction_publishes_when_it_commits(raw_server: LiveServer) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        await get(f"{raw_server.http}/transaction/room:a")
        assert (await peer.publication())["data"] == "first"
        assert (await peer.publication())["data"] == "second"


async def test_a_rollback_publishes_nothing(raw_server: LiveServer) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        await get(f"{raw_server.http}/transaction/room:a?fail=1")
        assert await peer.publication() == {"data": "second", "offset": 1}


async def test_a_rolled_back_savepoint_publishes_nothing(
    raw_server: LiveServer,
) -> None:
    def work() -> None:
        with transaction.atomic():
            legato.publish("room:a", "outer")
            with transaction.atomic():
                legato.publish("room:a", "inner")
                transaction.set_rollback(True)

    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        await sync_to_async(work)()
        await legato.apublish("room:a", "last")
        assert [(await peer.publication())["data"] for _ in range(2)] == [
            "outer",
            "last",
        ]


async def test_data_is_taken_as_it_is_at_the_call(raw_server: LiveServer) -> None:
    def work() -> None:
        data = {"text": "before"}
        with transaction.atomic():
            legato.publish("room:a", data)
            data["text"] = "after"

    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        await sync_to_async(work)()
        assert (await peer.publication())["data"] == {"text": "before"}


async def test_threads_publish_in_their_own_order(raw_server: LiveServer) -> None:
    def work(thread: int) -> None:
        for number in range(20):
            legato.publish("room:a", [thread, number])

    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        await asyncio.gather(*[asyncio.to_thread(work, n) for n in range(4)])
        got = [(await peer.publication()) for _ in range(80)]
        assert [p["offset"] for p in got] == list(range(1, 81))
        for thread in range(4):
            numbers = [p["data"][1] for p in got if p["data"][0] == thread]
            assert numbers == list(range(20))


async def test_an_idempotency_key_sends_once(raw_server: LiveServer) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        for text in ("one", "again"):
            await legato.apublish("room:a", text, idempotency_key="k")
        await legato.apublish("room:a", "two")
        assert [(await peer.publication())["data"] for _ in range(2)] == ["one", "two"]


async def test_publishing_where_a_loop_runs_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"await legato\.apublish\(\)"):
        legato.publish("room:a", 1)


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("rom:a", r"No declared Channel has the name 'rom:a'.*'room:\{name\}'"),
        ("room:" + "x" * 300, "No declared Channel"),
        ("", "No declared Channel"),
    ],
)
async def test_a_channel_nobody_declared_is_named(channel: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        await legato.apublish(channel, 1)


async def test_data_that_is_no_json_is_refused_at_the_call() -> None:
    with pytest.raises(TypeError, match="object cannot be published"):
        await legato.apublish("room:a", object())


@pytest.mark.parametrize("tags", [{"n": 1}, {1: "n"}])
async def test_tags_are_text(tags: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="tags must map text to text"):
        await legato.apublish("room:a", 1, tags=tags)


async def test_data_that_would_fill_an_outbox_is_refused() -> None:
    with pytest.raises(ValueError, match=r"300002 bytes of JSON, and 262144 are allo"):
        await legato.apublish("room:a", "x" * 300_000)
    with pytest.raises(ValueError, match="bytes of JSON"):
        await legato.apublish("room:a", 1, tags={"k": "x" * 300_000})


def test_a_test_case_that_never_commits_needs_no_server() -> None:
    with transaction.atomic():
        legato.publish("room:a", 1)
        transaction.set_rollback(True)


def test_a_failing_broker_does_not_undo_a_commit(
    shared_broker: SharedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    shared_broker.failing = True
    with transaction.atomic():
        legato.publish("room:a", 1)
    assert "A publication to 'room:a' was lost after the commit" in caplog.text


def test_publishing_where_nobody_is_served_says_what_to_set() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"serves no clients.*LEGATO\['BRO"):
        legato.publish("room:a", 1)


def test_a_shell_is_told_the_same() -> None:
    code = "import django; django.setup(); import legato; legato.publish('room:a', 1)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert "ImproperlyConfigured: This process serves no clients" in done.stderr


class SharedBroker(MemoryBroker):
    """Stands for a broker that processes share, to publish without a server."""

    reaches_other_processes = True
    failing = False

    async def publish(self, *args: Any, **kwargs: Any) -> Published:
        if self.failing:
            raise ConnectionError("the broker is away")
        return await super().publish(*args, **kwargs)


@pytest.fixture
def shared_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedBroker]:
    broker = SharedBroker(max_channels=10, max_bytes=10_000)

    def build(settings: Settings) -> SharedBroker:
        return broker

    monkeypatch.setattr(wiring, "build_broker", build)
    yield broker
    found = wiring.find_portal()
    if found is not None:
        portal = found[1]
        portal.call(wiring.stop_serving())
        portal.stop()


@pytest.mark.usefixtures("shared_broker")
def test_threads_of_a_process_without_server_share_one_standing_loop() -> None:
    loops: set[int] = set()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            legato.publish("room:a", 1)
            found = wiring.find_portal()
            assert found is not None
            loops.add(id(found[1].loop))
        except BaseException as error:
            failures.append(error)

    run_in_threads(work, 8)
    assert not failures
    assert len(loops) == 1
    node, portal = wiring.get_portal()
    assert portal.call(node.broker.history("room:a")).top.offset == 8


def run_in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
