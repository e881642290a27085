"""The ledger says what was asked, listed, read and accepted, and the snapshot can be built again from it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.evidence import canonical, ledger, personal, record
from engine.evidence.personal import PrivateObjects
from engine.evidence.record import Bodies
from engine.model import Collection, LedgerRow
from tests.unit.evidence.synthetic_runs import MFA, SCHEMAS, SCOPE, USER, finding, judged, person, waiver


def written(kept: PrivateObjects, **changes: Any) -> tuple[list[bytes], Bodies]:
    made = judged()
    bodies = Bodies({name: personal.marks(schema) for name, schema in SCHEMAS.items()}, kept.commit)
    parameters = {found.check.id: "0" * 64 for found in made.findings}
    record.leaves(made.findings, parameters, bodies)
    waived = [(found, waiver(found)) for found in made.findings if found.verdict == "fail"]
    rows = [*ledger.rows(made.snapshot, bodies), *ledger.rows_of_run(made.populations, waived, bodies)]
    return [row.data for row in sorted(rows)], bodies


def test_scopes_collections_and_readers_come_back_as_they_were() -> None:
    kept = PrivateObjects(b"s" * 32)
    rows, _ = written(kept)
    snapshot, found = judged().snapshot, ledger.parse(rows)
    private = {name: personal.opened(name, file) for name, file in kept.files.items()}
    assert ledger.scopes(found) == tuple(sorted(snapshot.scopes))
    assert ledger.left_out(found) == snapshot.left_out
    assert ledger.collections(found) == tuple(sorted(snapshot.collections, key=lambda row: (row.type, row.scope)))
    assert ledger.readers(found, private) == snapshot.ledger


def test_every_resource_has_a_row_with_its_body_and_the_time_it_was_read() -> None:
    rows, bodies = written(PrivateObjects(b"s" * 32))
    found = {row["body"]: row["collected_at"] for row in ledger.parse(rows)["resource"]}
    assert found == {bodies.of(item): item.collected_at for item in judged().snapshot.resources}


def test_rows_are_canonical() -> None:
    rows, _ = written(PrivateObjects(b"s" * 32))
    assert [canonical.encode(canonical.decode(row)) for row in rows] == rows


def test_an_accepted_failure_names_waiver_check_and_subject() -> None:
    rows, _ = written(PrivateObjects(b"s" * 32))
    first = ledger.parse(rows)["waiver"][0]
    assert first["check"] == "aws.made.encrypted"
    assert first["subject"]["id"] == "arn:aws:s3:::bucket-001"
    assert first["waiver"]["expires"] == "2027-01-01"


@pytest.mark.parametrize("known", [True, False])
def test_a_failure_to_read_a_person_does_not_name_the_person(known: bool) -> None:
    made = judged()
    user = person()
    name = user.id if known else "arn:aws:iam::1:user/gone.meanwhile"
    row = LedgerRow(SCOPE, "iam:GetUser", 1, 1, 1, 0, 0, 0, {}, (), "", ((name, "throttled", "", ""),))
    kept = PrivateObjects(b"s" * 32)
    bodies = Bodies({name: personal.marks(schema) for name, schema in SCHEMAS.items()}, kept.commit)
    snapshot = made.snapshot.__class__(
        made.snapshot.as_of, "live", {}, (), (Collection(USER, SCOPE, "complete"),), made.snapshot.resources, (row,)
    )
    rows = [row.data for row in ledger.rows(snapshot, bodies)]
    assert name.encode() not in b"".join(rows)
    private = {digest: personal.opened(digest, file) for digest, file in kept.files.items()}
    assert ledger.readers(ledger.parse(rows), private) == (row,)
    (erased,) = ledger.readers(ledger.parse(rows), {})
    assert erased.failures[0][0] in kept.files


@pytest.mark.parametrize("line", [b"[]", b'{"kind":"rumour"}', b"{}", b'{"kind": "scope"}'])
def test_a_line_that_is_no_row_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        ledger.parse([line])


def test_a_record_and_its_resource_row_have_one_key() -> None:
    made = judged()
    bodies = Bodies(
        {name: personal.marks(schema) for name, schema in SCHEMAS.items()}, PrivateObjects(b"s" * 32).commit
    )
    user = person()
    (leaf,) = record.leaves([finding(MFA, user, "pass")], {MFA.id: "0" * 64}, bodies)
    said = canonical.decode(leaf.data)
    rows = ledger.parse(row.data for row in ledger.rows(made.snapshot, bodies))["resource"]
    keys = {ledger.resource_key(row): row["body"] for row in rows}
    assert keys[ledger.resource_key({**said["subject"], "scope": said["scope"]})] == said["body"]
