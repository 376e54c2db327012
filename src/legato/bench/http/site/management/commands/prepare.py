"""``python -m django prepare``: fills the database and tells what to expect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test import Client

from legato.bench.http.site.content import GROUP

if TYPE_CHECKING:
    from argparse import ArgumentParser

_HOST = "127.0.0.1"


class Command(BaseCommand):
    help = (
        "Prints the session of someone signed in, and the body of each page as "
        "Django's test client gets it, which is what every server has to answer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for who in ("visitor", "anyone"):
            parser.add_argument(f"--{who}", nargs="+", metavar="PATH", default=[])

    def handle(self, *, visitor: list[str], anyone: list[str], **options: Any) -> None:
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
        client = _sign_in(_add_people()[7])
        pages = {path: _read(client, path) for path in visitor}
        pages |= {path: _read(Client(SERVER_NAME=_HOST), path) for path in anyone}
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.stdout.write(json.dumps({"session": session, "pages": pages}))


def _read(client: Client, path: str) -> str:
    response = client.get(path)
    if response.status_code != 200:
        raise CommandError(f"{path} answers {response.status_code}.")
    return response.content.decode()


def _add_people() -> list[User]:
    users = User.objects.bulk_create(
        User(username=f"editor-{number:02}", first_name="Editor", last_name=f"{number}")
        for number in range(50)
    )
    Group.objects.create(name=GROUP).user_set.add(*users)
    return users


def _sign_in(user: User) -> Client:
    client = Client(SERVER_NAME=_HOST)
    client.force_login(user)
    session = client.session
    session["theme"] = "dark"
    session.save()
    return client
