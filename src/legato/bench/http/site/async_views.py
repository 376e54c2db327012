"""The same views as ``async def``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from legato.bench.http.site.content import GREETING, GROUP, MEMBERS, context

if TYPE_CHECKING:
    from django.http import HttpRequest


async def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(GREETING)


async def session(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    theme = await request.session.aget("theme")
    return JsonResponse({"user": user.get_username(), "theme": theme})


async def orm(request: HttpRequest) -> HttpResponse:
    group = await Group.objects.aget(name=GROUP)
    users = [user async for user in group.user_set.order_by("username")[:MEMBERS]]
    return JsonResponse(
        {"group": group.name, "members": [user.get_full_name() for user in users]}
    )


async def template(request: HttpRequest) -> HttpResponse:
    return render(request, "bench/page.html", context())
