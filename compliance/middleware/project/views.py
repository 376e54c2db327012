"""Pages of both kinds that use what the middleware offers, where it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import waffle
from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth import alogin, authenticate, login
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from compliance.middleware.project.models import Note
from compliance.servers.complaints import MEANT_TO_HAPPEN


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "page.html")


async def apage(request: HttpRequest) -> HttpResponse:
    return await sync_to_async(render)(request, "page.html")


def data(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {"user": request.user.get_username(), "verified": is_verified(request.user)},
        headers={"X-Exposed": "yes"},
    )


async def adata(request: HttpRequest) -> JsonResponse:
    user = await request.auser()
    return JsonResponse(
        {"user": user.get_username(), "verified": is_verified(user)},
        headers={"X-Exposed": "yes"},
    )


def is_verified(user: Any) -> bool | None:
    """As django-otp says; None without it."""
    return user.is_verified() if hasattr(user, "is_verified") else None


def form(request: HttpRequest) -> HttpResponse:
    messages.success(request, f"Received {request.POST['text']}")
    return redirect("page")


async def aform(request: HttpRequest) -> HttpResponse:
    await sync_to_async(messages.success)(request, f"Received {request.POST['text']}")
    return redirect("apage")


def sign_in(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, **request.POST.dict())
    if user is None:
        return HttpResponse("Wrong.", status=401)
    login(request, user)
    return redirect("page")


async def asign_in(request: HttpRequest) -> HttpResponse:
    # The backend of django-axes has no async twin.
    user = await sync_to_async(authenticate)(request, **request.POST.dict())
    if user is None:
        return HttpResponse("Wrong.", status=401)
    await alogin(request, user)
    return redirect("apage")


def notes(request: HttpRequest) -> JsonResponse:
    """Writes a note; who did it is known to the middleware of simple-history."""
    note = Note.objects.create(text=request.POST["text"])
    return JsonResponse({"by": author_of(note), "queried": True})


async def anotes(request: HttpRequest) -> JsonResponse:
    note = await Note.objects.acreate(text=request.POST["text"])
    return JsonResponse({"by": await sync_to_async(author_of)(note), "queried": True})


def author_of(note: Note) -> str | None:
    author = note.history.get().history_user
    return None if author is None else str(author)


def queries(request: HttpRequest) -> HttpResponse:
    """A page that makes three queries."""
    counts = [Note.objects.filter(pk=-number).count() for number in range(3)]
    return HttpResponse(f"<html><body>{sum(counts)}</body></html>")


async def aqueries(request: HttpRequest) -> HttpResponse:
    counts = [await Note.objects.filter(pk=-number).acount() for number in range(3)]
    return HttpResponse(f"<html><body>{sum(counts)}</body></html>")


def flag(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(waffle.flag_is_active(request, "beta")))


async def aflag(request: HttpRequest) -> HttpResponse:
    active = await sync_to_async(waffle.flag_is_active)(request, "beta")
    return HttpResponse(str(active))


def fragment(request: HttpRequest) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    response = HttpResponse(f"{bool(htmx)} {getattr(htmx, 'prompt', None)}")
    return trigger_client_event(response, "refreshed", {"by": "server"})


async def afragment(request: HttpRequest) -> HttpResponse:
    return fragment(request)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[str]:
        for number in range(3):
            yield f"{number} {request.user.get_username()};"

    return StreamingHttpResponse(pieces())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[str]:
        for number in range(3):
            user = await request.auser()
            yield f"{number} {user.get_username()};"

    return StreamingHttpResponse(pieces())


def denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


async def adenied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404("No such thing.")


async def amissing(request: HttpRequest) -> HttpResponse:
    raise Http404("No such thing.")


def fails(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError(MEANT_TO_HAPPEN)


async def afails(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError(MEANT_TO_HAPPEN)
