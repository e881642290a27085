"""CC6.1 covers so much that its number alone says nothing: for people it never stands without its title."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from engine.report import FORMATS, GAP_FORMATS, Options, render_gap
from tests.golden.assessments import every_state
from tests.golden.gaps import every_state as gap
from tests.golden.gates import SOURCES, every_movement

BARE = re.compile(r"CC6\.1(?![\d.]) (?!Logical access protections |Access is protected\b)\S*.{0,40}")
FORMS = ("text", "markdown", "html", "summary", "comment")


def bare(text: str) -> list[str]:
    """Where the number stands alone in what a reader sees, whatever stands between cells, and wherever lines break.

    On a tile its state comes between the two; an item names an aspect, and the criterion beside it.
    """
    seen = re.sub(r"<style.*?</style>|<a class=\"tile.*?</a>|<[^>]*>", " ", text, flags=re.DOTALL)
    seen = re.sub(r"addresses `?CC6\.1`?:", "addresses:", seen)
    return BARE.findall(" ".join(re.sub(r"[|*`,;)]", " ", html.unescape(seen)).split()))


@pytest.mark.parametrize("form", FORMS)
def test_a_run_names_it(form: str) -> None:
    assert bare(FORMATS[form].render(every_state(), Options())) == []


@pytest.mark.parametrize("form", [form for form in FORMS if FORMATS[form].gates])
def test_a_gate_names_it(form: str) -> None:
    gate = every_movement()
    titled = replace(gate, assessment=replace(gate.assessment, criteria=every_state().criteria))
    assert bare(FORMATS[form].render(titled, Options(sources=SOURCES))) == []


@pytest.mark.parametrize("form", [form for form in FORMS if form in GAP_FORMATS])
def test_a_gap_names_it(form: str) -> None:
    assert bare(render_gap(gap(), form, Options())) == []


def test_a_number_that_stands_alone_is_found() -> None:
    assert bare("<td>CC6.1</td><td>Logical access protections guard</td>, CC6.1.keys, CC6.10, CC6.1, CC6.6") == [
        "CC6.1 CC6.6"
    ]
