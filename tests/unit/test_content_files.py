"""YAML as data files write it: values, places, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.content.files import LARGEST, MOST, before, dotted, parse, read
from engine.errors import Problem

PATH = Path("data.yaml")


def value(source: bytes | str) -> Any:
    problems: list[Problem] = []
    document = parse(PATH, source.encode() if isinstance(source, str) else source, problems)
    assert problems == []
    assert document is not None
    return document.value


def faults(source: bytes | str) -> list[tuple[int, int, str]]:
    problems: list[Problem] = []
    assert parse(PATH, source.encode() if isinstance(source, str) else source, problems) is None
    return [(problem.line, problem.column, problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        (str(MOST), MOST),
        ("1.5", 1.5),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("2026-11-23", "2026-11-23"),
        ("2026-11-23T02:00:00Z", "2026-11-23T02:00:00Z"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("'012'", "012"),
        ('"true"', "true"),
        ("aws:kms", "aws:kms"),
        ("-", None),
        ("a b", "a b"),
    ],
)
def test_plain_scalars_are_read_as_yaml_1_2_does(written: str, read_as: Any) -> None:
    if written == "-":
        assert value("[-1, '-']") == [-1, "-"]
    else:
        assert value(f"key: {written}\n") == {"key": read_as}
        assert type(value(f"key: {written}\n")["key"]) is type(read_as)


@pytest.mark.parametrize(
    ("source", "line", "column", "says"),
    [
        ("a: 1\na: 2", 2, 1, "is there twice"),
        ("a: {b: 1, b: 2}", 1, 11, "is there twice"),
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("a: &x [1]\nb: *x", 2, 4, "aliases (*name) are not used"),
        ("&a [*a]", 1, 5, "aliases (*name) are not used"),
        ("a: *x", 1, 4, "undefined alias"),
        ("a: 012", 1, 4, "quote it"),
        ("account: 012345678901", 1, 10, "quote it"),
        ("a: 0x1F", 1, 4, "quote it"),
        ("a: 0o17", 1, 4, "quote it"),
        ("a: 1_000", 1, 4, "quote it"),
        ("a: .inf", 1, 4, "quote it"),
        ("a: .nan", 1, 4, "quote it"),
        ("a: 1e999", 1, 4, "too large"),
        (f"a: {MOST + 1}", 1, 4, "beyond 2^53"),
        ("a: " + "9" * 5000, 1, 4, "beyond 2^53"),
        ("1: x", 1, 1, "a key is not text"),
        ("true: x", 1, 1, "a key is not text"),
        ("[a]: x", 1, 1, "a key is not text"),
        ("? {a: b}\n: c", 1, 3, "a key is not text"),
        ("a: !!str 1", 1, 4, "tags"),
        ("a: !!python/object/apply:os.system [id]", 1, 4, "tags"),
        (b"ok: 1\na: \xff", 2, 4, "is not UTF-8: byte 0xff"),
        (b"a: \xed\xa0\x80", 1, 4, "is not UTF-8"),
        (b"a: x\x00", 1, 5, "U+0000"),
        (b"a: \x1b[31m", 1, 4, "U+001B"),
        ('a: "\\0"', 1, 4, "U+0000"),
        ('a: "\\ud800"', 1, 7, "Unicode"),
        ("---\na: 1\n---\nb: 2", 3, 1, "single document"),
        ("a: [1", 1, 6, "flow sequence"),
        ("a: b: c", 1, 5, "mapping values"),
        ("\ta: 1", 1, 1, "token"),
        ("x" * (LARGEST + 1), 1, 1, "larger than"),
    ],
)
def test_what_is_refused_is_located(source: bytes | str, line: int, column: int, says: str) -> None:
    [(at_line, at_column, message)] = faults(source)
    assert (at_line, at_column) == (line, column)
    assert says in message


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "? " * 2_000,
        "[" * 4_000,
        "{a: " * 60 + "1" + "}" * 60,
        "\n".join(" " * depth + "a:" for depth in range(60)),
    ],
    ids=["flow", "block", "keys", "keys within the parser's reach", "flow within reach", "objects", "indented"],
)
def test_deep_nesting_is_a_located_problem_and_no_crash(bomb: str) -> None:
    for _, _, message in faults(bomb):
        assert "nested deeper than 32 levels" in message or "not text" in message


def test_an_alias_bomb_is_refused_without_expanding_it() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    messages = faults("\n".join(lines))
    assert len(messages) == 9 * 19
    assert all("aliases" in message for _, _, message in messages)


def test_nothing_of_a_hostile_key_reaches_a_terminal_as_it_is() -> None:
    problems: list[Problem] = []
    assert parse(PATH, b'"\\e[2J\\n": 1\n"\\e[2J\\n": 2\n', problems) is None
    assert [str(problem) for problem in problems] == ["data.yaml:2:1: \\x1b[2J\\n: is there twice"]
    document = parse(PATH, b'"\\e[2J": 1', [])
    assert document is not None
    assert str(document.problem(("\x1b[2J",), "no \x1b[2J")).isprintable()


def test_every_problem_of_a_file_is_told_at_once() -> None:
    assert [(line, column) for line, column, _ in faults("a: 012\nb: {c: 1, c: 2}\n3: x\n")] == [
        (1, 4),
        (2, 11),
        (3, 1),
    ]


def test_a_byte_order_mark_moves_nothing() -> None:
    problems: list[Problem] = []
    document = parse(PATH, b"\xef\xbb\xbfkey: value", problems)
    assert document is not None
    assert document.value == {"key": "value"}
    assert document.problem(("key",), "m") == Problem(PATH, 1, 6, "key", "m")


@pytest.mark.parametrize(
    ("source", "line", "column", "at"),
    [
        ("e: resource.x == 1", 1, 10, (1, 13)),
        ("e: 'resource.x == 1'", 1, 10, (1, 14)),
        ("e: \"resource.x == 'a'\"", 1, 15, (1, 19)),
        ("e: 'a == ''b'' || c'", 1, 13, (1, 19)),
        ("e: |\n  first &&\n    second", 2, 3, (3, 5)),
        ("e: >-\n  first &&\n  second", 1, 10, (3, 3)),
        ("e: # comment\n  plain &&\n  second", 1, 10, (3, 3)),
        ("- e: x\n  e2: y", 1, 1, (1, 1)),
        ('e: "a\\n  bcd"', 2, 4, (1, 11)),
        ("e: ab", 1, 3, (1, 6)),
        ("e: 'ä ö' # x", 1, 3, (1, 7)),
        ("e: |2\n   indented\n  second", 1, 2, (2, 4)),
    ],
)
def test_a_place_inside_a_text_is_found_in_the_file(source: str, line: int, column: int, at: tuple[int, int]) -> None:
    document = parse(PATH, source.encode(), [])
    assert document is not None
    problem = document.spot_problem(("e",), line, column, "m")
    assert (problem.line, problem.column) == at


def test_a_missing_key_is_placed_at_what_should_hold_it() -> None:
    document = parse(PATH, b"a:\n  - {b: 1}\n", [])
    assert document is not None
    assert document.problem(("a", 0, "c"), "m") == Problem(PATH, 2, 5, "a[0].c", "m")
    assert document.key_problem(("a", 0, "b"), "m") == Problem(PATH, 2, 6, "a[0].b", "m")


def test_keys_are_written_as_a_path() -> None:
    assert dotted(("examples", 0, "resource", "tags")) == "examples[0].resource.tags"
    assert dotted((0, "a")) == "[0].a"


def test_what_is_no_readable_file_is_a_problem(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.yaml"
    os.mkfifo(fifo)
    problems: list[Problem] = []
    assert read(fifo, problems) is None
    assert read(tmp_path, problems) is None
    assert read(tmp_path / "none.yaml", problems) is None
    assert [problem.message for problem in problems] == [
        "is not a regular file",
        "is not a regular file",
        "cannot be read: No such file or directory",
    ]


@given(st.binary(max_size=200) | st.text(alphabet="ab:-{}[]'\"|>&*!#%? \n\t0.", max_size=80).map(str.encode))
def test_any_bytes_end_as_a_value_or_as_located_problems(source: bytes) -> None:
    problems: list[Problem] = []
    document = parse(PATH, source, problems)
    assert (document is None) == bool(problems)
    lines = source.count(b"\n") + source.count(b"\r") + source.count("\x85".encode()) + 8
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems)


_LEAVES = st.none() | st.booleans() | st.integers(-MOST, MOST) | st.text(max_size=20)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@given(st.dictionaries(st.text(max_size=8), _JSON, max_size=5))
def test_json_is_read_as_json_reads_it(written: dict[str, Any]) -> None:
    source = json.dumps(written).encode()
    problems: list[Problem] = []
    document = parse(PATH, source, problems)
    if document is None:
        # JSON escapes what YAML refuses: NUL, and surrogates by halves (which json.dumps writes for wide characters).
        assert b"\\u" in source
    else:
        assert document.value == written


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("a: 1\nexamples:\n  - x\n", "a: 1\n"),
        ("a: 1\nexamples:\n- x\n- y: 2\n  z: 3\n\n# the last\n", "a: 1\n"),
        ("a: >-\n  text\n\nexamples:\n  - examples:\n", "a: >-\n  text\n\n"),
        ("examples:\n  - x\na: 1\n", None),  # nothing stands before
        ("a: 1\nexamples:\n  - x\na: 2\n", None),  # a second a, which is refused when the file is read whole
        ("a: 1\nexamples:\n  - x\nexamples:\n  - y\n", None),
        ("a: 1\nexamples:\n  - x\n---\na: 2\n", None),  # another document
        ("a: 1\nexamples:\n  - x\n...\n", None),
        ("a: 1\nexamples:\n  - x\n? b\n: 2\n", None),
        ("a: 1\nexamples:\n  - x\n\tb: 2\n", None),
        ("a: 1\nexamples:\r\n  - x\r\na: 2\r\n", None),
        ("a: 1\nexamples: [x]\n", None),
        ("a: 1\n", None),
    ],
)
def test_what_stands_before_a_last_key_is_told_only_where_nothing_after_it_can_matter(
    text: str, head: str | None
) -> None:
    found = before("examples", text.encode())
    assert (None if found is None else found.decode()) == head
