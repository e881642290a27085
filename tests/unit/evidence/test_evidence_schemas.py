"""What is written agrees with what is published in ``schemas/``."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from referencing import Registry, Resource

from engine.evidence import chain, entries
from engine.evidence.bundle import joined
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.seal import Recorder
from engine.evidence.tables import connection
from providers.base import Reason
from tests.unit.evidence.synthetic_runs import (
    END,
    START,
    begun,
    content,
    judged,
    plan,
    record,
    store_in,
)

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"


def schema(name: str) -> dict[str, Any]:
    return dict(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


def validator(name: str) -> jsonschema.Draft202012Validator:
    finding = Resource.from_contents(schema("finding"))
    registry: Registry[Any] = Registry().with_resource("finding.schema.json", finding)
    jsonschema.Draft202012Validator.check_schema(schema(name))
    return jsonschema.Draft202012Validator(schema(name), registry=registry)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    made = store_in(tmp_path_factory.mktemp("schemas"))
    record(made)
    begun(made, plan(), content(), START).abandon("made up", END)
    return made


@pytest.fixture(scope="module")
def run(recorder: Recorder) -> StoredRun:
    with connection() as database:
        reading = chain.read(recorder.layout, recorder.trust)
        stored = Reader(recorder.layout, database, reading).read(reading.placed[1])
    assert stored is not None
    return stored


def test_every_leaf_is_a_finding(run: StoredRun) -> None:
    check = validator("finding")
    for leaf in run.leaves:
        check.validate(json.loads(leaf))
    assert {json.loads(leaf)["verdict"] for leaf in run.leaves} == {"pass", "fail", "unknown", "not_applicable"}


def test_every_exported_record_is_an_evidence_record(run: StoredRun) -> None:
    check = validator("evidence-record")
    for line in joined(run):
        check.validate(json.loads(line))


@pytest.mark.parametrize(
    "changes",
    [
        {"run": "20261123T020000Z-00000000"},
        {"recorded_at": START},
        {"waiver": "2026-014"},
        {"verdict": "pass"},
        {"verdict": "unknown"},
        {"verdict": "compliant"},
        {"schema": 2},
        {"body": None},
    ],
)
def test_what_is_no_leaf_is_no_finding(run: StoredRun, changes: dict[str, Any]) -> None:
    failed = next(leaf for leaf in map(json.loads, run.leaves) if leaf["verdict"] == "fail")
    with pytest.raises(jsonschema.ValidationError):
        validator("finding").validate(failed | changes)


def payloads(recorder: Recorder) -> Iterator[dict[str, Any]]:
    for path in sorted(recorder.layout.chain.iterdir()):
        yield json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))


def test_every_entry_is_a_chain_entry(recorder: Recorder) -> None:
    check = validator("chain-entry")
    for payload in payloads(recorder):
        check.validate(payload)
    envelope = check.evolve(schema={"$ref": "#/$defs/envelope", "$defs": schema("chain-entry")["$defs"]})
    for path in recorder.layout.chain.iterdir():
        envelope.validate(json.loads(path.read_bytes()))


def test_schema_and_engine_know_the_same_kinds(recorder: Recorder) -> None:
    known = {choice["const"] for choice in schema("chain-entry")["properties"]["kind"]["oneOf"]}
    assert known == set(entries.KINDS)
    payload = next(payloads(recorder)) | {"kind": "rumour", "body": {}}
    assert not validator("chain-entry").is_valid(payload)


BODIES = [
    *(body for kind, body in entries.KINDS.items() if kind != "key"),
    entries.Rotate,
    entries.Revoke,
]


@pytest.mark.parametrize("body", BODIES)
def test_schema_and_engine_know_the_same_fields(body: type[msgspec.Struct]) -> None:
    published = schema("chain-entry")["$defs"][body.__name__.lower()]
    fields = msgspec.structs.fields(body)
    tag = {body.__struct_config__.tag_field} - {None}
    assert set(published["properties"]) == {field.encode_name for field in fields} | tag
    assert set(published["required"]) == {field.encode_name for field in fields if field.required} | tag


@pytest.mark.parametrize(("name", "where"), [("finding", ("properties", "reason")), ("snapshot", ("$defs", "unread"))])
def test_schemas_know_every_reason(name: str, where: tuple[str, str]) -> None:
    node = schema(name)[where[0]][where[1]]
    listed = node["enum"] if "enum" in node else node["properties"]["reason"]["enum"]
    assert set(listed) == set(get_args(Reason))


def test_a_snapshot_is_what_its_schema_says() -> None:
    document = {"schema": "auditreel/snapshot/v1", **msgspec.to_builtins(judged().snapshot)}
    check = validator("snapshot")
    check.validate(json.loads(json.dumps(document)))
    with pytest.raises(jsonschema.ValidationError):
        check.validate(document | {"as_of": "yesterday"})
