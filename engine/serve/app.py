"""The application: routes of pages and data, behind one guard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Router

from engine.errors import AuditreelError
from engine.model import Clock
from engine.serve import pages
from engine.serve.accesses import AccessLog
from engine.serve.api import Api
from engine.serve.guard import Bounds, Guard, NoLinkError
from engine.serve.library import Store
from engine.serve.links import Links, unsigned
from engine.serve.rates import Rates
from engine.serve.seen import NotShownError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_STRANGERS: Final = 60.0
"""Requests a minute from one address without a link."""


def application(
    stores: Mapping[str, Store],
    links: Links,
    log: AccessLog,
    bounds: Bounds,
    clock: Clock,
    a_minute: float,
    tell: Callable[[str], None],
) -> Guard:
    """The ASGI application. ``a_minute`` are the requests of one link; ``tell`` says what failed to who runs it."""
    shown = pages.Pages(stores, links, bounds, clock)
    # Data first: a store cannot be called "api".
    routes = Router([*Api(stores, clock).routes(), *shown.routes()], redirect_slashes=False, default=_no_route)
    refused = {
        NotShownError: pages.absent,
        HTTPException: pages.absent,
        NoLinkError: pages.no_link,
        AuditreelError: pages.unverified(stores),
    }
    whole = unsigned("whoever is on this machine", tuple(store.id for store in stores.values()))
    readers = Rates(a_minute, a_minute, clock.monotonic)
    strangers = Rates(_STRANGERS, _STRANGERS, clock.monotonic)
    return Guard(ExceptionMiddleware(routes, refused), bounds, links, log, readers, strangers, clock, whole, tell)


async def _no_route(scope: Scope, receive: Receive, send: Send) -> None:
    """An address that is none; Starlette's own answer would be neither a page of ours nor JSON."""
    raise HTTPException(404)
