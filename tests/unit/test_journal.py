"""The journal: what was kept comes back as it was, and what cannot be kept is read again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.collection.journal import Facts, Journal, JournalError, Kept
from engine.collection.outcomes import Outcome
from engine.model import Scope, Unread
from providers.base import Found, Tally

KEY = b"k" * 32
HERE = Scope("aws", "111122223333", "eu-west-1")
FACTS = Facts("20261125T020000Z-00000000", "2026-11-25T02:00:00Z")
NO = Unread("access_denied", "s3:GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8) | st.just(NO),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def again(path: Path) -> Journal:
    return Journal(path, KEY)


def kept(properties: Any) -> Kept:
    found = Found("T", "arn:b", properties, "b", "eu-west-1")
    tally = Tally(calls=2, pages=1, items=3, retries=1, request_ids=["r"], digests=["d"], date="now", failures=[NO])
    return Kept(Outcome("value", properties), tally, "2026-11-25T02:00:01Z", (found,))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_what_was_kept_comes_back_as_it_was(tmp_path: Path, properties: dict[str, Any]) -> None:
    path = tmp_path / "x.journal"
    path.unlink(missing_ok=True)
    written = Journal(path, KEY, FACTS)
    written.keep("s3:ListBuckets", HERE, "", kept(properties))
    written.close()

    read = again(path)

    assert read.facts == FACTS
    assert read.kept("s3:ListBuckets", HERE, "") == kept(properties)
    assert read.kept("s3:ListBuckets", HERE, "other") is None
    assert read.kept("s3:ListBuckets", Scope("aws", "999", "eu-west-1"), "") is None
    read.close()


@pytest.mark.parametrize("value", [2**64, "\ud800", object(), {"deep": ["\ud800"]}])
def test_what_cannot_be_kept_is_read_again(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "x.journal"
    written = Journal(path, KEY, FACTS)
    written.keep("r", HERE, "bad", kept({"value": value}))
    written.keep("r", HERE, "good", kept({"value": 1}))
    written.close()

    read = again(path)

    assert read.kept("r", HERE, "bad") is None
    assert read.kept("r", HERE, "good") == kept({"value": 1})


def test_a_failure_is_not_kept_and_what_documents_absence_is(tmp_path: Path) -> None:
    path = tmp_path / "x.journal"
    written = Journal(path, KEY, FACTS)
    for word in ("absent", "gone", "off"):
        written.keep("r", HERE, word, Kept(Outcome(word), Tally(), "t"))  # type: ignore[arg-type]
    written.keep("r", HERE, "failed", Kept(Outcome("failed", unread=NO), Tally(), "t"))
    written.close()

    read = again(path)

    assert [read.kept("r", HERE, word) is not None for word in ("absent", "gone", "off", "failed")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_a_full_disk_ends_the_journal_and_not_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.journal"
    written = Journal(path, KEY, FACTS)
    written.keep("r", HERE, "first", kept({}))

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("engine.collection.journal.os.write", full)
        written.keep("r", HERE, "second", kept({}))
    written.keep("r", HERE, "third", kept({}))
    written.close()

    read = again(path)
    assert [read.kept("r", HERE, name) is not None for name in ("first", "second", "third")] == [True, False, False]


@pytest.mark.parametrize("data", [b"", b"nonsense" * 20, b"\0\0\0\1" + bytes(33)])
def test_another_file_is_no_journal(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.journal").write_bytes(data)

    with pytest.raises(JournalError):
        again(tmp_path / "x.journal")


def test_another_key_reads_nothing(tmp_path: Path) -> None:
    Journal(tmp_path / "x.journal", KEY, FACTS).close()

    with pytest.raises(JournalError, match="altered, or another key wrote it"):
        Journal(tmp_path / "x.journal", b"m" * 32)


@pytest.mark.parametrize("end", ["close", "discard"])
def test_what_is_kept_after_the_end_is_not_written_into_the_file_that_is_opened_next(tmp_path: Path, end: str) -> None:
    """Threads of a run that was stopped may still end a read; the system gives the same descriptor to the next file."""
    written = Journal(tmp_path / "x.journal", KEY, FACTS)
    written.keep("r", HERE, "early", kept({"value": 1}))
    getattr(written, end)()
    with (tmp_path / "next").open("w+b") as following:
        written.keep("r", HERE, "late", kept({"value": 2}))
        written.note(FACTS)
        written.close()

        assert os.fstat(following.fileno()).st_size == 0
        assert written.kept("r", HERE, "early") is None
