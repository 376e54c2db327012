"""The page of the checks: each example is reported, with a hint that leads back."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from legato import Channel, checks
from tests.docs.pages import FENCE, REFERENCE, ROOT, anchors, headings, section

PAGE = REFERENCE / "checks.md"
MIDDLEWARE = "shop.middleware"
"""The module that the examples with middleware are."""


def emitted() -> list[dict[str, ast.expr]]:
    """The arguments of every call in checks.py that makes a message with an id."""
    calls = ast.walk(ast.parse(inspect.getsource(checks)))
    arguments = [
        {keyword.arg or "": keyword.value for keyword in call.keywords}
        for call in calls
        if isinstance(call, ast.Call)
    ]
    return [found for found in arguments if "id" in found]


IDS = sorted({str(ast.literal_eval(arguments["id"])) for arguments in emitted()})


def report(code: str, monkeypatch: pytest.MonkeyPatch) -> list[CheckMessage]:
    """What the checks say of a project with this code."""
    module = ModuleType(MIDDLEWARE)
    names: dict[str, Any] = vars(module)
    names["Channel"] = Channel
    exec(compile(code, PAGE.name, "exec"), names)
    settings = SimpleNamespace(
        LEGATO=names.get("LEGATO", {}),
        INSTALLED_APPS=names.get("INSTALLED_APPS", checks.REQUIRED_APPS),
        MIDDLEWARE=names.get("MIDDLEWARE", []),
    )
    with (
        monkeypatch.context() as patched,
        override_settings(MIDDLEWARE=settings.MIDDLEWARE, ROOT_URLCONF=__name__),
    ):
        patched.setitem(sys.modules, MIDDLEWARE, module)
        patched.setattr(checks, "django_settings", settings)
        return [message for check in checks.CHECKS for message in check()]


async def view(request: object) -> HttpResponse:
    """What W003 asks for."""
    return HttpResponse()


urlpatterns = [path("", view)]


def test_the_page_explains_exactly_the_checks_there_are() -> None:
    assert [h for h in headings(PAGE) if h.startswith("legato.")] == IDS


def test_every_message_has_a_hint() -> None:
    assert [arguments for arguments in emitted() if "hint" not in arguments] == []


@pytest.mark.parametrize("id", IDS)
@pytest.mark.usefixtures("declared_channels")
def test_each_example_is_reported_with_a_hint_that_leads_to_it(
    id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = FENCE.findall(section(PAGE, id))
    assert examples
    for _, code in examples:
        reported = [m for m in report(code, monkeypatch) if m.id == id]
        assert reported, code
        link = re.search(r"See (\S+)#(\S+)\.$", reported[0].hint or "")
        assert link is not None
        assert link[2] == id.replace(".", "").lower()
        assert link[2] in anchors(ROOT / link[1])


@pytest.mark.parametrize(
    "id", ["legato.E001", "legato.E002", "legato.E007", "legato.W003"]
)
def test_comments_beside_settings_say_what_is_reported(
    id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _, code in FENCE.findall(section(PAGE, id)):
        comment = code.partition("# ")[2].strip()
        assert comment
        assert comment in " ".join(m.msg for m in report(code, monkeypatch))
