"""What Google answered to others, read by the real adapter: see ``tests/emulators/gcp/recordings.py``.

The recordings are not part of the checkout. They lie beside it where they are. Every reader runs on every recording;
what a recording does not hold fails as not recorded, and everything else must be read without a gap, or the gap
explained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from engine.model import Snapshot
from tests.collectors import scan
from tests.emulators.gcp.recordings import NOT_RECORDED, RECORDED, Export, Flight, exports, flights
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import PROJECT, world

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not there")

EXPLAINED: Final[Mapping[tuple[str, str], str]] = {
    ("iam.googleapis.com/ServiceAccountKey", "key_type"): (
        "exported in 2018 and varied by upstream (testkeyage...): of the keys only their times are left"
    ),
    ("storage.googleapis.com/Bucket", "acl_entities"): (
        "answered to a call that did not ask for access lists (projection=noAcl, the default)"
    ),
    ("sqladmin.googleapis.com/Instance", ""): (
        "Spanner answered: calls are recorded without their hosts, and both APIs list instances by the same path"
    ),
    ("compute.googleapis.com/Instance", "network_interfaces"): "written by hand, without what a machine always has",
    ("compute.googleapis.com/Instance", "can_ip_forward"): "written by hand, without what a machine always has",
    ("compute.googleapis.com/BackendService", "load_balancing_scheme"): "written by hand, with a name alone",
    ("compute.googleapis.com/BackendService", "protocol"): "written by hand, with a name alone",
    **dict.fromkeys(
        [("compute.googleapis.com/Instance", name) for name in ("os_login", "block_project_ssh_keys", "serial_port")],
        "the entries of the metadata were emptied before it was published",
    ),
    **dict.fromkeys(
        [
            ("alloydb.googleapis.com/Cluster", ""),
            ("alloydb.googleapis.com/Cluster", "cluster_type"),
            ("alloydb.googleapis.com/Cluster", "continuous_backup"),
            ("container.googleapis.com/Cluster", ""),
        ],
        "Kubernetes Engine or Memorystore answered: calls are recorded without hosts, and all have one path",
    ),
    ("container.googleapis.com/Cluster", "google_addresses_allowed"): "recorded before clusters had the setting",
    ("bigquery.googleapis.com/Dataset", "principals"): ("exported without policies, of which a dataset always has one"),
    (
        "container.googleapis.com/Cluster",
        "node_pools",
    ): "exported with text for booleans, as the API never has",
}
"""Gaps by type and property, with why the recording has them."""


def recordings() -> list[Flight | Export]:
    return [*flights(), *exports()] if RECORDED.is_dir() else []


@pytest.fixture
def played(gcp: Google, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    before = gcp.answer
    yield gcp
    gcp.answer = before
    gcp.reset(world())


def gaps(snapshot: Snapshot) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """What was not read though it was recorded: by type and property, the resources and why."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for item in snapshot.resources:
        for pointer, why in item.unread.items():
            if NOT_RECORDED not in (why.detail or "") and why.reason != "not_collected":
                found.setdefault((item.type, pointer.split("/")[1]), set()).add(
                    (item.id, f"{why.reason}: {why.detail}")
                )
    for row in snapshot.collections:
        if row.unread is not None and NOT_RECORDED not in (row.unread.detail or ""):
            found.setdefault((row.type, ""), set()).add(("", f"{row.unread.reason}: {row.unread.detail}"))
    return found


@pytest.mark.parametrize("recording", recordings(), ids=lambda recording: Path(recording.name).as_posix())
def test_what_was_recorded_is_read(played: Google, monkeypatch: pytest.MonkeyPatch, recording: Flight | Export) -> None:
    played.answer = recording.answer
    wanted = scan.everything("gcp")
    if isinstance(recording, Export) and recording.number is None:
        del wanted[PROJECT]
    snapshot = scan.read(wanted, provider="gcp", access={"accounts": [recording.project]})

    unexplained = {key: rows for key, rows in gaps(snapshot).items() if key not in EXPLAINED}
    assert unexplained == {}


def test_recordings_hold_something_of_what_is_read(played: Google) -> None:
    """Otherwise that nothing is missing of them says nothing."""
    seen: set[str] = set()
    for recording in recordings():
        if recording.name.startswith(("forseti-cai/mock_cai_resources", "kms-cryptokey-iam-policy", "logsink")):
            played.answer = recording.answer
            snapshot = scan.read(scan.everything("gcp"), provider="gcp", access={"accounts": [recording.project]})
            seen |= {item.type for item in snapshot.resources}

    assert seen >= {
        "cloudkms.googleapis.com/CryptoKey",
        "compute.googleapis.com/Firewall",
        "iam.googleapis.com/ServiceAccount",
        "logging.googleapis.com/LogSink",
        "storage.googleapis.com/Bucket",
    }
