"""The policy that comes along: 61 criteria in our own words, and controls that claim what their checks support."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from engine.content.load import Content, load
from engine.content.root import demonstration, find
from engine.content.validation import validator
from engine.judging.scope import PRESETS, applying, kinds
from engine.programme.standing import standing

CHECKOUT = Path(__file__).resolve().parents[2]
SHARED = CHECKOUT.parent / "shared"
SCHEMAS = sorted((CHECKOUT / "schemas").rglob("*.schema.json"))
KINDS = [
    ("criteria", "criteria.yaml"),
    ("organization", "organization.yaml"),
    *(("control", f"controls/{path.name}") for path in sorted((CHECKOUT / "policies" / "controls").glob("*.yaml"))),
]

# Checks that no control of the bundled policy names, each with why.
UNUSED: dict[str, str] = {
    "azure.compute.vm_placed": "that a machine is placed does not show that another one lies elsewhere",
    "azure.purview.account_present": "a catalogue that is merely there shows no search for confidential data",
}


@cache
def content() -> Content:
    return load(find())


def test_every_schema_is_json_schema_2020_12() -> None:
    schemas = {path.name: json.loads(path.read_bytes()) for path in SCHEMAS}
    assert len(schemas) > 200
    dialect = "https://json-schema.org/draft/2020-12/schema"
    assert [name for name, schema in schemas.items() if schema["$schema"] != dialect] == []
    judge = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    found = {name: [error.message for error in judge.iter_errors(schema)] for name, schema in schemas.items()}
    assert {name: messages for name, messages in found.items() if messages} == {}


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_jsonschema_itself_accepts_the_file(kind: str, name: str) -> None:
    schema = json.loads(content().root.schema(kind).read_bytes())
    value = yaml.safe_load((CHECKOUT / "policies" / name).read_bytes())
    assert [error.message for error in validator(schema).iter_errors(value)] == []


def test_the_policy_of_the_demonstration_is_valid_too() -> None:
    assert load(demonstration()).policy.controls == content().policy.controls


def test_the_61_criteria_are_there_once_in_the_order_of_the_framework() -> None:
    criteria = content().policy.criteria
    series: dict[str, int] = {}
    for criterion in criteria.values():
        series[criterion.series] = series.get(criterion.series, 0) + 1
        assert criterion.id == f"{criterion.series}.{series[criterion.series]}"
    assert series == {
        "CC1": 5, "CC2": 3, "CC3": 4, "CC4": 2, "CC5": 3, "CC6": 8, "CC7": 5, "CC8": 1, "CC9": 2,
        "A1": 3, "C1": 2, "PI1": 5,
        "P1": 1, "P2": 1, "P3": 2, "P4": 3, "P5": 2, "P6": 7, "P7": 1, "P8": 1,
    }  # fmt: skip
    assert len(criteria) == 61


@pytest.mark.skipif(not SHARED.is_dir(), reason="the catalogue of facts is not beside the checkout")
def test_the_facts_of_the_criteria_are_those_of_the_catalogue() -> None:
    facts = yaml.safe_load((SHARED / "catalogue" / "criteria.yaml").read_text())["criteria"]
    criteria = content().policy.criteria
    assert [row["id"] for row in facts] == list(criteria)
    for row in facts:
        criterion = criteria[row["id"]]
        assert (criterion.category, criterion.evidence, criterion.frequency) == (
            row["category"],
            row["evidence"],
            row["frequency"],
        )


def test_an_aspect_is_named_once_in_its_criterion() -> None:
    for criterion in content().policy.criteria.values():
        texts = list(criterion.aspects.values())
        assert len(set(texts)) == len(texts)
        assert all(not text.endswith(".") for text in texts)


def test_a_control_claims_no_criterion_that_none_of_its_checks_serves() -> None:
    checks = content().checks
    claims = {
        (control.id, id_)
        for control in content().policy.controls
        for id_ in control.criteria
        if not control.evidence
        and not any(
            id_ in checks[name].criteria
            for name in (*control.checks, *(n for group in control.alternatives for n in group if "." in n))
        )
    }
    assert claims == set()


def test_every_check_is_used_by_a_control_or_left_out_for_a_reason() -> None:
    controls = content().policy.controls
    used = {id_ for control in controls for id_ in control.checks}
    used |= {id_ for control in controls for group in control.alternatives for id_ in group}
    unused = content().checks.keys() - used
    # What is on the left: name it in a control of policies/controls, or say here why none does.
    assert (unused - set(UNUSED), set(UNUSED) - unused) == (set(), set())


def test_a_check_that_asks_for_one_vendors_product_is_only_an_alternative() -> None:
    products = {check.id for check in content().checks.values() if check.product is not None}
    assert products
    assert not products & {id_ for control in content().policy.controls for id_ in control.checks}


def test_what_one_product_passes_sets_no_failure_of_the_same_product_aside() -> None:
    checks = content().checks
    groups = [
        (control.id, [checks[id_].product for id_ in group if "." in id_])
        for control in content().policy.controls
        for group in control.alternatives
    ]
    assert groups
    # A check that asks for no product holds or fails whatever is in use: nothing else can take its place.
    assert [id_ for id_, products in groups if None in products or len(set(products)) < len(products)] == []


def test_whoever_uses_another_product_can_say_so_with_evidence() -> None:
    groups = [(control.id, group) for control in content().policy.controls for group in control.alternatives]
    assert [id_ for id_, group in groups if all("." in name for name in group)] == []


def test_most_controls_are_about_security() -> None:
    security = [control for control in content().policy.controls if control.criteria[0].startswith("CC")]
    assert len(security) >= 25


def test_the_bundled_organisation_sets_nothing_but_the_strict_rules() -> None:
    organization = content().policy.organization
    assert (organization.categories, organization.self_approval) == (("security",), False)
    assert (organization.parameters, organization.stated, organization.store) == ({}, {}, None)
    assert content().policy.waivers == ()


def test_the_example_of_a_waiver_in_the_readme_is_valid() -> None:
    readme = (CHECKOUT / "policies" / "README.md").read_text()
    block = readme[readme.index("    kind: ") : readme.index("Its id is the file's name")]
    value = yaml.load(block, Loader=yaml.BaseLoader)
    schema = json.loads(content().root.schema("waiver").read_bytes())
    assert [error.message for error in validator(schema).iter_errors(value)] == []


# --- the control set, and what people show ---------------------------------------------------------------------------

README = (CHECKOUT / "policies" / "README.md").read_text()
LACKING = {"CC2.1.log_collection", "CC6.6.outside_authentication"}
"""Aspects that no control addresses."""


def described() -> dict[str, str]:
    """The kinds of evidence that the README of the policies describes, each with its form."""
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (document|record|runs) \| .{10,} \|$", README, re.MULTILINE)
    assert len(dict(rows)) == len(rows)
    return dict(rows)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_criterion_of_every_preset_has_a_control(preset: str) -> None:
    policy, categories = content().policy, PRESETS[preset]
    served = {id_ for control in applying(policy.controls, policy.criteria, categories) for id_ in control.criteria}
    assert [row.id for row in policy.criteria.values() if row.category in categories and row.id not in served] == []


def test_the_controls_are_as_many_as_an_auditor_can_test_and_the_readme_counts_them() -> None:
    policy = content().policy
    counts = {name: len(applying(policy.controls, policy.criteria, chosen)) for name, chosen in PRESETS.items()}
    assert 55 <= counts["security"] <= 65
    assert counts["all"] <= 90
    rows = re.findall(r"^\| (\w+) \| ([a-z, ]+) \| (\d+) \|$", README, re.MULTILINE)
    assert {name: (chosen, int(count)) for name, chosen, count in rows} == {
        name: (", ".join(chosen).replace("_", " "), counts[name]) for name, chosen in PRESETS.items()
    }
    assert f"{counts['all']} controls, {counts['security']} of them for Security" in README


def test_the_aspects_that_no_control_addresses_are_few_and_named() -> None:
    policy = content().policy
    addressed = {aspect for control in policy.controls for aspect in control.aspects}
    assert {f"{row.id}.{name}" for row in policy.criteria.values() for name in row.aspects} - addressed == LACKING
    assert all(f"`{aspect}`" in README for aspect in LACKING)


def test_the_kinds_of_evidence_that_controls_name_are_those_that_the_readme_describes() -> None:
    assert set(described()) == kinds(content().policy.controls)


def test_every_kind_of_document_has_one_template_and_no_template_counts_for_anything() -> None:
    policy = content().policy
    documents = {kind for kind, form in described().items() if form == "document"}
    assert sorted(document.kind for document in policy.documents) == sorted(documents)
    on = date(2026, 11, 26)
    found = {kind: standing(kind, "GV-06", policy.records, policy.documents, on).state for kind in documents}
    assert set(found.values()) == {"template"}


def test_a_recurring_control_waits_for_records_since_a_document_has_no_occurrences() -> None:
    forms = described()
    waiting = {kind for control in content().policy.controls if control.occurs for kind in control.evidence}
    assert {kind for kind in waiting if forms[kind] != "record"} == set()


@pytest.mark.parametrize("path", sorted((CHECKOUT / "policies" / "documents").glob("*.md")), ids=lambda path: path.stem)
def test_a_template_is_short_and_says_what_to_fill_in(path: Path) -> None:
    _, head, body = path.read_text().split("---\n", 2)
    schema = json.loads(content().root.schema("document").read_bytes())
    value = yaml.load(head, Loader=yaml.BaseLoader)
    assert [error.message for error in validator(schema).iter_errors(value)] == []
    assert body.startswith(f"# {value['title']}\n")
    assert 150 <= len(body.split()) <= 450
    assert 1 <= len(re.findall(r"\[[^\]]+\]", body)) <= 18


def test_ids_that_became_part_of_another_control_are_used_no_more() -> None:
    ids = {control.id for control in content().policy.controls}
    part = README[README.index("Ids are never used again") : README.index("## Kinds of evidence")]
    retired = dict(re.findall(r"([A-Z]{2}-\d{2})\s\(([A-Z]{2}-\d{2})\)", part))
    assert len(retired) == 26
    assert not ids & retired.keys()
    assert set(retired.values()) <= ids
