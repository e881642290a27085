from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.model import Assessment, Unread
from engine.report import Options, closing
from engine.report.markdown import LIMIT, code, prose, render
from tests.golden import assessments as made
from tests.golden.assessments import ENCRYPTED, PUBLIC, bucket, every_state, failed, sealed, unknown

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)

HOSTILE = {
    "link": "[click](http://evil.example)",
    "reference": "[a]: http://evil.example",
    "picture": "![x](http://evil.example/x.png)",
    "address": "http://evil.example www.evil.example",
    "mention": "@security-team please approve #12 GH-26 org/repo#3",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)><!--",
    "end of the span": "a` <b>x</b> ``` `",
    "end of the cell": "a | b | c \\| d",
    "heading": "# Everything passes",
    "line break": "a\n\n# Everything passes\n- [x] approved",
    "emphasis": "**bold** _italic_ ~~gone~~",
    "entity": "&lt;b&gt; &#64;team",
    "emoji": ":white_check_mark:",
    "list": "- 1. * +",
    "footnote": "[^1]",
    "formula": "$x$ $`y`$",
}  # fmt: skip


def tokens(text: str) -> Iterator[Token]:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for block in parser.parse(text):
        yield block
        yield from block.children or ()


def kinds(text: str) -> set[str]:
    return {token.type for token in tokens(text)}


def outside_code(text: str) -> str:
    return " ".join(token.content for token in tokens(text) if token.type == "text")


def called(name: str) -> Assessment:
    """Everything that comes from outside has this name."""
    item = replace(bucket("x"), id=name, name=name)
    rows = (
        replace(failed(ENCRYPTED, item), message=f"Bucket {name} is not encrypted."),
        unknown(PUBLIC, item, Unread("access_denied", name, name, name)),
    )
    waiver = replace(made.waiver(name, ENCRYPTED, [name], date(2027, 1, 1)), reason=name)
    states = tuple(replace(state, waiver=replace(waiver, id=name)) for state in every_state().waivers)
    return replace(sealed(every_state()), findings=rows, waived={}, organization=name, waivers=states)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(name: str) -> None:
    text = render(called(name), Options())
    plain = render(called("plain"), Options())

    assert kinds(text) <= kinds(plain)
    shape = [(token.type, token.level) for token in tokens(text) if token.type not in ("text", "code_inline", "inline")]
    same = [(token.type, token.level) for token in tokens(plain) if token.type not in ("text", "code_inline", "inline")]
    assert shape == same


@given(ANY_TEXT)
def test_no_text_acts(name: str) -> None:
    for text in (prose(name), code(name)):
        assert {token.type for token in tokens(f"- x {text}")} <= {token.type for token in tokens("- x `y`")}
        left = outside_code(f"- x {text}")
        assert not set(left) & set('<>[]`@#&*_~|$\\!{}=^"')
        assert "://" not in left
        assert "www." not in left


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bucket invoices is not encrypted.", "Bucket invoices is not encrypted."),
        ("The owner's read-only users (3) can't.", "The owner's read-only users (3) can't."),
        ("1,204 of 1,300 since 2026-11-23; n/a", "1,204 of 1,300 since 2026-11-23; n/a"),
        ("open to 0.0.0.0/0 (sg-1).", "open to `0.0.0.0/0` (`sg-1`)."),
        ("Größe 漢字", "Größe 漢字"),
        ("a  b", "a  b"),
        ("", ""),
    ],
)
def test_what_people_write_stays_readable(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_a_name_without_characters_is_said_to_be_none() -> None:
    assert code("") == "(no name)"


def full_of(name: str) -> Assessment:
    """More of everything than is shown, and all of it called ``name``."""
    run = sealed(every_state())
    checks = [made.check(f"aws.s3.check_{n}", name, "critical") for n in range(100)]
    findings = [
        replace(row, subject=replace(row.subject, name=f"{name}{n}"), message=name)
        for check in checks
        for n in range(10)
        for row in (failed(check, bucket("b")), unknown(check, bucket("b"), Unread("throttled", f"{name}{n}")))
    ]
    one = run.controls[0]
    controls = tuple(replace(one, control=replace(one.control, id=f"C-{n}", statement=name)) for n in range(200))
    return replace(
        run,
        findings=tuple(findings),
        waived={},
        controls=controls,
        criteria=tuple(replace(row, controls=controls) for row in run.criteria),
        waivers=tuple(replace(state, waiver=replace(state.waiver, id=name)) for state in run.waivers * 20),
    )


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("x", "and 850 failures of 85 more checks"),
        ("a name " * 200, "and 850 failures of 85 more checks"),
        ("\U000e0041 # " * 500, "and 970 failures of 97 more checks"),
    ],
    ids=["short", "long", "of nothing but escapes"],
)
def test_a_page_fits_into_a_comment_whatever_was_found(name: str, rest: str) -> None:
    text = render(full_of(name), Options())

    assert len(text) < LIMIT
    assert rest in text
    assert "### Next" in text


def test_a_demonstration_and_a_record_without_an_anchor_are_said_first() -> None:
    head = render(replace(sealed(every_state()), kind="demo"), Options()).partition("| pass")[0]

    assert closing.WATERMARK in head
    assert "NOT ANCHORED" in head


def test_every_reason_of_the_exit_code_is_said_its_own_first() -> None:
    lines = [
        line for line in render(every_state(), Options()).splitlines() if line.startswith(("- **Exit", "- **Also"))
    ]

    assert lines == [
        "- **Exit 3**: 1 failure at or above low is not waived",
        "- **Also 4**: 3 verdicts are unknown",
    ]


def test_what_is_incomplete_is_said_even_where_nothing_failed() -> None:
    run = every_state()
    text = render(replace(run, findings=(), waived={}, populations=(), controls=()), Options())

    assert "1 listing not complete, so there may be more: `AWS::IAM::User`" in text
    assert "### Failures" not in text


def test_what_is_next_follows_from_what_was_found() -> None:
    run = every_state()
    clean = replace(sealed(run), findings=(), waived={})

    def steps(of: Assessment) -> list[str]:
        return [command for command, _ in closing.next_commands(of)]

    assert steps(run) == ["auditreel explain aws.s3.bucket_encrypted", "auditreel permissions", "auditreel init"]
    assert steps(clean) == ["auditreel export --run 20261123T020011Z-1f2e3d4c"]
    assert steps(replace(clean, sealed=None)) == ["auditreel init"]
