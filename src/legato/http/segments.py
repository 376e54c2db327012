"""Links of an async chain that run middleware on the loop, or share a hop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest

from legato.exceptions import PoolTimeout
from legato.http.errors import aresponse_for, unavailable
from legato.http.inline import Blocks, Rules

__all__ = ["Gate", "Layer", "Segment", "ViewPhase", "ViewStep"]

GetResponse = Callable[[Any], Awaitable[Any]]


class Layer(NamedTuple):
    """A ``MiddlewareMixin`` that has nothing but ``process_…`` methods."""

    middleware: Any
    rules: Rules

    @property
    def process_request(self) -> Callable[[Any], Any]:
        stand_in = self.rules.process_request
        if stand_in is not None:
            return partial(stand_in, self.middleware)
        method: Callable[[Any], Any] = self.middleware.process_request
        return method


class RequestStep(NamedTuple):
    layer: int
    process: Callable[[Any], Any]
    blocks: Blocks | None


class ResponseStep(NamedTuple):
    layer: int
    process: Callable[[Any, Any], Any]
    blocks: Blocks | None


class Segment:
    """Neighbouring layers, outermost first, around ``get_response``.

    Between two layers Django turns exceptions into responses, and whoever answers a
    request early is still asked for its ``process_response``. So each phase keeps the
    *depth*: the number of layers, from outside, that the response passes.
    """

    def __init__(self, layers: Sequence[Layer], get_response: GetResponse) -> None:
        self.layers = layers
        self.get_response = get_response
        self._requests = [
            RequestStep(index, layer.process_request, layer.rules.request)
            for index, layer in enumerate(layers)
            if hasattr(layer.middleware, "process_request")
        ]
        self._responses = [
            ResponseStep(
                index,
                layer.middleware.process_response,
                layer.rules.response,
            )
            for index, layer in reversed(list(enumerate(layers)))
            if hasattr(layer.middleware, "process_response")
        ]

    async def respond(self, request: HttpRequest) -> Any:
        """The response to ``request``; raises only what no layer could convert."""
        depth = len(self.layers)
        response: Any = None
        for position, (layer, process, blocks) in enumerate(self._requests):
            try:
                must_hop = blocks is not None and blocks(request)
                response = None if must_hop else process(request)
            except Exception as error:
                depth, response = await self._convert(request, error, layer)
                break
            if must_hop:
                depth, response = await self._hop(self._enter, request, position, layer)
                break
            if response:
                depth = layer + 1
                break
        if not response:
            try:
                response = await self.get_response(request)
            except Exception as error:
                depth, response = await self._convert(request, error, depth - 1)
        for position, (layer, process_response, blocks) in enumerate(self._responses):
            if layer >= depth:
                continue
            try:
                must_hop = blocks is not None and blocks(request, response)
                response = response if must_hop else process_response(request, response)
            except Exception as error:
                depth, response = await self._convert(request, error, layer)
                continue
            if must_hop:
                leave = partial(self._leave, response, depth)
                depth, response = await self._hop(leave, request, position, layer)
        return response

    async def _hop(
        self,
        run: Callable[[HttpRequest, int], tuple[int, Any]],
        request: HttpRequest,
        position: int,
        layer: int,
    ) -> tuple[int, Any]:
        """The rest of a phase in a thread: the depth, and the response if any."""
        try:
            return await sync_to_async(run)(request, position)
        except PoolTimeout as timeout:
            return layer, unavailable(request, timeout)

    def _enter(self, request: HttpRequest, position: int) -> tuple[int, Any]:
        """The rest of the way in, in a thread."""
        for layer, process, _ in self._requests[position:]:
            try:
                response = process(request)
            except Exception as error:
                return _convert_in_thread(request, error, layer)
            if response:
                return layer + 1, response
        return len(self.layers), None

    def _leave(
        self, response: Any, depth: int, request: HttpRequest, position: int
    ) -> tuple[int, Any]:
        """The rest of the way out, in a thread: then no layer is left."""
        for layer, process, _ in self._responses[position:]:
            if layer < depth:
                try:
                    response = process(request, response)
                except Exception as error:
                    depth, response = _convert_in_thread(request, error, layer)
        return 0, response

    async def _convert(
        self, request: HttpRequest, error: Exception, layer: int
    ) -> tuple[int, Any]:
        """What ``layer`` raised, as a response: the depth it has, and itself.

        An error page may fail as well; then the next layer outside has its turn.
        """
        try:
            return layer, await aresponse_for(request, error)
        except Exception as another:
            if layer == 0:
                raise
            return await self._convert(request, another, layer - 1)


def _convert_in_thread(
    request: HttpRequest, error: Exception, layer: int
) -> tuple[int, Any]:
    """``Segment._convert`` in a thread."""
    try:
        return layer, response_for_exception(request, error)
    except Exception as another:
        if layer == 0:
            raise
        return _convert_in_thread(request, another, layer - 1)


PASSED_ON: Any = object()
"""What lies behind a gate, as long as nobody has answered."""


def pass_on(request: HttpRequest) -> Any:
    """The ``get_response`` of a gate."""
    return PASSED_ON


class Gate:
    """A sync middleware that answers a request itself or returns what lies behind it.

    Args:
        middleware: Made with ``pass_on`` as its ``get_response``.
        blocks: ``blocks(middleware, request)``.
    """

    def __init__(
        self, middleware: Any, blocks: Callable[..., bool], get_response: GetResponse
    ) -> None:
        self.middleware = middleware
        self._blocks = blocks
        self._get_response = get_response

    async def respond(self, request: HttpRequest) -> Any:
        if self._blocks(self.middleware, request):
            response = await sync_to_async(self.middleware)(request)
        else:
            response = self.middleware(request)
        if response is PASSED_ON:
            response = await self._get_response(request)
        return response


class ViewStep(NamedTuple):
    """A ``process_view`` method."""

    process: Callable[..., Any]
    is_async: bool
    blocks: Blocks | None


class ViewPhase:
    """All ``process_view`` methods, outermost first, as one async method."""

    def __init__(self, steps: Sequence[ViewStep]) -> None:
        self._steps = steps

    async def __call__(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> Any:
        position = 0
        while position < len(self._steps):
            step = self._steps[position]
            if step.is_async:
                response = await step.process(request, view, args, kwargs)
            elif step.blocks is None or not step.blocks(request, view):
                response = step.process(request, view, args, kwargs)
            else:
                position, response = await sync_to_async(self._rest)(
                    position, request, view, args, kwargs
                )
            if response:
                return response
            position += 1
        return None

    def _rest(self, position: int, *args: Any) -> tuple[int, Any]:
        """In a thread: from ``position`` to the last step before an async one."""
        response = None
        for step in self._steps[position:]:
            if step.is_async:
                break
            response = step.process(*args)
            position += 1
            if response:
                break
        return position - 1, response
