"""``prepare``: a database with users, and the collected static files."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from compliance.middleware.project.stacks import stacks

PASSWORD = "a pass phrase"


class Command(BaseCommand):
    help = "Makes what the servers share."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", run_syncdb=True, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command(
            "waffle_flag", "beta", testing=True, create=True, stdout=self.stdout
        )
        create_user: Any = get_user_model().objects.create_user
        for name in stacks(debug=False) | stacks(debug=True):
            for kind in ("sync", "async"):
                create_user(f"{kind}-{name}", password=PASSWORD)
