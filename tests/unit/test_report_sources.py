from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.report.hcl import Block, blocks
from engine.report.sources import Address, Line, Sources, parsed, read

TRAPS = {
    "line comments": ('# resource "a" "b" {\n// resource "a" "c" {\n', []),
    "a comment over lines": ('/* resource "a" "b" {\n}\n*/ resource "a" "c" {\n}', [("a", "c", 3, 4)]),
    "a brace in a string": ('resource "a" "b" {\n  x = "}"\n}\n', [("a", "b", 1, 3)]),
    "a quote in a string": ('resource "a" "b" {\n  x = "\\"}"\n}\n', [("a", "b", 1, 3)]),
    "a template in a template": (
        'resource "a" "b" {\n  x = "${f("${g("}")}")}"\n}\nresource "a" "c" {}\n',
        [("a", "b", 1, 3), ("a", "c", 4, 4)],
    ),
    "a template's escape": ('resource "a" "b" {\n  x = "$${ }"\n}\n', [("a", "b", 1, 3)]),
    "a directive": ('resource "a" "b" {\n  x = "%{ if y }}%{ endif }"\n}\n', [("a", "b", 1, 3)]),
    "a heredoc": ('resource "a" "b" {\n  x = <<EOT\nresource "a" "no" {\nEOT\n}\n', [("a", "b", 1, 5)]),
    "an indented heredoc": ('resource "a" "b" {\n  x = <<-E\n  }\n  E\n}\n', [("a", "b", 1, 5)]),
    "carriage returns": ('resource "a" "b" {\r\n  x = <<E\r\n}\r\nE\r\n}\r\n', [("a", "b", 1, 5)]),
    "blocks in it": ('resource "a" "b" {\n  c {\n    resource "a" "no" {\n    }\n  }\n}\n', [("a", "b", 1, 6)]),
    "a heading without quotes": ("resource a b {\n}\n", [("a", "b", 1, 2)]),
    "what was not closed": ('resource "a" "b" {\n}\nresource "a" "c" {\n', [("a", "b", 1, 2)]),
    "a brace too many": ('resource "a" "b" {\n}\n}\nresource "a" "c" {\n}\n', [("a", "b", 1, 2)]),
    "an object": ('x = {\n  resource = "a"\n}\nresource "a" "b" {\n}', [("a", "b", 4, 5)]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TRAPS.values(), ids=TRAPS)
def test_only_blocks_at_the_top_are_found_and_on_their_lines(
    text: str, expected: list[tuple[str, str, int, int]]
) -> None:
    found = [(*block.labels, block.first, block.last) for block in blocks(text) if block.kind == "resource"]
    assert found == expected


def test_the_source_of_a_module_is_its_own_literal_argument() -> None:
    text = (
        'module "a" {\n  providers = { source = "no" }\n  source = "./a" # here\n}\n'
        'module "b" {\n  source = "./${var.x}"\n}\nmodule "c" { source = "./c" }\n'
    )
    assert blocks(text) == (
        Block("module", ("a",), 1, 4, "./a"),
        Block("module", ("b",), 5, 7, None),
        Block("module", ("c",), 8, 8, "./c"),
    )


@given(st.text(st.sampled_from(list('"{}$%\\\n<>-EOT resource "a"#/*=[](')), max_size=80))
def test_no_text_breaks_the_scanner(text: str) -> None:
    assert all(1 <= block.first <= block.last <= text.count("\n") + 1 for block in blocks(text))


def test_templates_within_templates_are_as_deep_as_they_like() -> None:
    deep = '"${' * 20_000
    assert blocks(f'resource "a" "b" {{\n}}\nx = {deep}') == (Block("resource", ("a", "b"), 1, 2),)


ADDRESSES = {
    "aws_s3_bucket.logs": Address((), "resource", "aws_s3_bucket", "logs"),
    "aws_s3_bucket.logs[0]": Address((), "resource", "aws_s3_bucket", "logs"),
    'aws_s3_bucket.logs["a.b/c]\\"d"]': Address((), "resource", "aws_s3_bucket", "logs"),
    "data.aws_iam_policy_document.x": Address((), "data", "aws_iam_policy_document", "x"),
    'module.a["x.y"].module.b[1].aws_s3_bucket.c': Address(("a", "b"), "resource", "aws_s3_bucket", "c"),
    "module.module.data.a.b": Address(("module",), "data", "a", "b"),
    "module.a": None,
    "arn:aws:s3:::logs": None,
    "aws_s3_bucket.logs.": None,
    "a..b": None,
    "": None,
}


@pytest.mark.parametrize(("name", "expected"), ADDRESSES.items())
def test_an_address_is_read_to_its_end_or_not_at_all(name: str, expected: Address | None) -> None:
    assert parsed(name) == expected


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def configuration(tmp_path: Path) -> Sources:
    folder = written(
        tmp_path / "repository" / "infra" / "live",
        {
            "a_override.tf": 'resource "t" "base" {\n  x = 1\n}\n',
            "main.tf": 'module "near" {\n  source = "../near"\n}\nmodule "far" {\n  source = "registry/far/x"\n}\n'
            'module "out" {\n  source = "../../../out"\n}\n',
            "z.tf": '\nresource "t" "base" {\n}\n',
            "new.tofu": 'resource "t" "tofu" {\n}\n',
            "../near/near.tf": 'module "deep" {\n  source = "./deep"\n}\nresource "t" "one" {\n}\n',
            "../near/deep/d.tf": '\n\ndata "t" "two" {\n}\n',
            ".terraform/modules/far/far.tf": 'resource "t" "three" {\n}\n',
            "../../../out/x.tf": 'resource "t" "x" {\n}\n',
            "elsewhere/no.tf": 'resource "t" "elsewhere" {\n}\n',
        },
    )
    return read(folder, "infra/live")


PLACES = {
    "t.base": Line("infra/live/z.tf", 2, 3),
    "t.tofu": Line("infra/live/new.tofu", 1, 2),
    'module.near["x"].t.one[0]': Line("infra/near/near.tf", 4, 5),
    "module.near.module.deep.data.t.two": Line("infra/near/deep/d.tf", 3, 4),
    "module.far.t.three": Line("infra/live/main.tf", 4, 6, called=True),
    "module.out.t.x": Line("infra/live/main.tf", 7, 9, called=True),
    "module.near.t.made_by_nobody": Line("infra/live/main.tf", 1, 3, called=True),
    "module.unknown.t.x": Line("infra/live/main.tf"),
    "t.elsewhere": Line("infra/live/main.tf"),
    "no address": Line("infra/live/main.tf"),
}


@pytest.mark.parametrize(("name", "expected"), PLACES.items())
def test_a_resource_is_found_through_its_modules_else_what_calls_them(
    configuration: Sources, name: str, expected: Line
) -> None:
    assert configuration.place(name) == expected


def test_without_main_tf_one_begins_with_the_first_file(tmp_path: Path) -> None:
    assert read(written(tmp_path, {"b.tf": "", "a.tf": ""}), "").place("t.x") == Line("a.tf")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        read(tmp_path / "none", "")


def test_a_module_that_calls_itself_is_read_once(tmp_path: Path) -> None:
    found = read(written(tmp_path, {"main.tf": 'module "a" {\n  source = "./"\n}\nresource "t" "x" {\n}\n'}), "")
    assert found.place("module.a.module.a.t.x") == Line("main.tf", 4, 5)
