"""The views as ``def``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from legato.bench.http.site.content import GREETING, GROUP, MEMBERS, context

if TYPE_CHECKING:
    from django.http import HttpRequest


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(GREETING)


def session(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and a value of the session: two queries."""
    name = request.user.get_username()
    return JsonResponse({"user": name, "theme": request.session["theme"]})


def orm(request: HttpRequest) -> HttpResponse:
    """A row, and some rows that belong to it: two queries."""
    group = Group.objects.get(name=GROUP)
    users = list(group.user_set.order_by("username")[:MEMBERS])
    return JsonResponse(
        {"group": group.name, "members": [user.get_full_name() for user in users]}
    )


def template(request: HttpRequest) -> HttpResponse:
    return render(request, "bench/page.html", context())
