"""Answers given in the server's place, and changes to what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.emulators.api_models import operation_model
from tests.emulators.bodies import Document, existing, parsed
from tests.emulators.identify import Request
from tests.emulators.wire import Answer, Exchange, Next

Body = bytes | str | dict[str, Any]
Change = Callable[[Exchange, Answer], Answer]


class Overrides:
    """The layer next to the server. Operations are named "service:Operation"; an unknown one raises botocore's error.

    All verbs may be called while requests are under way. Changes to one operation apply in the order they were given.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Let the server answer everything, unchanged."""
        self._answers: dict[str, Callable[[Request], Answer]] = {}
        self._changes: dict[str, tuple[Change, ...]] = {}

    def answer(
        self,
        operation: str,
        body: Body | Callable[[Request], Body],
        *,
        status: int = 200,
        content_type: str | None = None,
    ) -> None:
        """Answer ``operation`` without asking the server.

        ``body`` is given as bytes, text, or an object that is sent as JSON; or as a function of the request.
        """
        operation_model(*operation.split(":"))

        def answering(request: Request) -> Answer:
            given = body(request) if callable(body) else body
            kind = "application/x-amz-json-1.1" if isinstance(given, dict) else "text/xml"
            text = json.dumps(given) if isinstance(given, dict) else given
            data = text.encode() if isinstance(text, str) else text
            return Answer(status, (("content-type", content_type or kind),), data)

        self._answers = {**self._answers, operation: answering}

    def change(self, operation: str, change: Change) -> None:
        """Send every answer to ``operation``, also an error, through ``change``."""
        operation_model(*operation.split(":"))
        self._changes = {**self._changes, operation: (*self._changes.get(operation, ()), change)}

    def rewrite(self, operation: str, rewrite: Callable[[bytes], bytes]) -> None:
        """Send the body of every successful answer to ``operation`` through ``rewrite``."""

        def change(exchange: Exchange, answer: Answer) -> Answer:
            return answer.with_body(rewrite(answer.body)) if answer.status < 300 else answer

        self.change(operation, change)

    def edit(self, operation: str, edit: Callable[[Document], None]) -> None:
        """Let ``edit`` change the document of every successful answer to ``operation``."""

        def change(exchange: Exchange, answer: Answer) -> Answer:
            if answer.status >= 300:
                return answer
            document = parsed(exchange.call, answer.body)
            edit(document)
            return answer.with_body(document.encoded())

        self.change(operation, change)

    def without(self, operation: str, *paths: str) -> None:
        """Take members out of every successful answer to ``operation`` ("Reservations.Instances.MetadataOptions").

        Raises ValueError for a path that no answer has.
        """
        service, name = operation.split(":")
        for path in paths:
            existing(service, name, path)

        def edit(document: Document) -> None:
            for path in paths:
                document.drop(path)

        self.edit(operation, edit)

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Answer or change one exchange."""
        name = exchange.call.name
        answering = self._answers.get(name)
        answer = answering(exchange.request) if answering else await forward(exchange)
        for change in self._changes.get(name, ()):
            answer = change(exchange, answer)
        return answer
