"""Every check that comes along: compiles, proves itself, and says one thing."""

from __future__ import annotations

import json
from functools import cache

import pytest
from jsonschema.protocols import Validator

from engine import catalog
from engine.content.checks import CompiledCheck, compile_checks, document_of, ids
from engine.content.examples import examples_of
from engine.content.load import Content, load
from engine.content.root import find
from engine.content.validation import validator
from engine.examples import case_of, mismatches, verdict, word
from engine.probes import probe
from providers.tables import TYPES

CHECKS = sorted(ids(find()))


@cache
def content() -> Content:
    return load(find())


@cache
def judge() -> Validator:
    """jsonschema's own validator of a check."""
    return validator(json.loads(content().root.schema("check").read_bytes()))


@cache
def compiled(id_: str) -> CompiledCheck:
    [check] = compile_checks([content().checks[id_]], content().types)
    return check


def test_there_are_checks() -> None:
    assert len(CHECKS) >= 66


@pytest.mark.parametrize("id_", CHECKS)
def test_examples_get_the_verdicts_that_they_state(id_: str) -> None:
    assert [str(problem) for problem in mismatches(compiled(id_), content().types)] == []


@pytest.mark.parametrize("id_", CHECKS)
def test_the_verdict_alone_is_that_of_the_whole_finding(id_: str) -> None:
    check, types = compiled(id_), content().types
    for example in examples_of(check.check):
        case = case_of(check.check, example)
        assert word(check, types, example, case) == verdict(check, types, example, case).verdict


@pytest.mark.parametrize("id_", CHECKS)
def test_no_null_is_an_error_and_no_verdict_stands_on_what_was_not_read(id_: str) -> None:
    assert [str(problem) for problem in probe(compiled(id_), content().types)] == []


@pytest.mark.parametrize("id_", CHECKS)
def test_a_title_names_one_attribute(id_: str) -> None:
    # Two attributes in one check are covered by one waiver and corrected by halves: make two checks.
    title = content().checks[id_].title
    assert " and " not in title.lower()
    assert not title.endswith(".")


@pytest.mark.parametrize("id_", CHECKS)
def test_jsonschema_itself_accepts_the_file(id_: str) -> None:
    value = document_of(content().checks[id_]).value
    assert [error.message for error in judge().iter_errors(value)] == []


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


def test_the_catalogue_of_checks_is_current() -> None:
    """Made again by ``python -m engine.catalog``."""
    assert catalog.path(content()).read_text(encoding="utf-8") == catalog.catalogue(content())
