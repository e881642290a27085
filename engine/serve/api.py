"""The same as the pages, as JSON, and its description (OpenAPI 3.1), made from the values that are sent.

A program gives its link as a bearer token. Names are as they are: JSON escapes what is not ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import engine
from engine.errors import AuditreelError
from engine.model import Clock
from engine.periods import Period
from engine.report.html.served import ROWS, VERDICTS
from engine.report.records import encoded
from engine.sealed import SealedRecord, SealedRun
from engine.serve.guard import PAGE
from engine.serve.library import Store
from engine.serve.pages import problem
from engine.serve.seen import NotShownError, is_limited, limits, link_of, number, seen, span

ROOT: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class StoreInList:
    """A store: its name in addresses, how it is anchored, its nights and closed periods; or its ``problem``.

    ``read`` says here and elsewhere when a store in a bucket was read, and whether that is current; "" for a folder.
    """

    name: str
    anchored: str | None
    demonstration: bool
    first: str | None
    last: str | None
    closed: tuple[tuple[str, str], ...]
    problem: str | None
    read: str


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of a link, and what it lets see, in words."""

    limits: tuple[str, ...]
    stores: tuple[StoreInList, ...]


@dataclass(frozen=True, slots=True)
class PeriodSeen:
    """A period, and what the link lets see of it."""

    limits: tuple[str, ...]
    read: str
    period: Period


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run and the records on one page of it, ``count`` of them in all that fit what was asked."""

    limits: tuple[str, ...]
    read: str
    anchored: str
    run: SealedRun
    page: int
    count: int


@dataclass(frozen=True, slots=True)
class RecordSeen:
    """A record with its proof."""

    limits: tuple[str, ...]
    read: str
    anchored: str
    run: str
    root: str
    total: int
    record: SealedRecord


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is nothing else."""

    problem: str


@dataclass(frozen=True, slots=True)
class _Offer:
    """A route in the description: what it is for, what it gives, and what may be asked of it."""

    path: str
    name: str
    summary: str
    gives: type
    asks: Mapping[str, dict[str, Any]]


_OFFERS: Final = (
    _Offer(f"{ROOT}/stores", "stores", "The stores that the link shows.", Stores, {}),
    _Offer(f"{ROOT}/{{store}}/{{period}}", "period", "A period (FIRST--LAST night, both included).", PeriodSeen, {}),
    _Offer(
        f"{ROOT}/{{store}}/{{period}}/runs/{{run}}",
        "run",
        f"A sealed run of the period with its records, {ROWS} a page.",
        RunSeen,
        {
            "page": {"type": "integer", "minimum": 1, "default": 1},
            "verdict": {"type": "string", "enum": list(VERDICTS)},
        },
    ),
    _Offer(
        f"{ROOT}/{{store}}/{{period}}/runs/{{run}}/records/{{index}}",
        "record",
        "A record with its proof.",
        RecordSeen,
        {},
    ),
)
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Api:
    """The data of some stores."""

    stores: Mapping[str, Store]
    clock: Clock

    def routes(self) -> list[Route]:
        """Every address that there is."""
        shows: Mapping[str, Callable[[Request], Any]] = {
            "stores": self.listed, "period": self.period, "run": self.run, "record": self.record,
        }  # fmt: skip
        found = [Route(offer.path, self._answered(offer.name, shows[offer.name])) for offer in _OFFERS]
        return [*found, Route(f"{ROOT}/openapi.json", self._answered("openapi", lambda _: description()))]

    def _answered(self, name: str, show: Callable[[Request], Any]) -> Callable[[Request], Response]:
        def answered(request: Request) -> Response:
            request.scope[PAGE] = f"api {name}"
            try:
                return _json(show(request))
            except NotShownError:
                return _json(Refusal("there is nothing here, or nothing that this link shows"), 404)
            except AuditreelError as error:
                store = self.stores.get(request.path_params.get("store", ""))
                return _json(Refusal(problem(error, store, link_of(request))), 503)

        return answered

    def listed(self, request: Request) -> Stores:
        """The stores of a link."""
        link = link_of(request)
        rows = []
        for name, store in self.stores.items():
            if store.id not in link.stores:
                continue
            read = store.read(is_limited(link))
            try:
                held = store.held()
            except AuditreelError as error:
                rows.append(StoreInList(name, None, False, None, None, (), problem(error, store, link), read))
                continue
            nights = span(held, link, self.clock.now())
            rows.append(
                StoreInList(
                    name=name,
                    anchored=held.overview.anchored,
                    demonstration=held.overview.demonstration,
                    first=None if nights is None else nights[0].isoformat(),
                    last=None if nights is None else nights[1].isoformat(),
                    closed=tuple(window for window in held.overview.closed if _within(link.covers, window)),
                    problem=None,
                    read=read,
                )
            )
        return Stores(limits(link), tuple(rows))

    def period(self, request: Request) -> PeriodSeen:
        """A period."""
        at = seen(request, self.stores)
        return PeriodSeen(at.notices, read=at.read, period=at.period)

    def run(self, request: Request) -> RunSeen:
        """A page of a run's records."""
        at = seen(request, self.stores)
        read, run = at.read, at.run(request.path_params["run"])
        verdict, page = request.query_params.get("verdict"), number(request.query_params.get("page", "1"))
        if not page or (verdict is not None and verdict not in VERDICTS):
            raise NotShownError
        rows = [row for row in run.rows if verdict is None or row.verdict == verdict]
        shown = tuple(rows[(page - 1) * ROWS : page * ROWS])
        return RunSeen(at.notices, read, at.period.anchored, replace(run, rows=shown), page, len(rows))

    def record(self, request: Request) -> RecordSeen:
        """A record."""
        at = seen(request, self.stores)
        read, run = at.read, at.run(request.path_params["run"])
        found = at.store.inspected(run.run).record(at.index(run, request.path_params["index"]))
        return RecordSeen(at.notices, read, at.period.anchored, run.run, run.root, run.total, found)


def _within(covers: Callable[..., bool], window: tuple[str, str]) -> bool:
    return covers(*map(date.fromisoformat, window))


def _json(value: Any, status: int = 200) -> Response:
    plain = value if isinstance(value, dict) else msgspec.to_builtins(value, enc_hook=str)
    return Response(f"{encoded(plain)}\n", status, media_type="application/json")


def description() -> dict[str, Any]:
    """What the routes take and give, as OpenAPI 3.1."""
    kinds = [*(offer.gives for offer in _OFFERS), Refusal]
    _, schemas = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}", schema_hook=lambda _: {"type": "string"}
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "auditreel", "version": engine.__version__, "description": (__doc__ or "").strip()},
        "paths": {offer.path: {"get": _operation(offer)} for offer in _OFFERS},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"link": {"type": "http", "scheme": "bearer", "description": "The token of a link."}},
        },
        "security": [{"link": []}],
    }


def _operation(offer: _Offer) -> dict[str, Any]:
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(offer.path)
    ]
    asked = [{"name": name, "in": "query", "schema": schema} for name, schema in offer.asks.items()]
    refusals = {"404": "There is nothing here, or nothing that the link shows.", "503": "The evidence does not verify."}
    return {
        "operationId": offer.name,
        "summary": offer.summary,
        "parameters": [*inside, *asked],
        "responses": {
            "200": _gives("What was asked for.", offer.gives),
            **{status: _gives(says, Refusal) for status, says in refusals.items()},
        },
    }


def _gives(says: str, kind: type) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {"description": says, "content": {"application/json": {"schema": reference}}}
