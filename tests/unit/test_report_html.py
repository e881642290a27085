from __future__ import annotations

import posixpath
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.periods import MARKS, CoverageRow, Moment, Period
from engine.report import period_counts
from engine.report.html import charts, pages
from engine.report.html.nights import Nights, Square
from engine.report.html.site import Site, Slugs, concerning
from tests.golden.long_periods import year
from tests.golden.periods import ENCRYPTED, PUBLISHED, every_state, nothing, photograph

OPINION = r"(?i)\b(in)?effective|complian|\bproved|proven|exception|satisf|\d ?%|\bscore"
VOID = {"meta", "br", "link", "img", "input", "hr", "area", "base", "col", "embed", "source", "track", "wbr"}
PERIODS = {"every_state": every_state, "photograph": photograph, "nothing": nothing}


@dataclass
class Page(HTMLParser):
    """A page as a browser's parser sees it: elements with attributes, ids, links, and text."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.elements if "id" in attributes]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def read(content: bytes) -> Page:
    page = Page()
    page.feed(content.decode())
    page.close()
    return page


def read_all(period: Period, **options: Any) -> dict[str, Page]:
    return {name: read(content) for name, content in pages(period, **options).items()}


def season() -> Period:
    """A year's example cut to what is quickly parsed."""
    return year(failures=24, nights=220)


PERIODS["season"] = season
EVERYWHERE = [
    pytest.param(make(), limit, id=f"{name}-{'split' if limit == 0 else 'whole'}")
    for name, make in PERIODS.items()
    for limit in (10**9, 0)
]


# --- pages and links -------------------------------------------------------------------------------------------------


def test_one_page_is_written_while_it_is_small() -> None:
    assert list(pages(every_state())) == ["index.html"]


def test_a_page_a_criterion_and_pages_of_the_register_are_written_where_it_is_large() -> None:
    assert list(pages(year(failures=1_100, nights=220))) == [
        "index.html",
        "pages/criterion-CC6.1.html",
        "pages/criterion-CC6.3.html",
        "pages/criterion-CC6.6.html",
        "pages/criterion-CC7.2.html",
        "pages/criterion-CC8.1.html",
        "pages/criterion-A1.2.html",
        "pages/failures-1.html",
        "pages/failures-2.html",
        "pages/failures-3.html",
    ]


@pytest.mark.parametrize(("period", "limit"), EVERYWHERE)
def test_every_link_arrives_and_every_id_is_one(period: Period, limit: int) -> None:
    found = read_all(period, limit=limit)
    broken, twice, unbalanced = [], [], []
    for name, page in found.items():
        unbalanced += page.unbalanced
        twice += [id_ for id_, count in Counter(page.ids).items() if count > 1]
        for tag, attributes in page.elements:
            for key in ("href", "aria-labelledby"):
                for target in (attributes.get(key) or "").split() if key != "href" else [attributes.get("href")]:
                    if target is None:
                        continue
                    to, _, anchor = target.partition("#") if key == "href" else ("", "", target)
                    to = to and posixpath.normpath(posixpath.join(posixpath.dirname(name), to))
                    if to not in ("", *found) or anchor not in found[to or name].ids:
                        broken.append((name, tag, target))
    assert (broken, twice, unbalanced) == ([], [], [])


@pytest.mark.parametrize(("period", "limit"), EVERYWHERE)
def test_nothing_runs_and_nothing_is_loaded(period: Period, limit: int) -> None:
    for page in read_all(period, limit=limit).values():
        tags = {tag for tag, _ in page.elements}
        assert tags.isdisjoint({"script", "img", "iframe", "object", "embed", "link", "base", "form", "video", "audio"})
        for _, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset")]
            href = attributes.get("href") or ""
            assert "//" not in href
            assert not href.startswith(("javascript:", "data:", "/"))


@pytest.mark.parametrize(("period", "limit"), EVERYWHERE)
def test_every_control_and_failure_has_its_place(period: Period, limit: int) -> None:
    found = read_all(period, limit=limit)
    ids = Counter(id_ for page in found.values() for id_ in page.ids)
    failures = list(period_counts.numbers(period).values())
    controls = [f"control-{row.control.id}" for row in period.controls]
    assert {id_: ids[id_] for id_ in (*failures, *controls)} == dict.fromkeys((*failures, *controls), 1)


def test_a_control_that_serves_no_criterion_shown_is_shown_all_the_same() -> None:
    period = every_state()
    lone = replace(period, criteria=tuple(row for row in period.criteria if "NW-01" not in row.controls))
    for limit in (10**9, 0):
        found = read_all(lone, limit=limit)
        assert sum("control-NW-01" in page.ids for page in found.values()) == 1


def test_a_control_with_more_failures_than_it_draws_says_how_many_and_links_to_all() -> None:
    found = read_all(year(failures=1_100, nights=220))
    text = found["pages/criterion-CC6.1.html"].words
    assert "440 failures of CTL-01 , deviations first" in text
    assert "Bars of the first 200. All 440 are in the register of failures ." in text
    assert sum(len([id_ for id_ in page.ids if re.fullmatch(r"F-\d+", id_)]) for page in found.values()) == 1_100


def test_failures_that_no_control_shows_are_counted_beyond_those_drawn() -> None:
    period = year(failures=250, nights=220)
    alone = replace(period, controls=tuple(replace(row, failures=(), deviations=0) for row in period.controls))
    words = read(pages(alone, limit=10**9)["index.html"]).words
    assert "Bars of the first 200. All 250 are in the register of failures ." in words


def test_the_same_period_gives_the_same_bytes() -> None:
    assert pages(every_state()) == pages(every_state())


def test_a_failure_that_the_period_does_not_hold_stops_the_report() -> None:
    period = every_state()
    with pytest.raises(InputError, match="totals would not agree"):
        pages(replace(period, failures=period.failures[1:]))


def test_ids_that_differ_never_share_a_file_or_an_anchor() -> None:
    slugs = Slugs()
    ids = ["CC6.1", "cc6.1", "CC6/1", "CC6 1", "CC6_1", "", "../../x", "é", "a" * 100, "a" * 101]
    given_ = [slugs.of(id_) for id_ in ids]
    assert len({slug.lower() for slug in given_}) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", slug) for slug in given_)
    assert given_ == [slugs.of(id_) for id_ in ids]


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "first"),
    [
        (every_state(), "anchored to 2026-11-01T03:10:00Z by Example Time Stamping Authority"),
        (photograph(), "NOT ANCHORED: the key's holder could have rewritten or removed this"),
    ],
)
def test_how_it_is_anchored_stands_first(period: Period, first: str) -> None:
    for page in read_all(period, limit=0).values():
        body = page.words.partition("Skip to the content")[2].strip()
        assert body.startswith(first)


def test_a_demonstration_says_so_on_every_page_and_every_printed_one() -> None:
    for content in pages(year(demo=True), limit=0).values():
        assert "DEMONSTRATION on recorded data of a fictional company. Not evidence of anything." in read(content).words
        assert "DEMONSTRATION, not evidence · NOT ANCHORED" in content.decode()
    assert b"DEMONSTRATION" not in pages(every_state())["index.html"]


@pytest.mark.parametrize(("make", "kind"), [(every_state, "Type II"), (photograph, "Type I")])
def test_the_title_says_what_it_is_and_what_it_is_not(make: Any, kind: str) -> None:
    content = pages(make())["index.html"].decode()
    title = f"Evidence for a SOC 2 {kind} examination, prepared by management, not examined"
    assert f"<h1>{title}</h1>" in content
    assert f"<title>{title}</title>" in content


@pytest.mark.parametrize(("period", "limit"), EVERYWHERE)
def test_the_words_of_an_opinion_and_scores_are_not_printed(period: Period, limit: int) -> None:
    for page in read_all(period, limit=limit).values():
        assert not re.search(
            r"(?i)\b(in)?effective|complian|\bproved|proven|exception|satisf|\d ?%|\bscore", page.words
        )


@pytest.mark.parametrize("name", PERIODS)
def test_every_total_is_the_period_s(name: str) -> None:
    period = PERIODS[name]()
    words = read(pages(period, limit=10**9)["index.html"]).words
    totals = period_counts.totals(period)
    expected = [
        f"{totals.ran:,} of {totals.nights:,} night",
        f"{totals.ran:,} ran {totals.partly:,} ran in part {totals.missed:,} did not run "
        f"{totals.not_retained:,} not retained {totals.late:,} late",
        f"{totals.deviations:,} deviations by the control's rule {totals.undecided:,} not decided by a rule "
        f"{totals.within_limit:,} within the control's limit",
        f"{totals.controls:,} control",
        f"{totals.criteria:,} criteri",
        f"{totals.runs:,} sealed run",
    ]
    assert [text for text in expected if text not in words] == []


@pytest.mark.parametrize("name", PERIODS)
def test_every_row_of_the_period_stands_in_its_table(name: str) -> None:
    period = PERIODS[name]()
    content = pages(period, limit=10**9)["index.html"].decode()
    rows = {
        table: re.search(rf'<caption id="{table}">.*?</table>', content, re.DOTALL)
        for table in ("register-t", "changes-t", "populations-t", "waivers-t", "runs-t")
    }
    counted = {table: found.group().count("<tr") - 1 if found else 0 for table, found in rows.items()}
    assert counted == {
        # What management says of a failure has a row of its own below it.
        "register-t": len(period.failures) + sum(bool(failure.responses) for failure in period.failures),
        "changes-t": len(period.changes),
        "populations-t": len(period.populations),
        "waivers-t": len(period.waivers),
        "runs-t": len(period.frames),
    }


def test_deviations_stand_first_and_what_was_corrected_in_time_stays() -> None:
    content = pages(every_state())["index.html"].decode()
    register = content.partition('<caption id="register-t">')[2].partition("</table>")[0]
    words = re.findall(r'class="counts (\w+)"', register)
    assert words == ["deviations"] * 4 + ["undecided"] * 2 + ["within_limit"] * 6


def test_nights_that_ran_in_part_are_told_with_those_that_ran() -> None:
    words = read(pages(every_state())["index.html"]).words
    assert "87 of 92 nights of the schedule ran, and 1 in part." in words


def test_nothing_seen_never_reads_as_good_news() -> None:
    words = read(pages(nothing())["index.html"]).words
    assert "0 of 92 nights of the schedule ran" in words
    assert "Not observed: there is no frame in this period." in words
    assert "No sealed run in this period: nothing was observed." in words
    assert "no failures observed" not in words.lower()


def test_a_population_that_was_not_listed_as_a_whole_says_at_least() -> None:
    words = read(pages(every_state())["index.html"]).words
    assert "aws.guardduty.detector_enabled AWS::EC2::Region at least 2" in words
    assert "AWS::Backup::RestoreJob 0 none existed in any frame" in words


# --- names from outside ----------------------------------------------------------------------------------------------

HOSTILE = [
    '"><script>alert(1)</script>',
    "</style><script>alert(1)</script>",
    "</title></svg></details><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]>",
    "' onmouseover='alert(1)",
    "\u202egnp.exe\u202c",
    "a\x00b\x1b[31m\u2028c",
    "أرشيف-עברית",
    "javascript:alert(1)",
    "x" * 10_000,
]


def hostile(name: str) -> Period:
    """A period in which every text from outside is ``name``."""
    period = every_state()
    failure = replace(PUBLISHED, subject=replace(PUBLISHED.subject, name=name, id=f"id {name}"), message=name,
                      replaced=name, waivers={name: 1})  # fmt: skip
    controls = tuple(
        replace(row, control=replace(row.control, statement=name, owner=name, id=f"{row.control.id}{name}"),
                procedure=name, result=name, failures=(failure,), not_tested_before={name: "2026-09-01"})
        for row in period.controls
    )  # fmt: skip
    ids = tuple(row.control.id for row in controls)
    return replace(
        period,
        organization=name,
        timezone=name,
        anchored=name,
        digest=name,
        failures=(failure,),
        controls=controls,
        criteria=tuple(
            replace(row, criterion=replace(row.criterion, id=f"{row.criterion.id}{name}", title=name), controls=ids,
                    reason=name, uncovered_aspects=(name,))
            for row in period.criteria
        ),
        changes=tuple(replace(row, name=name, before=name, now=name) for row in period.changes),
        waivers=tuple(
            replace(row, id=name, kind=name, reason=name, owner=name, approver=name, standing=name, subjects=(name,))
            for row in period.waivers
        ),
        populations=tuple(replace(row, resource_type=name, queries=(name,)) for row in period.populations),
        frames=tuple(
            replace(row, caller=name, engine=name, root=name, moment=replace(row.moment, run=name))
            for row in period.frames
        ),
        nights=tuple(replace(row, unsealed=((name, name),)) for row in period.nights),
        inventory={name: 1},
    )  # fmt: skip


@pytest.mark.parametrize("limit", [10**9, 0])
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(name: str, limit: int) -> None:
    tame = read_all(hostile("tame"), limit=limit)
    found = read_all(hostile(name), limit=limit)
    assert len(found) == len(tame)
    for page, other in zip(found.values(), tame.values(), strict=True):
        assert page.unbalanced == []
        seen = Counter(tag for tag, _ in page.elements)
        expected = Counter(tag for tag, _ in other.elements)
        folds = {"details", "summary", "bdi", "span", "p"}  # a long name is folded
        assert {tag: seen[tag] for tag in seen if tag not in folds} == {
            tag: expected[tag] for tag in expected if tag not in folds
        }
        assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\u2028\u2029]", "".join(page.text))


def test_a_long_name_is_there_as_a_whole() -> None:
    assert "x" * 10_000 in "".join(read(pages(hostile("x" * 10_000), limit=10**9)["index.html"]).text)


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_any_name_can_be_an_organisation(name: str) -> None:
    period = replace(photograph(), organization=name)
    page = read(pages(period)["index.html"])
    assert (page.unbalanced, [tag for tag, _ in page.elements if tag == "script"]) == ([], [])


# --- charts ----------------------------------------------------------------------------------------------------------

STATES = st.sampled_from(["ran", "partly", "did_not_run", "not_retained", "not_in_force"])


@given(st.dates(date(2019, 1, 1), date(2040, 1, 1)), st.lists(STATES, min_size=1, max_size=420))
def test_every_night_is_drawn_once_where_it_belongs(start: date, states: list[str]) -> None:
    squares = [Square((start + timedelta(days=index)).isoformat(), state) for index, state in enumerate(states)]
    blocks = charts.heat_map(squares)
    drawn = 0
    for block in blocks:
        plain = [(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h11v11h-11z", block.plain)]
        places = plain + [(cell.x, cell.y) for cell in block.cells]
        assert len(set(places)) == len(places)
        assert all(x + charts.SIDE <= block.width and y + charts.SIDE <= block.height for x, y in places)
        for cell in block.cells:
            assert (cell.y - charts.TOP) // charts.PITCH == date.fromisoformat(cell.square.date).weekday()
        drawn += len(places)
        assert len(block.months) <= 3
    assert drawn == len(states)
    assert sum(block.plain.count("M") for block in blocks) == states.count("ran")


@given(st.lists(st.text(alphabet="".join(MARKS.values()), min_size=92, max_size=92), min_size=1, max_size=4))
def test_a_control_s_night_ran_only_where_all_its_checks_in_force_did(rows: list[str]) -> None:
    period = every_state()
    scopes = [row.scope for row in period.coverage]
    laid = replace(
        period, coverage=tuple(CoverageRow(scopes[index], ENCRYPTED, nights) for index, nights in enumerate(rows))
    )
    control = next(row for row in period.controls if row.control.id == "DP-01")
    for index, square in enumerate(Nights(laid).of(control, ())):
        marks = {nights[index] for nights in rows} - {"."}
        if square.state == "ran":
            assert marks == {"r"}
        elif square.state == "not_in_force":
            assert not marks
        else:
            assert marks - {"r"}
        if square.failing:
            assert marks & {"r", "p"}, "no failure is drawn where nothing was observed"


def test_a_failure_is_drawn_on_the_nights_of_its_frames_and_on_no_other() -> None:
    period = every_state()
    control = next(row for row in period.controls if row.control.id == "NW-01")
    squares = Nights(period).of(replace(control, failures=control.failures[:1]), ())
    failing = [square.date for square in squares if square.failing]
    assert failing == ["2026-10-01", "2026-10-02", "2026-10-03", "2026-10-05", "2026-10-06", "2026-10-07"]


def test_changes_are_marked_on_the_night_of_the_frame_that_first_showed_them() -> None:
    period = every_state()
    assert [square.date for square in Nights(period).whole(period.changes) if square.changed] == [
        "2026-08-20", "2026-09-01", "2026-09-15", "2026-10-12", "2026-10-20",
    ]  # fmt: skip
    control = next(row for row in period.controls if row.control.id == "AC-01")
    assert {change.kind for change in concerning(control, period.changes)} == {"boundary", "engine", "schema", "policy"}


def test_bars_are_hatched_between_the_frames_that_bound_them() -> None:
    period = every_state()
    line = charts.TimeLine(period)
    day = charts.WIDTH / 92
    long = next(failure for failure in period.failures if failure.subject.name == "invoices-eu")
    bar = line.bar(long)
    assert bar.before is not None
    assert bar.after is not None
    assert (float(bar.before[1]), float(bar.sure[1]), float(bar.after[1])) == pytest.approx(
        (day, 26 * day, day), abs=0.11
    )
    assert (bar.opens_left, bar.opens_right) == (False, False)


def test_open_ends_have_arrows_and_a_new_subject_no_hatch_before_it() -> None:
    period = every_state()
    line = charts.TimeLine(period)
    by_name = {failure.subject.name: line.bar(failure) for failure in period.failures}
    carried = next(bar for name, bar in by_name.items() if name.startswith("旧"))
    assert (carried.opens_left, carried.opens_right, carried.before) == (True, True, None)
    assert len(carried.waived) == 1
    assert by_name["logs-raw"].opens_right
    new = next(bar for name, bar in by_name.items() if name.startswith("=HYPER"))
    assert new.before is None
    assert new.after is not None


@given(
    st.lists(st.integers(0, 900), min_size=4, max_size=4).map(sorted),
    st.booleans(),
    st.booleans(),
)
def test_a_bar_never_claims_more_than_its_frames(days: list[int], good_before: bool, good_after: bool) -> None:
    moments = [Moment(f"{(date(2025, 6, 1) + timedelta(days=day)).isoformat()}T02:00:00Z", str(day)) for day in days]
    failure = replace(PUBLISHED, last_good=moments[0] if good_before else None, first_bad=moments[1],
                      last_bad=moments[2], first_good=moments[3] if good_after else None, waivers=None)  # fmt: skip
    bar = charts.TimeLine(every_state()).bar(failure)
    x, width = map(float, bar.sure)
    assert x >= charts.ARROW - 0.06
    assert x + width <= charts.ARROW + charts.WIDTH + 0.11
    assert width >= charts.LEAST - 0.06
    for part, side in ((bar.before, "before"), (bar.after, "after")):
        if part is not None:
            start, length = map(float, part)
            assert length > 0
            assert (
                start + length == pytest.approx(x, abs=0.11)
                if side == "before"
                else start == pytest.approx(x + width, abs=0.11)
            )


@pytest.mark.parametrize("name", PERIODS)
def test_the_words_beside_a_chart_count_what_the_period_counts(name: str) -> None:
    period = PERIODS[name]()
    site = Site(period, split=False)
    totals = period_counts.totals(period)
    for shape, words, count in site.nights:
        assert sum(square.state == shape for square in site.squares) == count, words
    assert sum(count for _, _, count in site.nights) == totals.nights
