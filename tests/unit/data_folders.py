"""Data folders for tests: a small, valid set that a test changes in one place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.content.root import Root

CHECKOUT = Path(__file__).resolve().parents[2]

ENCRYPTION = "aws.s3.bucket_encrypted"
LOGGING = "aws.s3.bucket_logged"

CHECK = """\
version: 1
title: Buckets are encrypted with an approved algorithm
resource_type: Test::Bucket
criteria: [CC6.1, C1.1]
severity: high
rationale: What is stored in the clear can be read by whoever gets at the storage.
parameters:
  approved: {type: list<string>, default: ["aws:kms"], description: Algorithms that are accepted.}
when: "!resource.is_log_target"
expression: resource.algorithm in params.approved
message: Encrypted with ${resource.algorithm}, not with an approved algorithm.
remediation: {cli: aws s3api put-bucket-encryption}
references: ["https://example.com/encryption"]
examples:
  - {name: managed key, verdict: pass, resource: {algorithm: "aws:kms", is_log_target: false}}
  - {name: another algorithm, verdict: fail, resource: {algorithm: AES256, is_log_target: false}}
  - {name: none, verdict: fail, resource: {algorithm: null, is_log_target: false}}
  - {name: takes logs, verdict: not_applicable, resource: {algorithm: null, is_log_target: true}}
"""

RELATED = """\
version: 1
title: Buckets are watched by a trail that is on
resource_type: Test::Bucket
criteria: [CC7.2]
severity: low
rationale: What nobody records cannot be looked into afterwards.
related:
  trails: {resource_type: Test::Trail, on: {bucket: name}}
expression: trails.exists(trail, trail.is_logging)
message: No trail that is on watches ${resource.name}.
remediation: {console: Turn a trail on.}
references: ["https://example.com/trails"]
examples:
  - {name: watched, verdict: pass, resource: {}, related: {trails: [{is_logging: true}]}}
  - {name: turned off, verdict: fail, resource: {}, related: {trails: [{is_logging: false}]}}
  - {name: no trail, verdict: fail, resource: {}, related: {trails: []}}
  - {name: trails not listed, verdict: unknown, resource: {}}
"""

BUCKET = {
    "title": "Test::Bucket",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "algorithm": {
            "type": ["string", "null"],
            "x-operation": "test:Get",
            "description": "Algorithm of the encryption; null for none.",
        },
        "is_log_target": {
            "type": "boolean",
            "x-operation": "test:Get",
            "description": "Whether logs are delivered to it.",
        },
        "made_at": {
            "type": "string",
            "format": "date-time",
            "x-operation": "test:Get",
            "description": "When it was made.",
        },
        "size": {"type": "integer", "x-operation": "test:Get", "description": "Objects in it."},
        "rules": {
            "type": "array",
            "x-operation": "test:Get",
            "description": "Rules of its lifecycle.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "days": {"type": ["integer", "null"], "description": "Days; null for never."},
                    "prefix": {"type": "string", "description": "What it applies to."},
                },
            },
        },
    },
}

TRAIL = {
    "title": "Test::Trail",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "bucket": {
            "type": ["string", "null"],
            "x-operation": "test:Get",
            "description": "Name of the bucket that it watches.",
        },
        "is_logging": {"type": "boolean", "x-operation": "test:Get", "description": "Whether it is on."},
    },
}

ORGANIZATION = "name: Example\ncategories: [security]\n"

CONTROL = f"""\
controls:
  - id: DP-01
    statement: Stored data is encrypted with approved algorithms.
    owner: Head of Security
    criteria: [CC6.1]
    aspects: [CC6.1.encryption_at_rest]
    operation: continuous
    checks: [{ENCRYPTION}]
"""

WAIVER = f"""\
kind: risk_accepted
check: {ENCRYPTION}
account: "111122223333"
resources: ["arn:aws:s3:::prices"]
owner: Dana
approver: Robin
approved_on: 2026-10-01
reason: The prices are printed on the front page anyway.
start: 2026-10-01
expires: 2026-12-31
"""


def root(
    folder: Path,
    checks: Mapping[str, str] | None = None,
    policies: Mapping[str, str] | None = None,
    types: Mapping[str, Any] | None = None,
) -> Root:
    """Data folders below ``folder``: the schemas of the checkout, and files by path (checks by id).

    ``policies`` are added to an organisation of no controls.
    """
    for schema in (CHECKOUT / "schemas").glob("*.schema.json"):
        target = folder / "schemas" / schema.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(schema, target)
    for name, schema_ in (types or {"bucket": BUCKET, "trail": TRAIL}).items():
        write(folder / "schemas" / "resources" / "test" / f"{name}.schema.json", json.dumps(schema_))
    found = {ENCRYPTION: CHECK, LOGGING: RELATED} if checks is None else checks
    (folder / "checks").mkdir(exist_ok=True)
    for id_, text in found.items():
        write(folder / "checks" / f"{id_.replace('.', '/')}.yaml", text)
    for name, text in {"organization.yaml": ORGANIZATION, **(policies or {})}.items():
        write(folder / "policies" / name, text)
    criteria = CHECKOUT / "policies" / "criteria.yaml"
    policies_ = folder / "policies"
    return Root(folder / "checks", policies_, folder / "schemas", criteria, policies_ / "controls")


def write(path: Path, text: str) -> None:
    """A file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
