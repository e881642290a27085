"""The environment of this process while it talks to emulators."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@contextmanager
def alone(variables: Mapping[str, str], prefixes: tuple[str, ...]) -> Iterator[None]:
    """``variables``, and nothing else whose name begins with one of ``prefixes``; at the end all is as before."""
    names = {*variables, *(name for name in os.environ if name.startswith(prefixes))}
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(before)
