"""Where the data folders are: a checkout, an installed wheel, another policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.content.root import find
from engine.errors import UsageError
from tests.unit.data_folders import CHECKOUT, ORGANIZATION, write


def folders(base: Path) -> Path:
    """Data folders in ``base``, and a package beside them."""
    write(base / "schemas" / "check.schema.json", "{}")
    write(base / "policies" / "organization.yaml", ORGANIZATION)
    write(base / "policies" / "criteria.yaml", "framework: x\n")
    (base / "checks").mkdir()
    return base


def test_in_this_checkout_the_folders_beside_the_package_are_found() -> None:
    root = find()
    assert (root.checks, root.policies, root.schemas) == (
        CHECKOUT / "checks",
        CHECKOUT / "policies",
        CHECKOUT / "schemas",
    )


def test_a_wheel_carries_its_folders_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "engine"
    folders(package / "_data")
    # A folder of another distribution that happens to have the name of one of ours.
    (tmp_path / "site-packages" / "checks").mkdir()
    assert find(package=package).checks == package / "_data" / "checks"


def test_the_folders_beside_the_package_come_before_those_inside(tmp_path: Path) -> None:
    folders(tmp_path)
    package = tmp_path / "engine"
    folders(package / "_data")
    assert find(package=package).policies == tmp_path / "policies"


def test_another_policy_replaces_the_policies_alone(tmp_path: Path) -> None:
    package = folders(tmp_path / "base") / "engine"
    policy = tmp_path / "ours"
    write(policy / "organization.yaml", ORGANIZATION)
    root = find(policy, package)
    assert (root.policies, root.checks) == (policy, tmp_path / "base" / "checks")
    assert root.criteria == tmp_path / "base" / "policies" / "criteria.yaml"
    assert root.controls == policy / "controls"
    write(policy / "criteria.yaml", "framework: ours\n")
    assert find(policy, package).criteria == policy / "criteria.yaml"


@pytest.mark.parametrize(("policy", "says"), [("nowhere", "is not a folder"), ("empty", "holds no organization.yaml")])
def test_a_folder_that_is_no_policy_is_refused(tmp_path: Path, policy: str, says: str) -> None:
    package = folders(tmp_path) / "engine"
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=says):
        find(tmp_path / policy, package)


def test_an_installation_without_its_data_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="install auditreel again"):
        find(package=tmp_path / "engine")
