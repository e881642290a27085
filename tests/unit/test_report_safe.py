from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report.safe import safe

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)

HOSTILE = {
    "escape sequence": ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
    "one-byte control sequence introducer": ("\x9b31m", r"\x9b31m"),
    "line break": ("a\nPASS  everything", r"a\x0aPASS  everything"),
    "carriage return": ("real\rfake", r"real\x0dfake"),
    "backspace and delete": ("a\x08b\x7f", r"a\x08b\x7f"),
    "bidirectional override": ("gpj\u202eexe", r"gpj\u202eexe"),
    "bidirectional isolate": ("a\u2066b\u2069", r"a\u2066b\u2069"),
    "zero width": ("ad\u200bmin\ufeff", r"ad\u200bmin\ufeff"),
    "line separator": ("a\u2028b", r"a\u2028b"),
    "lone surrogate": ("a\ud800b", r"a\ud800b"),
    "tag characters": ("a\U000e0041", r"a\U000e0041"),
    "spaces that look like one": ("a\xa0b\u3000c", r"a\xa0b\u3000c"),
    "letters that show nothing": ("\u3164", r"\u3164"),
    "workflow command": ("::error file=a::b", r"\x3a:error file=a::b"),
    "workflow command without properties": ("a::STOP-commands::b", r"a\x3a:STOP-commands::b"),
    "workflow command of old": ("a ##[error]b", r"a \x23#[error]b"),
    "logging command": ("##vso[task.complete]", r"\x23#vso[task.complete]"),
    "stacked marks": ("e" + "\u0301" * 5, "e\u0301\u0301\u0301" + r"\u0301\u0301"),
}


@pytest.mark.parametrize(("name", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_what_a_terminal_would_obey_is_shown_as_its_escape(name: str, shown: str) -> None:
    assert safe(name) == shown


@pytest.mark.parametrize(
    "name",
    ["arn:aws:s3:::my-bucket", "AWS::S3::Bucket", "::/0", "## vso", "a::errors", "Größe 漢字 имя", "a\\b", "e\u0301"],
)
def test_harmless_names_stay_as_they_are(name: str) -> None:
    assert safe(name) == name


def test_a_name_of_64_kib_loses_its_middle_and_says_so() -> None:
    assert safe("x" * 65_536, 10) == "xxxxx…xxxxx (65,536 characters)"


@given(ANY_TEXT)
def test_no_text_keeps_a_character_that_acts(text: str) -> None:
    shown = safe(text)

    acting = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    assert all(character.isprintable() for character in shown)
    assert not acting
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(ANY_TEXT)
def test_two_names_that_differ_only_in_what_acts_are_still_told_apart(text: str) -> None:
    assert safe(text + "\u202e") != safe(text)
