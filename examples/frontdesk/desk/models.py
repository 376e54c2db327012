from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from .people import describe


class Customer(models.Model):
    """Somebody who writes to the shop. Agents are users with ``is_staff``."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="customer"
    )
    since = models.DateField(default=timezone.localdate)

    def __str__(self):
        return self.person["name"]

    @property
    def person(self):
        return describe(self.user)


class ConversationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Agents see every conversation, customers their own, others none."""
        if not user.is_active or user.is_anonymous:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(customer__user=user)

    def latest_first(self):
        """Most recently used first, each row with a glance at its last message."""
        last = Message.objects.filter(conversation=models.OuterRef("pk")).order_by(
            "-pk"
        )
        return self.annotate(
            last_id=models.Subquery(last.values("pk")[:1]),
            last_text=models.Subquery(last.values("text")[:1]),
            last_kind=models.Subquery(last.values("kind")[:1]),
            last_sent_at=models.Subquery(last.values("sent_at")[:1]),
        ).order_by(models.F("last_id").desc(nulls_last=True), "-pk")


class Conversation(models.Model):
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="conversations"
    )
    subject = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    def __str__(self):
        return self.subject

    def get_absolute_url(self):
        return reverse("conversation", args=[self.pk])

    @property
    def channel(self):
        return f"conversation:{self.pk}"

    async def apost(self, author, text, key):
        """Store a message once, however often it is sent with the same key."""
        kind = Message.Kind.AGENT if author.is_staff else Message.Kind.CUSTOMER
        message, _ = await Message.objects.select_related("author").aget_or_create(
            conversation=self,
            key=key,
            defaults={"author": author, "kind": kind, "text": text},
        )
        return message


class Message(models.Model):
    class Kind(models.TextChoices):
        AGENT = "agent"
        CUSTOMER = "customer"

    MAX_LENGTH = 4000

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True
    )
    text = models.TextField(max_length=MAX_LENGTH)
    sent_at = models.DateTimeField(default=timezone.now)
    # Made by the page that sends the message. A page that lost its connection
    # before the reply came cannot know whether the message arrived, so it sends
    # the message again under the same key.
    key = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "key"], name="message_stored_once"
            )
        ]

    def __str__(self):
        return self.text[:60]

    @property
    def person(self):
        return describe(self.author)

    def as_json(self):
        return {
            "id": self.pk,
            "key": str(self.key),
            "kind": self.kind,
            "author": self.person,
            "text": self.text,
            "sent_at": self.sent_at.isoformat(),
        }
