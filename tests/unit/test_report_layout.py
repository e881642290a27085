from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report.layout import Page, Paint, cells, clipped, counted, left, named, right, wrapped

PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=120)


@given(PRINTABLE, st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrapped(text, width)

    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(PRINTABLE, st.integers(2, 60), st.integers(1, 4))
def test_wrapping_keeps_to_the_lines_it_is_given(text: str, width: int, most: int) -> None:
    lines = wrapped(text, width, most)

    assert len(lines) <= most
    assert all(cells(line) <= width for line in lines)


@given(PRINTABLE, st.integers(2, 60))
def test_cells_of_a_table_are_exactly_as_wide_as_their_column(text: str, width: int) -> None:
    assert cells(left(text, width)) == cells(right(text, width)) == width


def test_text_that_is_cut_says_so() -> None:
    assert clipped("a statement of the organisation", 12) == "a statement…"
    assert wrapped("one two three four", 9, 1) == ["one two…"]


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("", 0)])
def test_width_is_counted_in_columns_not_in_characters(text: str, width: int) -> None:
    assert cells(text) == width


def test_enumerations_and_numbers_read_as_a_person_writes_them() -> None:
    assert named(["a", "b"], 3) == "a, b"
    assert named(["a", "b", "c", "d"], 2, "more types") == "a, b and 2 more types"
    assert counted(1, "criterion", "criteria") == "1 criterion"
    assert counted(1_204, "criterion", "criteria") == "1,204 criteria"


def test_without_colours_paint_leaves_text_alone() -> None:
    assert Paint(False)("fail", "bold", "red") == "fail"
    assert Paint(True)("fail", "bold", "red") == "\x1b[1;31mfail\x1b[0m"


def test_a_heading_keeps_its_hint_and_is_cut_itself() -> None:
    page = Page(30, Paint(False))

    assert page.heading("CC8.1 Changes are authorized and tested", "+ 1 above") == "CC8.1 Changes are…   + 1 above"
    assert page.heading("Waivers", "+ 1 above") == "Waivers              + 1 above"
