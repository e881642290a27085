"""A gate of a few checks alone, for tests that ask it thousands of times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import pytest

from engine.content.checks import compile_checks
from engine.content.load import Content, load
from engine.content.root import find
from engine.gate import pipeline


@contextmanager
def gating(*checks: str) -> Iterator[None]:
    """Gates know these checks, and the controls that name one; both are read once.

    To select of all checks, and to conclude on controls that no verdict concerns, is two thirds of a small gate's work.
    """
    content = _few(checks)
    compiled = compile_checks(list(content.checks.values()), content.types)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "load", lambda root: content)
        patch.setattr(pipeline, "compile_checks", lambda *given: compiled)
        yield


@cache
def _all() -> Content:
    return load(find())


def _few(checks: Sequence[str]) -> Content:
    every = _all()
    controls = tuple(control for control in every.policy.controls if set(control.checks) & set(checks))
    known = {id_: every.checks[id_] for id_ in checks}
    return replace(every, checks=known, policy=replace(every.policy, controls=controls))
