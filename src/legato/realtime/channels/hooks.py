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

__all__ = ["HookFailure", "call_hook"]

logger = logging.getLogger("legato.hooks")


class HookFailure(Error):
    """A hook raised something unforeseen; the log has it, the client gets 100."""

    def __init__(self) -> None:
        code = ErrorCode.INTERNAL
        super().__init__(int(code), code.message, temporary=code.temporary)


async def call_hook(
    hook: Callable[..., Any], *args: Any, timeout: float, **parts: Any
) -> Any:
    """The result of a hook, sync or async.

    Args:
        timeout: Seconds until the client gets error 100 instead.

    Raises:
        Error: what the hook answered; 103 for ``PermissionDenied``.
        HookFailure: anything unexpected, which has been logged with its traceback.
        Disconnect: what the hook decided.
    """
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            with pool.lease():
                return await _call(hook, args, parts)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        logger.exception("%s was cancelled by something it awaited.", _name(hook))
    except (Error, Disconnect):
        raise
    except PermissionDenied:
        raise ErrorCode.PERMISSION_DENIED.error() from None
    except Exception:
        if limit.expired():
            logger.error("%s took longer than %s s.", _name(hook), timeout)
        else:
            logger.exception("%s failed.", _name(hook))
    raise HookFailure


async def _call(hook: Callable[..., Any], args: Any, parts: Any) -> Any:
    if inspect.iscoroutinefunction(hook):
        return await hook(*args, **parts)
    result = await sync_to_async(hook)(*args, **parts)
    return await result if inspect.isawaitable(result) else result


def _name(hook: Callable[..., Any]) -> str:
    return f"{hook.__module__}.{hook.__qualname__}()"
