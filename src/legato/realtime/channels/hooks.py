"""Calling what users wrote: bounded in time, on a thread where one is needed."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied

from legato.exceptions import Disconnect, Error
from legato.realtime.protocol.codes import ErrorCode
from legato.threads import pool

__all__ = ["call_hook"]

logger = logging.getLogger("legato.hooks")


async def call_hook(
    hook: Callable[..., Any], *args: Any, timeout: float, **parts: Any
) -> Any:
    """The result of a hook, sync or async.

    Args:
        timeout: Seconds until the client gets error 100 instead.

    Raises:
        Error: what the hook answered; 103 for ``PermissionDenied``, 100 (logged
            with its traceback) for anything unexpected.
        Disconnect: what the hook decided.
    """
    limit = asyncio.timeout(timeout)
    try:
        async with limit, pool.lease():
            if inspect.iscoroutinefunction(hook):
                return await hook(*args, **parts)
            return await sync_to_async(hook)(*args, **parts)
    except (Error, Disconnect):
        raise
    except PermissionDenied:
        raise ErrorCode.PERMISSION_DENIED.error() from None
    except Exception:
        if limit.expired():
            logger.error("%s took longer than %s s.", _name(hook), timeout)
        else:
            logger.exception("%s failed.", _name(hook))
    raise ErrorCode.INTERNAL.error()


def _name(hook: Callable[..., Any]) -> str:
    return f"{hook.__module__}.{hook.__qualname__}()"
