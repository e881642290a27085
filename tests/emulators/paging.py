"""Serves listings a few items a page, whether or not the server behind pages at all.

moto ignores the page size of most operations, so a client that reads first pages only would look complete in front of
it. This layer asks for everything and cuts the answer into pages itself, with the tokens that botocore's paginators
name.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from tests.emulators.api_models import operation_model, pagination
from tests.emulators.arguments import argument, with_argument
from tests.emulators.bodies import Document, parsed
from tests.emulators.wire import Answer, Exchange, Next

_PLAIN: Final = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)*")


@dataclass(frozen=True, slots=True)
class Pages:
    """How an operation pages: names of the token given and returned, the page size, the flag for more, the lists.

    ``count`` is the member that says how many items a page holds, where there is one (CloudFront's Quantity).
    """

    token: str
    next_token: str
    size: str | None
    more: str | None
    lists: tuple[str, ...]
    count: str | None = None


@cache
def pages(service: str, operation: str) -> Pages | None:
    """How an operation pages, or None where it does not, or in a way that is not one token a page."""
    paging: Mapping[str, Any] | None = pagination(service, operation)
    if paging is None:
        return None
    lists = paging["result_key"] if isinstance(paging["result_key"], list) else [paging["result_key"]]
    names = [paging["input_token"], paging["output_token"], *lists]
    if not all(isinstance(name, str) and _PLAIN.fullmatch(name) for name in names):
        return None
    output = operation_model(service, operation).output_shape
    lists = [name for name in lists if _is_list(output, name)]
    count = f"{names[1].rpartition('.')[0]}.Quantity".removeprefix(".")
    counted = count if _member(output, count) is not None else None
    return Pages(names[0], names[1], paging.get("limit_key"), paging.get("more_results"), tuple(lists), counted)


def _is_list(shape: Any, path: str) -> bool:
    return bool(_member(shape, path).type_name == "list")


def _member(shape: Any, path: str) -> Any:
    for name in path.split("."):
        shape = shape.members.get(name)
    return shape


class Paging:
    """The layer. ``size`` is how many items a page holds (None: as the server behind pages).

    With ``pauses`` each page that holds something is preceded by an empty one with a token, which AWS's services may
    give: the end is where no token is, not where no item is. ``served`` counts pages by operation.
    """

    def __init__(self, size: int | None = None, pauses: bool = False) -> None:
        self.size, self.pauses = size, pauses
        self.served: dict[str, int] = {}

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Serve one page."""
        call = exchange.call
        spec = pages(call.service, call.operation) if self.size and call.protocol != "none" else None
        if spec is None or call.protocol == "cbor":
            return await forward(exchange)
        turn = _turn(argument(exchange.request, call, spec.token))
        request = with_argument(exchange.request, call, spec.token, turn.upstream)
        if spec.size:
            request = with_argument(request, call, spec.size, None)
        answer = await forward(replace(exchange, request=request))
        if answer.status != 200:
            return answer
        self.served[call.name] = self.served.get(call.name, 0) + 1
        document = parsed(call, answer.body)
        self._cut(document, spec, turn)
        return answer.with_body(document.encoded())

    def _cut(self, document: Document, spec: Pages, turn: _Turn) -> None:
        assert self.size is not None
        items = [(name, item) for name in spec.lists for item in document.items(name)]
        pausing = self.pauses and not turn.paused and turn.offset < len(items)
        end = turn.offset if pausing else turn.offset + self.size
        for name in spec.lists:
            document.keep(name, [item for of, item in items[turn.offset : end] if of == name])
        if spec.count:
            document.put(spec.count, len(items[turn.offset : end]))
        upstream = document.get(spec.next_token)
        following: str | None = None
        if end < len(items):
            following = _Turn(end, turn.upstream, paused=pausing).token()
        elif upstream:
            following = _Turn(0, upstream).token()
        document.put(spec.next_token, following)
        if spec.more:
            document.put(spec.more, following is not None)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where a page begins: at ``offset`` of what the server behind gives for its own token."""

    offset: int = 0
    upstream: str | None = None
    paused: bool = False

    def token(self) -> str:
        state = json.dumps([self.offset, self.upstream, self.paused])
        return base64.urlsafe_b64encode(state.encode()).decode().rstrip("=")


def _turn(token: str | None) -> _Turn:
    if not token:
        return _Turn()
    return _Turn(*json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
