from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.report import FORMATS, Options
from tests.golden.assessments import every_state, sealed

Golden = Callable[[str, str], None]


@pytest.mark.parametrize(("name", "width"), [("report-80.txt", 80), ("report-120.txt", 120)])
def test_the_screen_is_the_one_we_looked_at(golden: Golden, name: str, width: int) -> None:
    golden(name, FORMATS["text"].render(every_state(), Options(width)))


def test_the_screen_in_colour_is_the_one_we_looked_at(golden: Golden) -> None:
    golden("report-color.txt", FORMATS["text"].render(sealed(every_state()), Options(100, color=True)))


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_data_keeps_its_form(golden: Golden, form: str) -> None:
    golden(f"report{FORMATS[form].suffix}", FORMATS[form].render(sealed(every_state()), Options()))


def test_the_summary_is_the_one_we_looked_at(golden: Golden) -> None:
    golden("report.md", FORMATS["markdown"].render(sealed(every_state()), Options()))
