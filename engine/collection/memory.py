"""Gives freed memory back to the system.

A scan of an organisation lets go of account after account. What they took is freed among what stays, and the C library
would keep it: a tenth of a large scan's memory.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache


def release() -> None:
    """Collect what only cycles hold (a runner and its tasks hold one another), then give back what is free."""
    gc.collect()
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    """The malloc_trim(3) of glibc, which other C libraries lack."""
    import ctypes

    trim: Callable[[int], object] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim or (lambda pad: None)
