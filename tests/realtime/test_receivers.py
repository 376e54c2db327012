"""Whoever signs out, is deactivated or deleted loses his connections."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.test import AsyncClient

from tests.conftest import LiveServer
from tests.peer import Peer

pytestmark = pytest.mark.django_db(transaction=True)


async def sign_in(name: str) -> AsyncClient:
    browser = AsyncClient()
    await browser.get(f"/sign-in/{name}")
    return browser


def tab_of(
    server: LiveServer, browser: AsyncClient
) -> AbstractAsyncContextManager[Peer]:
    key = browser.cookies["sessionid"].value
    return server.connected(cookie=f"sessionid={key}")


async def user_named(name: str) -> AbstractUser:
    user: AbstractUser = await get_user_model().objects.aget(username=name)
    return user


async def is_alive(peer: Peer) -> bool:
    return "error" in await peer.ask(presence={"channel": "room:a"})


async def test_signing_out_closes_every_tab_of_that_session(
    raw_server: LiveServer,
) -> None:
    laptop, phone = await sign_in("ada"), await sign_in("ada")
    async with (
        tab_of(raw_server, laptop) as one,
        tab_of(raw_server, laptop) as two,
        tab_of(raw_server, phone) as other,
    ):
        await laptop.get("/sign-out")
        assert await one.close_code() == 3503
        assert await two.close_code() == 3503
        assert await is_alive(other)


async def test_deactivating_a_user_closes_all_his_tabs(
    raw_server: LiveServer,
) -> None:
    ada, bob = await sign_in("ada"), await sign_in("bob")
    async with tab_of(raw_server, ada) as one, tab_of(raw_server, bob) as other:
        user = await user_named("ada")
        user.is_active = False
        await user.asave()
        assert await one.close_code() == 3503
        assert await is_alive(other)


async def test_a_deactivation_that_is_rolled_back_closes_nothing(
    raw_server: LiveServer,
) -> None:
    def deactivate_in_vain(user: AbstractUser) -> None:
        with transaction.atomic():
            user.is_active = False
            user.save()
            transaction.set_rollback(True)

    async with tab_of(raw_server, await sign_in("ada")) as peer:
        await sync_to_async(deactivate_in_vain)(await user_named("ada"))
        assert await is_alive(peer)


async def test_deleting_a_user_closes_all_his_tabs(raw_server: LiveServer) -> None:
    async with tab_of(raw_server, await sign_in("ada")) as peer:
        await (await user_named("ada")).adelete()
        assert await peer.close_code() == 3503
