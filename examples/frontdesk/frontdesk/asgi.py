from __future__ import annotations

import os

from legato.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

application = get_asgi_application()
