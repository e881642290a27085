"""Every check that comes along: compiles, proves itself, and says one thing."""

from __future__ import annotations

import json
from functools import cache

import pytest

from engine.authoring.examples import case_of, mismatches, verdict, word
from engine.authoring.probes import probe
from engine.content.checks import CompiledCheck, compile_checks, document_of, ids
from engine.content.examples import examples_of
from engine.content.load import Content, load
from engine.content.root import find
from engine.content.validation import validator
from providers.tables import TYPES

CHECKS = sorted(ids(find()))


@cache
def content() -> Content:
    return load(find())


@cache
def compiled(id_: str) -> CompiledCheck:
    [check] = compile_checks([content().checks[id_]], content().types)
    return check


def test_there_are_checks() -> None:
    assert len(CHECKS) >= 66


def test_examples_get_the_verdicts_that_they_state() -> None:
    # A problem names its file.
    assert [str(problem) for id_ in CHECKS for problem in mismatches(compiled(id_), content().types)] == []


def test_the_verdict_alone_is_that_of_the_whole_finding() -> None:
    types = content().types
    words = {}
    for id_ in CHECKS:
        check = compiled(id_)
        for example in examples_of(check.check):
            case = case_of(check.check, example)
            alone = word(check, types, example, case)
            words[id_, example.name] = (alone, verdict(check, types, example, case).verdict)
    assert len(words) > 2 * len(CHECKS)
    assert {key: pair for key, pair in words.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("id_", CHECKS)
def test_no_null_is_an_error_and_no_verdict_stands_on_what_was_not_read(id_: str) -> None:
    assert [str(problem) for problem in probe(compiled(id_), content().types)] == []


def test_a_title_names_one_attribute() -> None:
    # Two attributes in one check are covered by one waiver and corrected by halves: make two checks.
    titles = {id_: content().checks[id_].title for id_ in CHECKS}
    assert {id_: title for id_, title in titles.items() if " and " in title.lower() or title.endswith(".")} == {}


def test_jsonschema_itself_accepts_each_file() -> None:
    judge = validator(json.loads(content().root.schema("check").read_bytes()))
    found = {
        id_: [error.message for error in judge.iter_errors(document_of(content().checks[id_]).value)] for id_ in CHECKS
    }
    assert {id_: messages for id_, messages in found.items() if messages} == {}


def test_what_is_joined_with_listings_and_nothing_else_goes_across_accounts() -> None:
    # Within an account such a relation would find nothing, and be unknown for ever.
    wrong = [
        (check.id, relation.name)
        for check in content().checks.values()
        for relation in check.related.values()
        if relation.across != (relation.resource_type in TYPES and check.resource_type not in TYPES)
    ]
    assert wrong == []


def test_titles_tell_checks_apart() -> None:
    titles = [check.title for check in content().checks.values()]
    assert sorted(set(titles)) == sorted(titles)
