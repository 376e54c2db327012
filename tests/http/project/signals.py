"""Receivers of both kinds; imported where a server shall have them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.signals import request_finished, request_started

from tests.http.project.orm import awhere, where
from tests.http.project.steering import note

User = get_user_model()
NOTES = "signals"


def started(sender: Any, scope: Any, **kwargs: Any) -> None:
    note(NOTES, f"started {scope['path']} {where()[0]}")


async def astarted(sender: Any, scope: Any, **kwargs: Any) -> None:
    note(NOTES, f"astarted {scope['path']} {(await awhere())[0]}")


def finished(sender: Any, **kwargs: Any) -> None:
    note(NOTES, f"finished {where()[0]}")


async def afinished(sender: Any, **kwargs: Any) -> None:
    note(NOTES, f"afinished {(await awhere())[0]}")


request_started.connect(started)
request_started.connect(astarted)
request_finished.connect(finished)
request_finished.connect(afinished)
