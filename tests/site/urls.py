"""Views of either kind that publish, sign in and out."""

from __future__ import annotations

import importlib
import os

from django.contrib.auth import get_user_model, login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

import legato


def whoami(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.pk})


def sign_in(request: HttpRequest, name: str) -> JsonResponse:
    user, _ = get_user_model().objects.get_or_create(username=name)
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    return JsonResponse({"user": user.pk})


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse(status=204)


def publish(request: HttpRequest, channel: str) -> HttpResponse:
    legato.publish(channel, request.GET.dict())
    return HttpResponse(status=204)


async def apublish(request: HttpRequest, channel: str) -> HttpResponse:
    await legato.apublish(channel, request.GET.dict())
    return HttpResponse(status=204)


def publish_in_transaction(request: HttpRequest, channel: str) -> HttpResponse:
    """Publish "first", then fail or go on, as ``?fail=1`` says; then "second"."""
    try:
        with transaction.atomic():
            legato.publish(channel, "first")
            if "fail" in request.GET:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    legato.publish(channel, "second")
    return HttpResponse(status=204)


if module := os.environ.get("TEST_IMPORT"):
    importlib.import_module(module)

urlpatterns = [
    path("whoami", whoami),
    path("sign-in/<name>", sign_in),
    path("sign-out", sign_out),
    path("publish/<channel>", publish),
    path("apublish/<channel>", apublish),
    path("transaction/<channel>", publish_in_transaction),
]
