"""A sample follows from the frozen population and the nonce: the recipe in the documents draws the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.evidence.sample import Draw, draw, frozen

RECIPE = Path(__file__).resolve().parents[3] / "docs" / "sampling.md"
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
POPULATIONS = st.lists(TEXTS, unique=True, max_size=40)


def recipe() -> Any:
    (source,) = re.findall(r"```python\n(.*?)```", RECIPE.read_text(), re.DOTALL)
    assert len(source.splitlines()) <= 30
    found: dict[str, Any] = {}
    exec(source, found)
    return found["sample"]


SAMPLE = recipe()


@given(POPULATIONS, TEXTS.filter(str.strip), st.integers(1, 50))
def test_the_recipe_in_the_documents_draws_the_same(units: list[str], nonce: str, size: int) -> None:
    assert list(draw(frozen(units), size, nonce).drawn) == SAMPLE(units, nonce, size)


@given(POPULATIONS, TEXTS.filter(str.strip), st.randoms())
def test_the_order_in_which_units_come_does_not_matter(units: list[str], nonce: str, chance: Any) -> None:
    shuffled = list(units)
    chance.shuffle(shuffled)
    assert draw(frozen(shuffled), 5, nonce) == draw(frozen(units), 5, nonce)


@given(POPULATIONS.filter(bool), TEXTS.filter(str.strip))
def test_any_other_population_has_another_seed(units: list[str], nonce: str) -> None:
    assert draw(frozen(units), 5, nonce).seed != draw(frozen(units[1:]), 5, nonce).seed


def test_replacements_follow_in_the_order_of_the_draw() -> None:
    population = frozen(f"night {number}" for number in range(6))
    whole = draw(population, 6, "dice")
    assert draw(population, 2, "dice") == Draw(whole.seed, whole.drawn[:2], whole.drawn[2:], internal=False)


def test_a_draw_without_a_nonce_is_internal() -> None:
    assert draw(frozen(["a", "b"]), 1, None).internal


@pytest.mark.parametrize(("size", "nonce"), [(0, "dice"), (-1, None), (1, ""), (1, "  ")])
def test_a_draw_that_means_nothing_is_refused(size: int, nonce: str | None) -> None:
    with pytest.raises(UsageError):
        draw(frozen(["a"]), size, nonce)


def test_a_unit_that_is_there_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="vol-1 is in it twice"):
        frozen(["vol-1", "vol-2", "vol-1"])
