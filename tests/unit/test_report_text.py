from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model import Assessment, LeftOut, Scope
from engine.programme.model import Occurrence, Standing
from engine.report import FORMATS, Options
from engine.report.layout import cells
from tests.golden import assessments as made
from tests.golden.assessments import ENCRYPTED, bucket, every_state, sealed

FORBIDDEN = re.compile(r"\b(effective|compliant|compliance|proved|proven|exceptions?|scores?)\b|%", re.IGNORECASE)
SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")


def text(run: Assessment, width: int = 100, color: bool = False) -> str:
    return FORMATS["text"].render(run, Options(width, color))


@pytest.mark.parametrize("run", [every_state(), sealed(every_state())], ids=["not recorded", "sealed"])
def test_no_word_of_an_opinion_is_printed(run: Assessment) -> None:
    assert FORBIDDEN.findall(text(run)) == []


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_demonstration_is_called_that_in_whole_however_narrow_the_terminal(width: int) -> None:
    shown = " ".join(text(replace(every_state(), kind="demo"), width).split())
    assert shown.startswith("DEMONSTRATION on recorded data of a fictional company. Not evidence of anything. ")


@pytest.mark.parametrize("width", [60, 70, 79, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cells, text(sealed(every_state()), width).splitlines())) <= min(width, 120)


def test_colours_repeat_words_and_add_nothing() -> None:
    run = every_state()

    assert SEQUENCE.sub("", text(run, color=True)) == text(run)
    assert "\x1b" not in text(run)


def test_a_criterion_never_stands_without_its_title() -> None:
    lines = [line for line in text(every_state()).splitlines() if "CC6.1" in line]

    assert lines
    assert all("CC6.1 Logical access protections guard information assets" in line for line in lines)


def test_failures_do_not_hide_that_a_control_is_incomplete() -> None:
    row = next(line for line in text(every_state(), 120).splitlines() if line.startswith("  ENC-02"))

    assert re.split(r"\s{2,}", row.strip()) == [
        "ENC-02 Nothing that we store can be read by the public.",
        "failures, incomplete",
        *"22121",
    ]


def test_a_listing_that_failed_makes_the_population_an_at_least() -> None:
    lines = text(every_state()).splitlines()

    after = lines[next(i for i, line in enumerate(lines) if line.startswith("  aws.iam.user_in_group")) + 1]
    assert after == "    population at least 0: not all could be listed"


def test_a_complete_listing_of_nothing_says_none_exist_and_passes_nothing() -> None:
    lines = text(every_state()).splitlines()
    index = next(i for i, line in enumerate(lines) if line.startswith("  aws.efs.backup_enabled"))

    assert lines[index].split() == ["aws.efs.backup_enabled", "0", "0", "0", "0", "0"]
    assert lines[index + 1] == "    none exist: AWS::EFS::FileSystem"


def test_the_last_lines_say_what_to_do_next_and_what_was_waived() -> None:
    assert text(every_state()).splitlines()[-4:] == [
        "Next      auditreel explain aws.s3.bucket_encrypted  why it matters, and how to fix it",
        "          auditreel permissions                      what to grant, so that everything is seen",
        "          auditreel init                             a store, so that runs become evidence",
        "not recorded · 1 failure waived",
    ]


@pytest.mark.parametrize(
    ("verdicts", "next_"),
    [
        (("fail", "unknown", "pass"), "auditreel explain aws.s3.bucket_encrypted"),
        (("unknown", "pass"), "auditreel permissions"),
        (("pass",), "auditreel init"),
    ],
)
def test_the_next_command_is_the_one_that_helps_most(verdicts: tuple[str, ...], next_: str) -> None:
    makers: dict[str, Any] = {
        "fail": lambda: made.failed(ENCRYPTED, bucket("a")),
        "unknown": lambda: made.unknown(ENCRYPTED, bucket("b")),
        "pass": lambda: made.finding(ENCRYPTED, bucket("c"), "pass"),
    }
    run = replace(every_state(), findings=tuple(makers[verdict]() for verdict in verdicts), waived={})

    assert re.search(rf"^Next      {next_}  ", text(run), re.MULTILINE)


def test_a_sealed_run_names_store_head_and_that_nobody_vouches_for_the_time() -> None:
    shown = re.sub(r"\s+", " ", text(sealed(every_state())))

    assert "run 20261123T020011Z-1f2e3d4c in evidence, 9 records." in shown
    assert "NOT ANCHORED: the key's holder could have rewritten or removed this." in shown
    assert f"Head 42 {'7f' * 32}" in shown
    assert "not recorded" not in shown


@pytest.mark.parametrize(
    ("anchored", "said"),
    [
        (None, "NOT ANCHORED: the key's holder could have rewritten or removed this."),
        (
            {"at": "2026-11-23T02:01:00Z", "authority": "Example Time Ltd"},
            "to 2026-11-23T02:01:00Z by Example Time Ltd.",
        ),
    ],
)
def test_how_a_run_is_anchored_is_never_cut_short(anchored: Any, said: str) -> None:
    run = sealed(every_state())
    deep = {**(run.sealed or {}), "store": "/srv" + "/evidence-of-a-year" * 30, "anchored": anchored}
    assert said in " ".join(text(replace(run, sealed=deep), 80).split())


def test_a_run_that_could_not_be_sealed_says_so_and_not_that_nobody_asked() -> None:
    run = replace(every_state(), exit_code=5, exit_reasons={5: "writing: no space left on device"})

    assert text(run).splitlines()[-1].startswith("NOT SEALED")


def test_a_demonstration_is_marked_in_its_first_and_its_last_line() -> None:
    lines = text(replace(every_state(), kind="demo")).splitlines()

    assert lines[0] == "DEMONSTRATION on recorded data of a fictional company. Not evidence of anything."
    assert lines[-1].startswith("DEMO · not recorded")


def test_expired_unmatched_and_uncommitted_waivers_are_told_and_unselected_ones_are_not() -> None:
    lines = text(every_state(), 120).splitlines()
    start = lines.index("Waivers") + 1
    block = lines[start : lines.index("", start)]

    assert [line[:10].strip() for line in block] == ["EXPIRED", "NO EFFECT", "UNMATCHED", "NOT YET", "in force"]
    assert "SELF-APPROVED by ciso@example.com (asserted)" in block[-1]


def test_every_region_that_is_not_enabled_is_named() -> None:
    run = every_state()
    names = ("ap-east-1", "eu-west-1", "eu-west-3", "me-south-1")
    off = tuple(LeftOut(Scope("aws", made.ACCOUNT, name), name, "not opted in") for name in names)

    shown = text(replace(run, snapshot=replace(run.snapshot, left_out=off)))

    assert "Regions not enabled, so not read: ap-east-1, eu-west-1/3, me-south-1." in shown


HOSTILE = st.text(st.characters(codec=None), min_size=1, max_size=40) | st.just("\x1b[2J" * 16_384)


@settings(max_examples=30, deadline=None)
@given(HOSTILE)
def test_no_name_can_write_on_the_screen(name: str) -> None:
    run = every_state()
    item = replace(bucket("x"), id=name, name=name, account=name, region=name)
    scope = Scope("aws", name, name)
    failure = replace(made.failed(ENCRYPTED, item), message=f"Bucket {name} is not encrypted.")
    waiver = replace(run.waivers[0].waiver, id=name, owner=name)
    hostile = replace(
        run,
        organization=name,
        findings=(failure, made.unknown(ENCRYPTED, item, replace(made.DENIED, permission=name))),
        snapshot=replace(run.snapshot, scopes=(scope,), left_out=(LeftOut(scope, name, name),), identity={"arn": name}),
        waivers=tuple(replace(state, waiver=waiver) for state in run.waivers),
    )

    shown = text(hostile)

    # Every line break is one of ours: the page is as long as its lines, whatever the names hold.
    assert all(character.isprintable() for line in shown.split("\n") for character in line)
    assert max(map(cells, shown.split("\n"))) <= 100
    assert len(shown) < 20_000
    shown.encode("utf-8")


def test_controls_that_the_filters_left_out_are_counted_and_not_shown_as_without_evidence() -> None:
    run = every_state()
    encryption, public = run.criteria[2].controls[:2]
    left_out = replace(encryption, word="no_evidence", checks=(), not_run=encryption.checks)
    in_part = replace(public, not_run=("aws.s3.bucket_policy_not_public",))
    criteria = (replace(run.criteria[2], controls=(left_out, in_part)),)

    lines = text(replace(run, criteria=criteria)).splitlines()

    assert not any(line.startswith("  ENC-01") for line in lines)
    assert "The filters select no check of 1 more control and only some checks of 1 control above." in lines


def quarter(number: int, state: Any) -> Occurrence:
    return Occurrence(f"2026-Q{number}", date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 30), state)


def by_hand(**fields: Any) -> list[str]:
    """The screen of a run with one control, which no check judges."""
    run = every_state()
    shown: dict[str, Any] = {
        "checks": (),
        "passed": 0,
        "failed": 0,
        "waived": 0,
        "unknown": 0,
        "not_applicable": 0,
        **fields,
    }
    control = replace(run.criteria[2].controls[0], **shown)
    return text(replace(run, criteria=(replace(run.criteria[2], controls=(control,)),))).splitlines()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"standings": (Standing("access_policy", "template", "access"), Standing("training", "absent"))},
        {"occurrences": (quarter(3, "absent"),)},
    ],
    ids=["nothing", "a template", "nothing ever recorded"],
)
def test_controls_of_which_there_is_no_evidence_are_told_in_one_line(fields: Any) -> None:
    lines = by_hand(word="no_evidence", **fields)
    assert not any(line.startswith("  ENC-01") for line in lines)
    assert "Nothing was read or recorded that shows 1 control: ENC-01." in lines
    assert any(re.match(r"CC6.1 .* 1 without evidence$", line) for line in lines)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"word": "no_evidence", "standings": (Standing("training", "expired", "t"),)}, "no evidence .*1 expired"),
        (
            {
                "word": "failures_observed",
                "occurrences": (quarter(1, "on_time"), quarter(2, "absent"), quarter(3, "absent")),
            },
            "failures observed .*1 on time, 2 absent",
        ),
    ],
)
def test_how_peoples_evidence_stands_is_told_in_the_place_of_counts(fields: Any, shown: str) -> None:
    assert any(re.match(rf"  ENC-01 .*{shown}$", line) for line in by_hand(**fields))
