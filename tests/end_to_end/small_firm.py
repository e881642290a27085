"""A small firm's policy folder, for tests of what people do between the runs."""

from __future__ import annotations

from pathlib import Path

ORGANIZATION = """\
name: Example
categories: [security]
owners: {Head of People: [Kim], Head of Security: [Robin, Sam]}
"""
CONTROLS = """\
controls:
  - id: HR-01
    statement: References and background are checked as law allows.
    owner: Head of People
    criteria: [CC1.1]
    aspects: [CC1.1.screening]
    operation: per_event
    evidence: [background_check]
    deviation: any_failure
  - id: HR-02
    statement: Everybody is trained in security on joining and every quarter.
    owner: Head of People
    criteria: [CC1.4]
    aspects: [CC1.4.training]
    operation: recurring
    occurs: {every: quarter, since: 2026-01-01, grace_days: 30}
    evidence: [training]
    deviation: any_failure
  - id: AV-01
    statement: Restores are tried and what they took is written down.
    owner: Head of Security
    criteria: [A1.3]
    aspects: [A1.3.restore_tests]
    operation: per_event
    evidence: [restore_test]
    deviation: any_failure
  - id: IR-02
    statement: A plan says who does what when an incident happens.
    owner: Head of Security
    criteria: [CC7.4]
    aspects: [CC7.4.response_plan]
    operation: continuous
    satisfied_by: {any: [aws.incidents.response_plan_exists, incident_response_plan]}
    deviation: any_failure
"""


def folder(place: Path, organization: str = ORGANIZATION, controls: str = CONTROLS) -> Path:
    """The policy folder, made in ``place``."""
    policy = place / "policies"
    (policy / "controls").mkdir(parents=True)
    (policy / "organization.yaml").write_text(organization)
    (policy / "controls" / "people.yaml").write_text(controls)
    return policy


def tree(place: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, with its bytes."""
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
