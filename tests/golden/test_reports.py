from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.periods import Period
from engine.report import FORMATS, PERIOD_FORMATS, Options, render_gap, reperform
from tests.golden import gaps, gates, periods
from tests.golden.assessments import every_state, sealed

Golden = Callable[[str, str], None]


@pytest.mark.parametrize(("name", "width"), [("report-80.txt", 80), ("report-120.txt", 120)])
def test_the_screen_is_the_one_we_looked_at(golden: Golden, name: str, width: int) -> None:
    golden(name, FORMATS["text"].render(every_state(), Options(width)))


def test_the_screen_in_colour_is_the_one_we_looked_at(golden: Golden) -> None:
    golden("report-color.txt", FORMATS["text"].render(sealed(every_state()), Options(100, color=True)))


@pytest.mark.parametrize(
    "form", [name for name, row in FORMATS.items() if not row.gated and name not in ("text", "markdown", "html")]
)
def test_data_keeps_its_form(golden: Golden, form: str) -> None:
    golden(f"report{FORMATS[form].suffix}", FORMATS[form].render(sealed(every_state()), Options()))


def test_the_summary_is_the_one_we_looked_at(golden: Golden) -> None:
    golden("report.md", FORMATS["markdown"].render(sealed(every_state()), Options()))


@pytest.mark.parametrize("form", [name for name, row in FORMATS.items() if row.gated])
def test_a_build_reads_what_we_looked_at(golden: Golden, form: str) -> None:
    shown = FORMATS[form]
    golden(f"run{shown.suffix}", shown.render(sealed(every_state()), Options()))


@pytest.mark.parametrize("form", [name for name, row in FORMATS.items() if row.gates])
def test_a_stopped_change_reads_as_we_looked_at(golden: Golden, form: str) -> None:
    shown = FORMATS[form]
    golden(f"gate{shown.suffix}", shown.render(gates.every_movement(), Options(100, sources=gates.SOURCES)))


@pytest.mark.parametrize("form", ["text", "comment", "github"])
def test_a_change_that_may_pass_reads_as_we_looked_at(golden: Golden, form: str) -> None:
    shown = FORMATS[form]
    golden(f"gate-passes{shown.suffix}", shown.render(gates.passing(), Options(sources=gates.SOURCES)))


@pytest.mark.parametrize(("name", "width"), [("period-80.txt", 80), ("period-120.txt", 120)])
def test_the_report_of_a_period_is_the_one_we_looked_at(golden: Golden, name: str, width: int) -> None:
    golden(name, PERIOD_FORMATS["text"].render(periods.every_state(), Options(width)).decode())


@pytest.mark.parametrize(
    ("name", "make"), [("period-photograph.txt", periods.photograph), ("period-nothing.txt", periods.nothing)]
)
def test_other_periods_are_those_we_looked_at(golden: Golden, name: str, make: Callable[[], Period]) -> None:
    golden(name, PERIOD_FORMATS["text"].render(make(), Options(100)).decode())


@pytest.mark.parametrize("form", ["markdown", "oscal", "ocsf", "csv"])
def test_a_period_keeps_its_form(golden: Golden, form: str) -> None:
    shown = PERIOD_FORMATS[form]
    golden(f"period{shown.suffix}", shown.render(periods.every_state(), Options()).decode())


def test_the_failures_of_a_period_keep_their_columns(golden: Golden) -> None:
    golden(
        "period-failures.csv",
        PERIOD_FORMATS["csv"].files(periods.every_state(), Options())["csv/failures.csv"].decode(),
    )


def test_how_to_re_perform_is_what_we_wrote(golden: Golden) -> None:
    golden("period-reperform.txt", reperform.text(periods.every_state()).decode())


@pytest.mark.parametrize(("name", "form", "width"), [
    ("gap-80.txt", "text", 80), ("gap-120.txt", "text", 120), ("gap.md", "markdown", 100), ("gap.json", "json", 100),
])  # fmt: skip
def test_the_gap_is_the_one_we_looked_at(golden: Golden, name: str, form: str, width: int) -> None:
    golden(name, render_gap(gaps.every_state(), form, Options(width)))


def test_a_gap_in_which_nothing_is_lacking_says_no_more_than_that(golden: Golden) -> None:
    golden("gap-nothing.txt", render_gap(gaps.everything_shown(), "text", Options(100)))
