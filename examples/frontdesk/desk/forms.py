from __future__ import annotations

import uuid

from django import forms

from .models import Message


class MessageForm(forms.Form):
    """What a message must be, whichever way it arrives."""

    text = forms.CharField(
        max_length=Message.MAX_LENGTH,
        error_messages={
            "required": "A message needs some text.",
            "max_length": f"A message has at most {Message.MAX_LENGTH} characters.",
        },
    )
    key = forms.UUIDField(
        required=False, error_messages={"invalid": "The key of a message is a UUID."}
    )

    def clean_key(self):
        return self.cleaned_data["key"] or uuid.uuid4()

    @property
    def first_error(self):
        return next(iter(self.errors.values()))[0]
