"""Gates beside live runs: what was gated, what is so now, and what changed without a gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import VerificationError
from engine.evidence.gated import changes
from engine.evidence.trust import Trust, read_trust
from engine.gate.model import ChangeRequest, Changes, Ungated
from engine.report import Options, gate_changes
from tests.unit.evidence.nightly import ENCRYPTED, plan, recorded
from tests.unit.evidence.synthetic_runs import BUCKET, store_in

FACTS = {"plan": "ab" * 32, "head_commit": "c0ffee", "pull_request": "7", "approvers": ["Ana"]}


def store(folder: Path) -> tuple[Path, Trust]:
    return folder / "store", read_trust(folder / "config" / "trust.json")


@pytest.fixture
def found(tmp_path: Path) -> Changes:
    """Two nights, a gate of another store between them, and a bucket that nobody gated."""
    live, ci = store_in(tmp_path / "live"), store_in(tmp_path / "ci")
    recorded(live, "2026-03-01T02:00:00Z", {ENCRYPTED: {"a": "pass"}})
    gated = {ENCRYPTED: {"a": "pass", "b": "pass"}}
    recorded(ci, "2026-03-01T10:00:00Z", gated, planned=plan("gate", gate=FACTS), source="planned")
    recorded(live, "2026-03-02T02:00:00Z", {ENCRYPTED: {"a": "fail", "b": "pass", "c": "pass"}})
    return changes(store(tmp_path / "live"), [store(tmp_path / "ci")], "2026-03-01", "2026-03-31")


def test_a_gate_is_shown_with_what_is_so_now(found: Changes) -> None:
    (gate,) = found.gates
    assert gate.change == ChangeRequest(None, "c0ffee", "7", ("Ana",))
    assert [(row.subject, row.planned, row.now) for row in gate.verdicts] == [
        ("arn:aws:s3:::a", "pass", "fail"),
        ("arn:aws:s3:::b", "pass", "pass"),
    ]
    assert [row.subject for row in gate.contradicted] == ["arn:aws:s3:::a"]


def test_what_no_gate_held_was_changed_without_one(found: Changes) -> None:
    expected = Ungated(BUCKET, "123456789012", "arn:aws:s3:::c", "made", "2026-03-01T02:00:00Z", "2026-03-02T02:00:00Z")
    assert found.ungated == (expected,)
    assert (found.frames, found.latest) == (2, "2026-03-02T02:00:00Z")


def test_the_page_says_what_holds_and_what_does_not(found: Changes) -> None:
    page = gate_changes.render(found, "text", Options())
    assert "pull request 7, commit c0ffee, approved by Ana" in page
    assert "now fails" in page
    assert "arn:aws:s3:::c" in page


def test_a_store_that_was_altered_is_not_reported(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    sealed = recorded(recorder, "2026-03-01T02:00:00Z", {ENCRYPTED: {"a": "pass"}})
    path = tmp_path / "store" / "runs" / sealed.run / "findings.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(VerificationError):
        changes(store(tmp_path), [store(tmp_path)], "2026-03-01", "2026-03-31")
