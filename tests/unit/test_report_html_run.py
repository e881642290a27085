"""A run as a page: what every format of a run says, and nothing that acts."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from engine.model import Assessment
from engine.report import FORMATS, Options, summary
from engine.report.layout import counted
from tests.golden.assessments import every_state, sealed


def page(run: Assessment) -> str:
    return FORMATS["html"].render(run, Options())


def words(run: Assessment) -> str:
    """What a reader reads, white space folded."""
    body = page(run).partition("<body")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_it_says_what_failed_what_was_not_seen_and_why_it_is_no_success() -> None:
    text = words(sealed(every_state()))
    for said in (
        "NOT ANCHORED: the key's holder could have rewritten or removed this",
        "Exit 3: 1 failure at or above low is not waived",
        "Also 4: 3 verdicts are unknown",
        "Bucket invoices is not encrypted.",
        "Not seen: 1 missing permission and 1 other cause explain 3 unknown verdicts",
        "s3:GetBucketPolicy",
        "1 listing not complete, so there may be more: AWS::IAM::User in aws/111111111111/global.",
        "No control: CC1.1 Integrity and ethical values are set, lived and enforced.",
        "EXPIRED old-invoices : ended 2026-11-20, its failures count again",
        "SELF-APPROVED by ciso@example.com",
    ):
        assert said in text, said
    for tile in ("3 passed", "2 failed, waived or not", "1 of these waived", "3 unknown", "1 not applicable"):
        assert tile in text


def test_what_failed_and_what_was_not_seen_stand_before_criteria() -> None:
    sections = re.findall(r'<section id="(\w+)"', page(every_state()))
    assert sections == ["shown", "failures", "unseen", "criteria", "waivers", "next"]


@pytest.mark.parametrize("kind", ["adhoc", "demo"])
def test_a_page_of_what_was_not_recorded_says_so_first(kind: str) -> None:
    run = replace(every_state(), kind=kind, sealed=None)  # type: ignore[arg-type]
    said = {"adhoc": "Not recorded: this page is no evidence.", "demo": "DEMONSTRATION on recorded data"}[kind]
    assert words(run).index(said) < 120


def test_failures_that_are_all_waived_are_not_told_as_none() -> None:
    run = every_state()
    failing = [index for index, row in enumerate(run.findings) if row.verdict == "fail"]
    waiver = next(iter(run.waived.values()))
    waived = replace(run, waived=dict.fromkeys(failing, waiver))
    assert summary.fixes(waived) == ()
    told = f"{counted(len(failing), 'failure')} observed, all of them waived; the waivers are below."
    assert told in words(waived)
    assert "No failure was observed" not in words(waived)


def test_a_hostile_name_stays_text_and_nothing_loads_or_runs() -> None:
    name = '"><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>'
    run = every_state()
    rows = tuple(replace(row, subject=replace(row.subject, name=name), message=name) for row in run.findings)
    text = page(replace(run, findings=rows, organization=name))
    assert "<script" not in text.lower()
    assert "<img" not in text.lower()
    assert "\u202e" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=[\"'](?!#)", text)


def test_the_same_run_gives_the_same_page() -> None:
    assert page(every_state()) == page(every_state())
