from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import Client, override_settings

from legato.realtime.channels.auth import (
    is_allowed_origin,
    load_user,
    session_key_of,
)


def is_allowed(
    origin: str | None, host: str = "shop.example", secure: bool = False
) -> bool:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return is_allowed_origin(headers, secure=secure)


@override_settings(ALLOWED_HOSTS=["shop.example", ".wild.example", "[::1]"])
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("https://shop.example", True),
        ("http://shop.example", True),
        ("http://shop.example:3000", True),
        ("https://SHOP.example", True),
        ("https://a.wild.example", True),
        ("http://[::1]:8000", True),
        ("https://evil.example", False),
        ("https://shop.example.evil.example", False),
        ("https://evilshop.example", False),
        ("null", False),
        ("", False),
        ("file://", False),
        ("javascript://shop.example", False),
        ("https://", False),
        ("https://[broken", False),
        ("https://shop.example:port", False),
    ],
)
def test_only_pages_of_the_sites_own_hosts_may_connect(
    origin: str | None, allowed: bool
) -> None:
    assert is_allowed(origin) is allowed


@override_settings(ALLOWED_HOSTS=["shop.example"])
def test_a_secure_site_refuses_pages_that_came_without_tls() -> None:
    assert is_allowed("https://shop.example", secure=True)
    assert not is_allowed("http://shop.example", secure=True)


@override_settings(ALLOWED_HOSTS=["*"])
def test_a_star_allows_the_host_that_was_asked_for_and_no_other() -> None:
    assert is_allowed("http://shop.example:8000", host="shop.example:8000")
    assert not is_allowed("http://evil.example", host="shop.example")


@override_settings(
    ALLOWED_HOSTS=[],
    CSRF_TRUSTED_ORIGINS=["https://app.example", "https://*.partner.example"],
)
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example", True),
        ("http://app.example", False),
        ("https://a.partner.example", True),
        ("https://partner.example", True),
        ("https://a.app.example", False),
        ("https://app.example:8443", False),
    ],
)
def test_trusted_origins_are_those_of_the_csrf_setting(
    origin: str, allowed: bool
) -> None:
    assert is_allowed(origin) is allowed


@override_settings(ALLOWED_HOSTS=[], DEBUG=True)
def test_development_allows_the_local_hosts() -> None:
    assert is_allowed("http://localhost:5173")
    assert not is_allowed("http://evil.example")


def test_the_session_key_is_found_among_the_cookies() -> None:
    headers = [(b"cookie", b"theme=dark; sessionid=abc123; x=1")]
    assert session_key_of(headers) == "abc123"
    assert session_key_of([]) == ""
    with override_settings(SESSION_COOKIE_NAME="sid"):
        assert session_key_of(headers) == ""


@pytest.mark.django_db(transaction=True)
class TestLoadUser:
    async def session_of(self, name: str) -> str:
        user = await get_user_model().objects.acreate(username=name)
        browser = Client()
        await sync_to_async(browser.force_login)(user)
        return browser.cookies["sessionid"].value

    async def test_a_session_gives_its_user(self) -> None:
        user = await load_user(await self.session_of("ada"))
        assert user.is_authenticated
        assert user.get_username() == "ada"

    @pytest.mark.parametrize("key", ["", "unknown", "\x00", "x" * 5000])
    async def test_anything_else_is_anonymous(self, key: str) -> None:
        assert not (await load_user(key)).is_authenticated

    async def test_a_rotated_secret_key_leaves_the_session_alone(self) -> None:
        key = await self.session_of("ada")
        fallbacks = [django_settings.SECRET_KEY]
        with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=fallbacks):
            for _ in range(2):
                assert (await load_user(key)).is_authenticated

    async def test_a_deactivated_user_is_anonymous(self) -> None:
        key = await self.session_of("ada")
        await get_user_model().objects.aupdate(is_active=False)
        assert not (await load_user(key)).is_authenticated

    async def test_a_session_from_before_a_change_of_password_is_anonymous(
        self,
    ) -> None:
        key = await self.session_of("ada")
        user = await get_user_model().objects.aget()
        user.set_password("new")
        await user.asave()
        assert not (await load_user(key)).is_authenticated
