"""Legato as a Django app: checks, autodiscovery, receivers."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core import checks
from django.utils.module_loading import autodiscover_modules

from legato.checks import CHECKS

__all__ = ["LegatoConfig"]


class LegatoConfig(AppConfig):
    """Opens nothing: it is ready for ``migrate`` as well as for a server."""

    name = "legato"
    verbose_name = "Legato"

    def ready(self) -> None:
        for check in CHECKS:
            checks.register(check, "legato")
        if apps.is_installed("django.contrib.auth"):
            # The user model is loaded by now, and not before.
            from legato.realtime.receivers import connect_receivers

            connect_receivers()
        autodiscover_modules("channels")
