from __future__ import annotations

import legato
from legato import Channel, History
from legato.exceptions import Error

from .forms import MessageForm
from .models import Conversation


class ConversationChannel(Channel):
    """The messages of one conversation.

    A page that was away gets what it missed from the history; beyond that the
    database has everything (see ``views.messages``).
    """

    pattern = "conversation:{pk:int}"
    history = History(size=200, ttl=3600)

    async def authorize(self, client, pk):
        return (
            await Conversation.objects.visible_to(client.user).filter(pk=pk).aexists()
        )

    async def on_publish(self, client, data, pk):
        form = MessageForm(data if isinstance(data, dict) else {})
        if not form.is_valid():
            raise Error(400, form.first_error)
        conversation = await Conversation.objects.aget(pk=pk)
        message = await conversation.apost(client.user, **form.cleaned_data)
        await announce(message)
        return message.as_json()


class InboxChannel(Channel):
    """The last line of every conversation, for the agents."""

    pattern = "inbox"
    history = History(size=200, ttl=3600)

    async def authorize(self, client):
        return client.user.is_staff


async def announce(message):
    await legato.apublish(
        "inbox",
        {
            "conversation": message.conversation_id,
            "message": message.pk,
            "kind": message.kind,
            "text": message.text[:160],
            "sent_at": message.sent_at.isoformat(),
        },
    )
