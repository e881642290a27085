"""The functions on lists: one row a case."""

from typing import Any

import pytest

from engine.expressions.functions.lists import distinct, flatten


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        (["a", "b", "a"], ["a", "b"]),
        ([2, 1, 2], [2, 1]),
        ([True, 1, True], [True, 1]),
        ([None, None, "a"], [None, "a"]),
        ([{"id": "a"}, {"id": "b"}, {"id": "a"}], [{"id": "a"}, {"id": "b"}]),
        ([["a"], ["a"]], [["a"]]),
    ],
)
def test_each_value_is_kept_once_where_it_was_first(values: list[Any], expected: list[Any]) -> None:
    kept = distinct(values)
    assert (kept, [type(value) for value in kept]) == (expected, [type(value) for value in expected])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], []), ([["a", "b"], [], ["c"]], ["a", "b", "c"]), (["a", ["b"]], ["a", "b"]), ([[["a"]]], [["a"]])],
)
def test_lists_are_replaced_by_what_is_in_them(values: list[Any], expected: list[Any]) -> None:
    assert flatten(values) == expected
