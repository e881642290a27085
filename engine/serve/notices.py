"""What is answered where there is nothing to show: a page to a browser, JSON to a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response

from engine.report.html import served
from engine.report.html.templating import policy
from engine.report.records import encoded
from engine.serve.answers import Refusal

DATA: Final = "/api/"
"""What addresses of data begin with: who asks there is a program."""


def page(content: str | bytes, status: int = 200) -> Response:
    """A page of ours, with the policy that it states of itself."""
    headers = {"Content-Security-Policy": policy(content)}
    return Response(content, status, headers, media_type="text/html; charset=utf-8")


def data(value: Any, status: int = 200) -> Response:
    """A value of :mod:`engine.serve.answers`, or plain values, as JSON."""
    return Response(f"{encoded(plain(value))}\n", status, media_type="application/json")


def plain(value: Any) -> Any:
    """An answer as plain JSON values."""
    return msgspec.to_builtins(value, enc_hook=str)


def notice(path: str, status: int, heading: str, texts: Sequence[str], to_programs: Sequence[str] = ()) -> Response:
    """Why nothing is shown under a path; ``to_programs`` stands for ``texts`` where another way on is theirs."""
    if path.startswith(DATA) or path == DATA.rstrip("/"):
        return data(Refusal(f"{heading}: {' '.join(to_programs or texts)}"), status)
    return page(served.notice(heading, texts), status)
