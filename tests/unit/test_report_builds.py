"""What every format that a build reads has to hold, whatever names say and however much was found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from engine.gate.model import Gate
from engine.model import Assessment
from engine.report import FORMATS, Options, by_suffix
from engine.report.results import Result, results
from engine.report.sources import Sources
from tests import commands
from tests.golden import gates, hostile
from tests.golden.assessments import every_state

Shown = Assessment | Gate
BUILDS = [name for name, row in FORMATS.items() if row.gated]
SHOWN: dict[str, Callable[[str], Shown]] = {"run": hostile.run, "gate": hostile.gate}
# What each kind of format may command, and nothing else does.
OURS = {"github": {"error", "warning", "notice"}, "azure": {"task.logissue"}}


def rendered(form: str, shown: Shown, sources: Sources | None = gates.SOURCES) -> str:
    return FORMATS[form].render(shown, Options(sources=sources))


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", hostile.NAMES.values(), ids=hostile.NAMES)
def test_no_name_commands_the_build_that_prints_it(form: str, kind: str, name: str) -> None:
    if kind == "gate" and not FORMATS[form].gated:
        return
    harmless, attacked = (rendered(form, SHOWN[kind](text)) for text in ("harmless", name))

    for program in (commands.github, commands.azure):
        found = program(attacked)
        assert {command.name for command in found} <= OURS.get(form, set())
        assert shapes(found) == shapes(program(harmless))


def shapes(found: list[commands.Command]) -> list[tuple[str, list[str]]]:
    """The commands without what they say; their order is that of the names."""
    return sorted((command.name, sorted(command.properties)) for command in found)


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("form", BUILDS)
@pytest.mark.parametrize("name", hostile.NAMES.values(), ids=hostile.NAMES)
def test_every_format_stays_what_it_is_whatever_a_name_holds(form: str, kind: str, name: str) -> None:
    text = rendered(form, SHOWN[kind](name))

    text.encode("utf-8")
    assert not [character for character in text if not character.isprintable() and character != "\n"]
    if form in ("sarif", "gitlab"):
        json.loads(text)
    if form == "junit":
        assert ElementTree.fromstring(text).tag == "testsuites"
    if form in ("summary", "comment"):
        blocks = MarkdownIt("commonmark").enable("table").parse(text)
        inner = [token for block in blocks for token in block.children or ()]
        assert not {"html_inline", "link_open", "image"} & {token.type for token in inner}
        written = "".join(token.content for token in blocks if token.type == "html_block")
        for ours in ("<details>", "</details>", "<summary>", "</summary>"):
            written = written.replace(ours, "")
        assert "<" not in written.removeprefix(text.split("\n")[0])
        marked = [line for line in text.split("\n") if line.startswith("<!--")]
        assert marked == (text.split("\n")[:1] if form == "comment" else [])


def many(count: int) -> Gate:
    """A gate with so many failures, the first of which stop."""
    gate = gates.every_movement()
    (template,) = (row for row in gate.changes if row.movement == "new_failure" and row.stops)
    changes = tuple(
        replace(template, subject=replace(template.subject, id=f"t.x[{index}]"), stops=index % 2 == 0,
                place=replace(template.place, address=f"t.x[{index}]"))
        for index in range(count)
    )  # fmt: skip
    return replace(gate, changes=changes, assessment=replace(gate.assessment, findings=()))


def test_a_step_has_ten_annotations_of_a_kind_and_the_last_says_how_many_more() -> None:
    found = commands.github(rendered("github", many(100)))

    kinds = [command.name for command in found]
    assert (kinds.count("error"), kinds.count("warning")) == (10, 10)
    errors = [command.data for command in found if command.name == "error"]
    assert errors[0].startswith("auditreel stops this change: 50 new failures")
    assert errors[-1] == "And 42 more: GitHub shows 10 of a kind. The step's summary has them."
    assert [command.data for command in found if command.name == "warning"][-1].startswith("And 41 more")


@pytest.mark.parametrize(("form", "most", "count"), [("comment", 65_536, 2_000), ("summary", 1_048_576, 20_000)])
def test_a_page_fits_into_its_place_and_says_what_it_left_out(form: str, most: int, count: int) -> None:
    assert len(rendered(form, hostile.gate("😀" * 500)).encode()) < most

    text = rendered(form, many(count))
    shown = text.count("**new failure**")
    assert most / 4 < len(text.encode()) < most
    assert f"and **{count // 2 - shown:,} more**, which this place has no room for" in text


def test_a_page_of_names_alone_is_too_long_still_says_what_happens() -> None:
    gate = many(3)
    huge = replace(gate, request=replace(gate.request, approvers=("x",)), source=replace(
        gate.source, statements=tuple("\u202e" * 900 for _ in range(100))))  # fmt: skip
    text = rendered("comment", huge)
    assert len(text.encode()) < 65_536
    assert text.split("\n")[1].startswith("## auditreel stops this change: 2 new failures")
    assert text.endswith("The rest is too long for this place; the other formats have it.\n")


@pytest.mark.parametrize("form", ["comment", "summary"])
def test_a_gate_without_a_key_says_that_its_record_is_unsigned(form: str) -> None:
    gate = replace(gates.every_movement(), unsigned=True)
    assert "**Unsigned**" in FORMATS[form].render(gate, Options())
    assert "**Unsigned**" not in FORMATS[form].render(replace(gate, unsigned=False), Options())


def test_each_configuration_has_a_comment_of_its_own_that_does_not_change_its_name() -> None:
    def first(sources: Sources | None, shown: Shown) -> str:
        return rendered("comment", shown, sources).split("\n")[0]

    gate, passing = gates.every_movement(), gates.passing()
    assert first(Sources(prefix="a"), gate) == first(Sources(prefix="a"), passing)
    assert len({first(Sources(prefix="a"), gate), first(Sources(prefix="b"), gate), first(None, gate)}) == 3
    assert first(None, gate) == "<!-- auditreel:gate:root -->"


def test_gitlab_gets_no_issue_twice_and_one_for_a_run_that_is_not_whole() -> None:
    issues = json.loads(rendered("gitlab", every_state()))
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints) == 1 + 1 + 3
    assert issues[0] == {
        "check_name": "auditreel",
        "description": "auditreel does not pass this run: 1 failure (Buckets encrypt objects by default), 3 unknown "
        "(Buckets cannot be reached by the public and 1 more check) (exit 3, also 4).",
        "fingerprint": "auditreel-exit-3",
        "severity": "blocker",
        "location": {"path": "main.tf", "lines": {"begin": 1}},
    }


@pytest.mark.parametrize("code", [1, 2, 4, 5])
@pytest.mark.parametrize("form", BUILDS)
def test_a_run_that_is_not_whole_is_never_quiet(form: str, code: int) -> None:
    reason = "what was found could not be sealed"
    gate = gates.passing()
    broken = replace(gate, changes=(), assessment=replace(
        gate.assessment, findings=(), exit_code=code, exit_reasons={code: reason}))  # fmt: skip
    text = rendered(form, broken)

    assert reason in text
    if form == "junit":
        assert ElementTree.fromstring(text).attrib["errors"] == "1"
    if form == "sarif":
        assert json.loads(text)["runs"][0]["invocations"][0]["executionSuccessful"] is False


def told(shown: Shown) -> dict[str, tuple[str, bool]]:
    def name(row: Result) -> str:
        return f"{row.check.id} {row.name}"

    return {name(row): (row.word, row.stops) for row in results(shown, whole=True).rows}


def test_every_movement_of_a_gate_has_its_word_and_stops_or_does_not() -> None:
    assert told(gates.every_movement()) == {
        "aws.cloudtrail.trail_logs_every_region aws_cloudtrail.main": ("control deleted", True),
        "aws.ec2.security_group_no_public_ssh aws_security_group.admin": ("failure made worse", True),
        "aws.s3.bucket_encrypted aws_s3_bucket.keyed": ("unknown", False),
        "aws.s3.bucket_encrypted module.shared.aws_s3_bucket.archive": ("failure as before", False),
        "aws.s3.bucket_not_public aws_s3_bucket.mended": ("fixed", False),
        "aws.s3.bucket_not_public aws_s3_bucket.prices": ("waived", False),
        "aws.s3.bucket_not_public aws_s3_bucket.sound": ("passes", False),
        'aws.s3.bucket_not_public module.data["eu"].aws_s3_bucket.this[0]': ("new failure", True),
    }


def test_a_failure_that_a_gate_does_not_list_stops_all_the_same() -> None:
    gate = replace(gates.every_movement(), changes=())
    assert {stops for word, stops in told(gate).values() if word in ("failure", "unknown")} == {True}


def test_what_is_less_severe_than_asked_for_stands_and_does_not_stop() -> None:
    run = replace(every_state(), fail_on="critical", exit_code=0, exit_reasons={})
    assert {name: (word, stops) for name, (word, stops) in told(run).items() if "fail" in word or stops} == {
        "aws.s3.bucket_encrypted arn:aws:s3:::invoices": ("failure below the threshold", False)
    }


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.sarif", "sarif"),
        ("junit.xml", "junit"),
        ("a.json", "json"),
        ("gl.gitlab.json", "gitlab"),
        ("x.md", "markdown"),
        ("pr.comment.md", "comment"),
        ("s.summary.md", "summary"),
        ("a.txt", "text"),
        ("a.github.txt", "github"),
        ("b.azure.txt", "azure"),
        ("report.pdf", None),
        ("json", None),
    ],
)
def test_the_longest_suffix_says_the_format(name: str, form: str | None) -> None:
    assert by_suffix(name) == form
