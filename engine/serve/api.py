"""The questions as JSON over HTTP, and their description (OpenAPI 3.1), made from the values that are sent.

A program gives its link as a bearer token. Names are as they are: JSON escapes what is not ASCII.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import engine
from engine.errors import AuditreelError
from engine.model import Clock
from engine.serve.answering import Desk
from engine.serve.answers import Refusal
from engine.serve.guard import PAGE, link_of
from engine.serve.library import Store
from engine.serve.notices import data
from engine.serve.questions import QUESTIONS, Question
from engine.serve.seen import NotShownError, number, problem

ROOT: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Api:
    """The data of some stores."""

    stores: Mapping[str, Store]
    clock: Clock

    def routes(self) -> list[Route]:
        """Every address that there is."""
        found = [Route(ROOT + question.path, self._answered(question)) for question in QUESTIONS]
        return [*found, Route(f"{ROOT}/openapi.json", _described)]

    def _answered(self, question: Question) -> Callable[[Request], Response]:
        def answered(request: Request) -> Response:
            request.scope[PAGE] = f"api {question.name}"
            link = link_of(request)
            try:
                return data(question.asked(Desk(self.stores, link, self.clock), _given(question, request)))
            except AuditreelError as error:
                store = self.stores.get(request.path_params.get("store", ""))
                return data(Refusal(problem(error, store, link)), 503)

        return answered


def _given(question: Question, request: Request) -> dict[str, Any]:
    """What an address asks for; numbers are text in it. Raises NotShownError for what is no number."""
    given = {name: request.query_params[name] for name in question.asks if name in request.query_params}
    found: dict[str, Any] = {**given, **request.path_params}
    for name, schema in {**question.parts, **question.asks}.items():
        if name in found and schema["type"] == "integer":
            found[name] = number(found[name])
            if found[name] is None:
                raise NotShownError
    return found


def _described(request: Request) -> Response:
    request.scope[PAGE] = "api openapi"
    return data(description())


def description() -> dict[str, Any]:
    """What the routes take and give, as OpenAPI 3.1."""
    kinds = [*(question.gives for question in QUESTIONS), Refusal]
    references, schemas = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}", schema_hook=lambda _: {"type": "string"}
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "auditreel", "version": engine.__version__, "description": (__doc__ or "").strip()},
        "paths": {
            ROOT + question.path: {"get": _operation(question, reference, references[-1])}
            for question, reference in zip(QUESTIONS, references, strict=False)
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"link": {"type": "http", "scheme": "bearer", "description": "The token of a link."}},
        },
        "security": [{"link": []}],
    }


def _operation(question: Question, gives: dict[str, Any], refusal: dict[str, Any]) -> dict[str, Any]:
    inside = [
        {"name": name, "in": "path", "required": True, "schema": schema} for name, schema in question.parts.items()
    ]
    asked = [{"name": name, "in": "query", "schema": schema} for name, schema in question.asks.items()]
    refusals = {
        "401": "There is no link, or one that ended or was revoked.",
        "404": "There is nothing here, or nothing that the link shows.",
        "429": "Too many requests of one link.",
        "503": "The evidence does not verify.",
    }
    return {
        "operationId": question.name,
        "summary": question.summary,
        "parameters": [*inside, *asked],
        "responses": {
            "200": _gives("What was asked for.", gives),
            **{status: _gives(says, refusal) for status, says in refusals.items()},
        },
    }


def _gives(says: str, reference: dict[str, Any]) -> dict[str, Any]:
    return {"description": says, "content": {"application/json": {"schema": reference}}}
