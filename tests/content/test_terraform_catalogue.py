"""Every check that the catalogue of facts calls judgeable on a plan is driven by plans, or it is said why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from providers.terraform.aws import CATALOGUE
from tests.planned import CONTENT
from tests.unit import (
    test_terraform_verdicts,
    test_terraform_verdicts_ec2,
    test_terraform_verdicts_over_runs,
    test_terraform_verdicts_services,
)
from tests.unit.data_folders import CHECKOUT

FACTS = CHECKOUT.parent / "shared" / "catalogue" / "checks.yaml"
ALONE = (test_terraform_verdicts, test_terraform_verdicts_ec2, test_terraform_verdicts_services)
"""The tables of checks that a plan is judged by alone; a further service brings its own."""
NOT_DRIVEN: Mapping[str, str] = {}
"""Checks that the catalogue calls judgeable on a plan and that no plan drives, with why."""

pytestmark = pytest.mark.skipif(not FACTS.is_file(), reason="the catalogue of facts is not beside the checkout")


def judgeable() -> dict[str, Any]:
    """The catalogue's checks of AWS that it calls judgeable on a plan of mapped types, with the Terraform types."""
    rows = yaml.safe_load(FACTS.read_text())["checks"]
    return {
        row["id"]: set(row["terraform"]["resource_types"])
        for row in rows
        if row["provider"] == "aws" and row["terraform"]["judgeable"] in ("yes", "partial")
    }


def driven() -> set[str]:
    """The checks that plans drive to pass and to fail, alone or over what a run read."""
    return {id_ for module in ALONE for id_ in module.PAIRS} | set(test_terraform_verdicts_over_runs.OVER)


def test_every_judgeable_check_of_what_is_mapped_is_driven_or_has_a_reason() -> None:
    mapped = {
        id_
        for id_, types in judgeable().items()
        if types & CATALOGUE.types and id_ in CONTENT.checks and CONTENT.checks[id_].resource_type in CATALOGUE.fills
    }
    assert mapped - driven() == set(NOT_DRIVEN)


def test_every_terraform_type_that_the_catalogue_names_for_what_is_driven_is_read() -> None:
    named = {type_ for id_, types in judgeable().items() if id_ in driven() for type_ in types}
    assert named - CATALOGUE.types == set()


def test_what_is_driven_are_checks() -> None:
    assert driven() - set(CONTENT.checks) == set()
