from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.db.models import Q
from django.http import Http404, JsonResponse
from django.shortcuts import aget_object_or_404, get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

import legato

from .channels import announce
from .forms import MessageForm
from .models import Conversation, Customer, Message
from .people import describe

# One answer of ``messages_after``; a page that missed more asks again.
PAGE_SIZE = 200


class SignInView(LoginView):
    """A password form; in the demonstration, a choice of people instead."""

    template_name = "desk/sign_in.html"

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if settings.DEMO_SIGN_IN:
            context["agents"] = [
                describe(user) for user in demo_people().filter(is_staff=True)
            ]
            context["customers"] = (
                Customer.objects.filter(user__in=demo_people())
                .select_related("user")
                .prefetch_related("conversations")
            )
        return context


@require_POST
def demo_sign_in(request, pk):
    if not settings.DEMO_SIGN_IN:
        raise Http404
    user = get_object_or_404(demo_people(), pk=pk)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(settings.LOGIN_REDIRECT_URL)


def demo_people():
    """Everybody who can be signed in with one click: no superuser ever."""
    return (
        get_user_model()
        .objects.filter(Q(is_staff=True) | Q(customer__isnull=False))
        .filter(is_active=True, is_superuser=False)
        .order_by("pk")
    )


@require_GET
@login_required
def conversations(request):
    visible = visible_conversations(request)
    if not request.user.is_staff and len(visible) == 1:
        return redirect(visible[0])
    return render(
        request, "desk/conversations.html", page_context(request, conversations=visible)
    )


@require_GET
@login_required
def conversation(request, pk):
    conversation = get_object_or_404(
        Conversation.objects.visible_to(request.user).select_related("customer__user"),
        pk=pk,
    )
    context = page_context(
        request,
        conversation=conversation,
        conversations=visible_conversations(request),
        thread=conversation.messages.select_related("author"),
        max_length=Message.MAX_LENGTH,
    )
    context["live"] = {
        "channel": conversation.channel,
        "messagesUrl": reverse("messages", args=[pk]),
        "viewer": context["viewer"],
    }
    return render(request, "desk/conversation.html", context)


@require_GET
@login_required
def messages_after(request, pk):
    """The messages after ``?after=<id>``, oldest first.

    Pages ask when the live history cannot tell what they missed: right after they
    were rendered, and after an absence longer than the history reaches.
    """
    conversation = get_object_or_404(
        Conversation.objects.visible_to(request.user), pk=pk
    )
    try:
        after = int(request.GET.get("after", "0"))
    except ValueError:
        return JsonResponse({"error": "after must be the id of a message"}, status=400)
    later = conversation.messages.filter(pk__gt=after).select_related("author")
    page = list(later[: PAGE_SIZE + 1])
    return JsonResponse(
        {
            "messages": [message.as_json() for message in page[:PAGE_SIZE]],
            "more": len(page) > PAGE_SIZE,
        }
    )


@require_POST
@login_required
async def send(request, pk):
    """Take a message from the plain form, for a page without its scripts."""
    user = await request.auser()
    conversation = await aget_object_or_404(
        Conversation.objects.visible_to(user), pk=pk
    )
    form = MessageForm(request.POST)
    if form.is_valid():
        message = await conversation.apost(user, **form.cleaned_data)
        await legato.apublish(conversation.channel, message.as_json())
        await announce(message)
    else:
        messages.error(request, form.first_error)
    return redirect(conversation)


def page_context(request, **context):
    kind = Message.Kind.AGENT if request.user.is_staff else Message.Kind.CUSTOMER
    return {"viewer": {**describe(request.user), "kind": kind}, **context}


def visible_conversations(request):
    return (
        Conversation.objects.visible_to(request.user)
        .select_related("customer__user")
        .latest_first()
    )
