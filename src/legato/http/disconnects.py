"""Whether the client is still there while its response is being made."""

from __future__ import annotations

import asyncio
from types import TracebackType

from legato.types import Receive

__all__ = ["ClientWatch"]


class ClientWatch:
    """Cancels the block when the client goes away, and swallows that cancellation.

    Listening takes a task. It starts in the next turn of the loop: most responses are
    made by then.

    Raises:
        AssertionError: the server sent something else after the request's body.
    """

    def __init__(self, receive: Receive) -> None:
        self.is_gone = False
        self._receive = receive
        self._error: BaseException | None = None
        self._listener: asyncio.Task[None] | None = None

    def __enter__(self) -> ClientWatch:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._starting = self._loop.call_soon(self._start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._starting.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if not self.is_gone:
            return False
        cancelled_by_others = self._task.uncancel() > self._cancelling
        if self._error is not None:
            raise self._error
        return isinstance(error, asyncio.CancelledError) and not cancelled_by_others

    def _start(self) -> None:
        self._listener = self._loop.create_task(self._listen(), name="legato-listen")

    async def _listen(self) -> None:
        try:
            message = await self._receive()
            kind = message["type"]
            if kind != "http.disconnect":
                raise AssertionError(f"Invalid ASGI message after request body: {kind}")
        except Exception as error:
            self._error = error
        self.is_gone = True
        self._task.cancel()
