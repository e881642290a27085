"""The provider of docs/writing-a-provider.md, as whoever copies it gets it: it says what it could not read."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import providers
from engine.collection import collect, directory, entered
from engine.collection.conformance import conforming
from engine.collection.limiter import Limiter
from engine.collection.planner import Plan, plan
from engine.content.resources import types_of
from engine.model import Snapshot, Unread
from tests.documents import ROOT, blocks

DISK = "Rack::Disk"
WRITTEN = {block.file: block.text for block in blocks(ROOT / "docs" / "writing-a-provider.md") if block.file}


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page's files where they belong, and a rack of two disks."""
    for name, text in WRITTEN.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path / "providers")])
    monkeypatch.setitem(providers.EXTRAS, "rack", ())  # type: ignore[index]
    folder = tmp_path / "rack"
    folder.mkdir()
    monkeypatch.setenv("RACK_FOLDER", str(folder))
    answers = {
        "self": {"user": "kim", "rack": "r1", "name": "Rack 1"},
        "disks": {"disks": [{"serial": "d1", "size_gb": 800}, {"serial": "d2"}]},
        "d1": {"encrypted": True, "cipher": "aes-256-xts"},
        "d2": {"encrypted": False},
    }
    for name, answer in answers.items():
        (folder / f"{name}.json").write_text(json.dumps(answer))
    yield folder
    for name in ("providers.rack.adapter", "providers.rack"):
        sys.modules.pop(name, None)


def planned() -> Plan:
    return plan("rack", providers.declared("rack"), {DISK: {"size_gb", "encrypted", "cipher"}})


def read(tmp_path: Path) -> Snapshot:
    schema = "schemas/resources/rack/disk.schema.json"
    types = types_of({tmp_path / schema: WRITTEN[schema].encode()})
    adapter, limiter = providers.opened("rack"), Limiter(lambda seconds: None, threading.Event())
    assert directory(adapter, limiter).accounts == {"r1": "Rack 1"}
    discovery = entered(adapter, "r1", limiter)
    conform = conforming({name: type_.type for name, type_ in types.items()})
    return collect(planned(), adapter, discovery, limiter, lambda: "2026-11-26T12:00:00Z", conform)


def held(snapshot: Snapshot) -> dict[str, tuple[dict[str, Any], dict[str, Unread]]]:
    return {row.id: (dict(row.properties), dict(row.unread)) for row in snapshot.resources}


def test_what_is_declared_is_the_plan_and_the_permissions(rack: Path) -> None:
    made = planned()
    assert ([reader.name for reader in made.readers], made.permissions) == (
        ["rack:ListDisks", "rack:GetDisk"],
        ("disks:list", "disks:read"),
    )


def test_what_an_answer_lacks_is_unread_unless_its_absence_is_documented(rack: Path, tmp_path: Path) -> None:
    assert held(read(tmp_path)) == {
        "d1": ({"size_gb": 800, "encrypted": True, "cipher": "aes-256-xts"}, {}),
        "d2": (
            {"encrypted": False, "cipher": None},
            {"/size_gb": Unread("missing_attribute", "rack:ListDisks")},
        ),
    }


def test_a_disk_that_was_taken_out_is_gone_and_what_is_malformed_or_denied_is_unknown(
    rack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rack / "d2.json").unlink()
    (rack / "d1.json").write_text("{")
    assert held(read(tmp_path)) == {
        "d1": (
            {"size_gb": 800},
            dict.fromkeys(
                ("/encrypted", "/cipher"), Unread("malformed_response", "rack:GetDisk", None, "JSONDecodeError")
            ),
        )
    }

    opened = Path.read_bytes

    def denied(path: Path) -> bytes:
        if path.name == "d1.json":
            raise PermissionError(13, "denied")
        return opened(path)

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert held(read(tmp_path))["d1"][1] == dict.fromkeys(
        ("/encrypted", "/cipher"), Unread("access_denied", "rack:GetDisk", "disks:read", "PermissionError")
    )


def test_a_folder_that_is_gone_says_nothing_of_its_disks(
    rack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.read_bytes

    def unmounted(path: Path) -> bytes:
        data = opened(path)
        if path.name == "disks.json":
            shutil.rmtree(rack)
        return data

    monkeypatch.setattr(Path, "read_bytes", unmounted)
    gone = Unread("unavailable", "rack:GetDisk", None, "FileNotFoundError")
    assert {id_: unread["/encrypted"] for id_, (_, unread) in held(read(tmp_path)).items()} == {"d1": gone, "d2": gone}
