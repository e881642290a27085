"""A leaver whose access stayed, from the roster to the bundle: found, mended, and named to nobody who need not know."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from engine.content.load import load
from engine.content.root import find
from engine.custody.handover import export
from engine.custody.rejudging import replay
from engine.custody.upkeep import initialise
from engine.custody.verification import verify
from engine.errors import ContentError
from engine.model import Assessment, Clock
from engine.run.pipeline import run
from engine.run.preflight import planned
from engine.run.request import RunRequest
from tests.emulators.aws_wire import AwsWire
from tests.tables import NOW, edit, example, organization

CLOCK = Clock(lambda: NOW, lambda: 0.0, lambda seconds: None)
ACCOUNT = "123456789012"
PLANTED = ("Ada Lund", "Bo Chen", "Cy Diaz", "bo@example.com", "cy@example.com", "Kim Extractor")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The policy folder that comes along, with the listings of docs/tables.md."""
    folder = tmp_path / "policies"
    source = find().policies
    for path in (*source.rglob("*.yaml"), *source.rglob("*.md")):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    example(folder / "tables")
    told(folder, **organization())
    return folder


def told(folder: Path, **settings: Any) -> None:
    file = folder / "organization.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **settings}))


def scanned(policy: Path, **more: Any) -> Assessment:
    home = policy.parent
    asked = {"store": str(home / "store"), "checks": ("tables.*",), "resume_within": 0, **more}
    return run(RunRequest(config=home / "config", policy=policy, **asked), CLOCK)


def failing(assessment: Assessment) -> set[tuple[str, str]]:
    return {(f.check.id, f.subject.name) for f in assessment.findings if f.verdict == "fail"}


def words(assessment: Assessment) -> dict[str, str]:
    return {row.control.id: row.word for row in assessment.controls if row.control.id in ("AC-16", "AC-17")}


def test_a_leaver_whose_access_stayed_fails_until_it_is_gone_and_the_bundle_names_nobody(
    policy: Path, aws_env: AwsWire
) -> None:
    home = policy.parent
    initialise(str(home / "store"), home / "config")
    for name in ("Ada", "cy@example.com"):
        boto3.client("iam").create_user(UserName=name)
    before = scanned(policy)
    assert failing(before) == {
        ("tables.people.leaver_accounts_disabled", "Cy Diaz"),
        ("tables.aws.iam_user_owner_present", "cy@example.com"),
        ("tables.devices.owner_present", "D-3"),
    }
    (stayed,) = [f.message for f in before.findings if f.check.id.endswith("leaver_accounts_disabled") and f.message]
    assert "Cy Diaz (people.csv, line 4)" in stayed
    assert "cy (accounts.csv, line 4)" in stayed
    assert (before.exit_code, words(before)["AC-17"]) == (3, "failures_observed")

    boto3.client("iam").delete_user(UserName="cy@example.com")
    tables = policy / "tables"
    edit(tables / "accounts.csv", "ACTIVE,2020-05-15T07:00:00Z,-", "SUSPENDED,2020-05-15,2026-11-01T09:00:00Z")
    edit(tables / "devices.csv", "D-3,cy@example.com,encrypted,in use", "D-3,cy@example.com,encrypted,returned")
    after = scanned(policy)
    assert ({f.verdict for f in after.findings}, after.exit_code) == ({"pass", "not_applicable"}, 0)

    assert verify(str(home / "store"), home / "config").exit_code == 0
    for name, assessment in (("before", before), ("after", after)):
        assert assessment.run_id is not None
        assert replay(assessment.run_id, str(home / "store"), home / "config").exit_code == 0
        whole, redacted = home / f"{name}.zip", home / f"{name}-redacted.zip"
        export(assessment.run_id, str(home / "store"), home / "config", whole)
        export(assessment.run_id, str(home / "store"), home / "config", redacted, ("people",))
        assert said(whole, *PLANTED) == set(PLANTED)
        assert said(redacted, *PLANTED, "D-2") == {"D-2"}
        assert verify(str(redacted), home / "config").exit_code == 0


def said(bundle: Path, *texts: str) -> set[str]:
    """Which of some texts stand anywhere in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        members = [archive.read(name) for name in archive.namelist()]
    return {text for text in texts if any(text.encode() in data for data in members)}


def test_without_a_listing_the_control_is_incomplete_whatever_account_is_asked_for(
    policy: Path, aws_env: AwsWire
) -> None:
    (policy / "tables" / "people.yaml").unlink()
    (policy / "tables" / "people.csv").unlink()
    boto3.client("iam").create_user(UserName="cy@example.com")
    assessment = scanned(policy, store=None, accounts=(ACCOUNT,))
    assert (assessment.exit_code, words(assessment)) == (4, {"AC-16": "incomplete", "AC-17": "incomplete"})
    gaps = {c.unread.detail for f in assessment.findings if f.subject.name == "cy@example.com" for c in f.causes}
    assert gaps == {"no listing of hr.person is in policies/tables"}


def test_listings_are_read_for_whoever_uses_them_and_named_by_a_control_alone(policy: Path) -> None:
    def selected(**more: Any) -> set[str]:
        found, _ = planned(RunRequest(config=policy.parent, policy=policy, **more))
        return {check.id for check in found.checks if check.provider == "tables"}

    def shown(prefix: str) -> set[str]:
        return {id_ for id_ in selected() if id_.startswith(prefix)}

    assert len(selected()) == 7
    assert (shown("tables.azure"), shown("tables.gcp")) == (set(), set())
    edit(policy / "controls" / "assets.yaml", "    checks:\n      - tables.devices.disk_encrypted\n", "")
    assert shown("tables.devices") == {"tables.devices.owner_present"}
    told(policy, providers=["aws", "azure", "tables"])
    assert "tables.azure.user_owner_present" in selected()


PROBLEMS = {
    "nobody reads them": (
        lambda policy: told(policy, providers=["aws"]),
        "policies/tables holds listings: add tables, so that they are read",
    ),
    "a file that nothing names": (
        lambda policy: (policy / "tables" / "more.csv").write_text("a\n"),
        "no file beside it in policies/tables says what it lists",
    ),
    "a property that is none": (
        lambda policy: edit(policy / "tables" / "people.yaml", "Login: username", "Login: user"),
        "hr.person has no property user",
    ),
    "a property twice": (
        lambda policy: edit(policy / "tables" / "people.yaml", "Login: username", "Login: email"),
        "email is given already",
    ),
    "no key": (
        lambda policy: edit(policy / "tables" / "people.yaml", "  Employee ID: id\n", ""),
        "no column gives id",
    ),
    "no such zone": (
        lambda policy: edit(policy / "tables" / "people.yaml", "Europe/Berlin", "Europe/Bonn"),
        "no time zone Europe/Bonn is known here",
    ),
}


@pytest.mark.parametrize("what", PROBLEMS)
def test_what_is_wrong_with_a_description_is_an_error_with_its_place(policy: Path, what: str) -> None:
    change, problem = PROBLEMS[what]
    change(policy)
    with pytest.raises(ContentError, match=problem) as raised:
        load(find(policy))
    assert len(raised.value.problems) == 1
