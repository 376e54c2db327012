from __future__ import annotations

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.utils.decorators import sync_and_async_middleware

POLICY = "; ".join(
    [
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)


@sync_and_async_middleware
def content_security_policy(get_response):
    """Send a policy under which nothing but this site's own files runs.

    Django 6 brings its own middleware for this; Django 5.2 does not.
    """

    def protect(response):
        # Django's error pages for developers carry their styles inline.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    async def carry_async(request):
        return protect(await get_response(request))

    def carry(request):
        return protect(get_response(request))

    return carry_async if iscoroutinefunction(get_response) else carry
