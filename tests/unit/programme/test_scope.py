"""The scope of the report, and the records and documents of people: what is read, and what is refused."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from engine.content.load import load
from engine.content.policy import Policy
from engine.errors import ContentError
from engine.programme.model import (
    BoundaryRule,
    EntityControl,
    Programme,
    Promise,
    Subservice,
    VendorReport,
)
from tests.unit.data_folders import CHECK, ENCRYPTION, WAIVER, root

SCOPE = """\
name: Example
categories: [security]
window: {from: 2026-01-01, to: 2026-12-31}
auditor: Example CPA
owners: {Head of Security: [Robin], CTO: [Ana]}
commitments:
  - {id: SC-1, text: Data is encrypted at rest., source: Master agreement 4.2, criteria: [CC6.1]}
requirements:
  - {id: SR-1, text: Buckets are encrypted., source: Security policy 3, criteria: [CC6.1]}
system: {services: Invoices for shops.}
boundary:
  - id: sandbox
    accounts: ["111122223333"]
    tags: {env: [sandbox, demo]}
    when: resource.name.startsWith("tmp-")
    reason: Experiments without customer data.
    approver: Robin
    approved_on: 2026-01-02
subservices:
  - id: cloud
    name: A cloud
    method: carve_out
    services: Hosting.
    monitored_by: AC-01
    assumed: [{text: Data centres are guarded., criteria: [CC6.1]}]
    user_entity_controls: [{text: Users turn encryption on., control: AC-01}]
    report: {type: SOC 2 Type II, from: 2025-04-01, to: 2026-03-31, opinion: unqualified, bridge_until: 2026-06-30}
user_entity_controls:
  - {id: UE-1, text: Customers keep their keys., criteria: [CC6.1], control: AC-01}
"""
CONTROL = """\
controls:
  - id: AC-01
    statement: Everything that is stored is encrypted.
    owner: Head of Security
    criteria: [CC6.1]
    aspects: [CC6.1.encryption_at_rest]
    operation: continuous
    checks: [aws.s3.bucket_encrypted]
"""


def policy(folder: Path, scope: str = SCOPE, **files: str) -> Policy:
    here = root(folder, {ENCRYPTION: CHECK})
    (folder / "policies" / "organization.yaml").write_text(scope)
    (folder / "policies" / "controls").mkdir(exist_ok=True)
    for path in (folder / "policies" / "controls").glob("*.yaml"):
        path.unlink()
    (folder / "policies" / "controls" / "access.yaml").write_text(CONTROL)
    for name, text in files.items():
        target = folder / "policies" / name.replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return load(here).policy


def faults(folder: Path, scope: str = SCOPE, **files: str) -> list[str]:
    with pytest.raises(ContentError) as caught:
        policy(folder, scope, **files)
    return [str(problem).removeprefix(f"{folder}/policies/") for problem in caught.value.problems]


def test_the_scope_is_read_as_it_is_written(tmp_path: Path) -> None:
    organization = policy(tmp_path).organization
    assert organization.window == (date(2026, 1, 1), date(2026, 12, 31))
    assert organization.programme == Programme(
        commitments=(Promise("SC-1", "Data is encrypted at rest.", "Master agreement 4.2", ("CC6.1",)),),
        requirements=(Promise("SR-1", "Buckets are encrypted.", "Security policy 3", ("CC6.1",)),),
        system={"services": "Invoices for shops."},
        boundary=(
            BoundaryRule(
                "sandbox",
                "Experiments without customer data.",
                "Robin",
                date(2026, 1, 2),
                accounts=frozenset({"111122223333"}),
                tags={"env": frozenset({"sandbox", "demo"})},
                when='resource.name.startsWith("tmp-")',
            ),
        ),
        subservices=(
            Subservice(
                "cloud",
                "A cloud",
                "carve_out",
                "Hosting.",
                "AC-01",
                assumed=(("Data centres are guarded.", ("CC6.1",)),),
                duties=(("Users turn encryption on.", "AC-01"),),
                report=VendorReport(
                    "SOC 2 Type II",
                    date(2025, 4, 1),
                    date(2026, 3, 31),
                    "unqualified",
                    bridge_until=date(2026, 6, 30),
                ),
            ),
        ),
        entity_controls=(EntityControl("UE-1", "Customers keep their keys.", ("CC6.1",), "AC-01"),),
        owners={"Head of Security": ("Robin",), "CTO": ("Ana",)},
        auditor="Example CPA",
    )


def test_everything_that_does_not_fit_is_told_at_once_and_placed(tmp_path: Path) -> None:
    text = (
        SCOPE.replace("4.2, criteria: [CC6.1]", "4.2, criteria: [CC6.9]")
        .replace("monitored_by: AC-01", "monitored_by: AC-02")
        .replace("keys., criteria: [CC6.1], control: AC-01", "keys., criteria: [CC6.1], control: AC-03")
        .replace('resource.name.startsWith("tmp-")', "resource.nam == 'x'")
        .replace("to: 2026-12-31", "to: 2025-12-31")
    )
    assert faults(tmp_path, text) == [
        "organization.yaml:3:32: window.to: is before its from",
        "organization.yaml:7:91: commitments[0].criteria[0]: there is no criterion CC6.9; did you mean CC6.8?",
        "organization.yaml:15:20: boundary[0].when: resource has no property 'nam'; did you mean 'name'?",
        "organization.yaml:24:19: subservices[0].monitored_by: there is no control AC-02; did you mean AC-01?",
        "organization.yaml:29:78: user_entity_controls[0].control: there is no control AC-03; did you mean AC-01?",
    ]


def test_owners_and_accounts_that_nobody_named_are_told_with_everything_else(tmp_path: Path) -> None:
    listed = 'access: {aws: {accounts: ["111122223334"], role: audit}}\n'
    control = CONTROL.replace("AC-01", "AC-02").replace("of Security", "of Securty").replace("checks: [aws.", "# [")
    document = "---\ntitle: Access\nkind: access_policy\nowner: CFO\nversion: '1'\ncriteria: [CC6.9]\n---\n"
    waived = WAIVER.replace("bucket_encrypted", "bucket_encryptet")
    files = {"waivers__one.yaml": waived, "controls__more.yaml": control, "documents__a.md": document}
    near = "access lists no account 111122223333; did you mean 111122223334?"
    nobody = "owners in organization.yaml holds no"
    assert faults(tmp_path, SCOPE + listed, **files) == [
        "controls/more.yaml:2:5: controls[0]: "
        "names no checks, no satisfied_by and no evidence: nothing could show that it operates",
        f"controls/more.yaml:4:12: controls[0].owner: {nobody} Head of Securty; did you mean Head of Security?",
        f"documents/a.md:4:8: owner: {nobody} CFO; did you mean CTO?",
        "documents/a.md:6:12: criteria[0]: there is no criterion CC6.9; did you mean CC6.8?",
        f"organization.yaml:13:16: boundary[0].accounts[0]: {near}",
        "waivers/one.yaml:2:8: check: there is no check aws.s3.bucket_encryptet; did you mean aws.s3.bucket_encrypted?",
        f"waivers/one.yaml:3:10: account: {near}",
    ]


def test_a_record_knows_whether_its_files_are_as_they_were(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"minutes").hexdigest()
    text = (
        "kind: board_minutes\ntitle: Board, spring\nby: Dana\neffective_on: 2026-04-01\nfiles:\n"
        f"  - {{name: a.txt, sha256: {digest}, size: 7}}\n  - {{name: b.txt, sha256: {digest}, size: 7}}\n"
        f"  - {{name: c.txt, sha256: {digest}, size: 7}}\n"
    )
    files = {"records__board.yaml": text, "records__board__a.txt": "minutes", "records__board__b.txt": "minuets"}
    [record] = policy(tmp_path, **files).records
    assert [(file.name, file.state) for file in record.files] == [
        ("a.txt", "whole"),
        ("b.txt", "altered"),
        ("c.txt", "missing"),
    ]
    assert (record.id, record.kind, record.effective_on, record.whole) == (
        "board",
        "board_minutes",
        date(2026, 4, 1),
        False,
    )


def test_a_document_is_read_from_its_front_matter_and_a_template_is_one(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Access\nkind: access_policy\nstatus: template\nowner: CTO\nversion: '1'\n"
        "criteria: [CC6.1]\n---\n# Access\n"
    )
    [document] = policy(tmp_path, **{"documents__access.md": text}).documents
    assert (document.id, document.kind, document.template, document.approved_by) == (
        "access",
        "access_policy",
        True,
        None,
    )
    approved = text.replace("status: template", "approved_by: CEO\napproved_on: 2026-01-02\nreview_by: 2027-01-02")
    [whole] = policy(tmp_path / "whole", **{"documents__access.md": approved}).documents
    [blank] = policy(tmp_path / "blank", **{"documents__access.md": approved.removesuffix("# Access\n")}).documents
    assert (whole.template, blank.template) == (False, True)
    assert whole.digest == hashlib.sha256(approved.encode()).hexdigest()


def test_what_is_wrong_with_records_and_documents_is_placed(tmp_path: Path) -> None:
    files = {
        "records__a.yaml": "kind: training\ntitle: Training\nby: Dana\nsupports: [AC-07]\n",
        "records__b.yaml": "kind: training\ntitle: One\nby: Dana\neffective_on: 2026-02-02\nvalid_until: 2026-02-01\n",
        "records__c.yaml": "kind: training\ntitle: Training\nby: Dana\neffective_on: soon\n",
        "records__stray.pdf": "x",
        "documents__bare.md": "# No front matter\n",
        "documents__odd.md": "---\ntitle: Odd\nkind: access_policy\nowner: CTO\nversion: '1'\ncriteria: [CC6.9]\n---\n",
    }
    assert faults(tmp_path, **files) == [
        'documents/bare.md:1:1: does not begin with front matter: YAML between two lines "---"',
        "documents/odd.md:6:12: criteria[0]: there is no criterion CC6.9; did you mean CC6.8?",
        "records/a.yaml:4:12: supports[0]: there is no control AC-07; did you mean AC-01?",
        "records/b.yaml:5:14: valid_until: 2026-02-01 is before effective_on, 2026-02-02",
        'records/c.yaml:4:15: effective_on: must be a date (2026-01-31), not "soon"',
        "records/stray.pdf:1:1: belongs to no record: a record is a file NAME.yaml, its files lie in NAME/",
    ]


def test_an_improper_setting_hides_no_other_mistake(tmp_path: Path) -> None:
    broken = (
        SCOPE.replace("[security]", "[securty]").replace("Example CPA", "[Example]").replace(": AC-01\n", ": AC-02\n")
    )
    broken += "tier: 1\n"
    found = faults(tmp_path, broken, documents__bare="", **{"documents__b.md": "# None\n"})
    assert {row.partition(": ")[0] for row in found} == {
        "documents/b.md:1:1",
        "organization.yaml:2:14",
        "organization.yaml:4:10",
        "organization.yaml:24:19",
        "organization.yaml:30:1",
    }
