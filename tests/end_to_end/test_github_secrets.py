"""Credentials and texts of GitHub are in nothing that a run writes: store, reports, screen, errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulators.github.wire import APP_ID, GitHub
from tests.end_to_end.test_secrets import ROOT, everything

CANARY = b"swordfish"
"""It stands in the token, in those of the App's installations, and in the text of a pull request."""


@pytest.mark.parametrize("by_app", [False, True], ids=["token", "app"])
def test_no_credential_and_no_text_is_written(github: GitHub, tmp_path: Path, by_app: bool) -> None:
    github.faults.add("denied", "github:GET /repos/acme/ops/activity")
    credentials = {"GITHUB_TOKEN": os.environ["GITHUB_TOKEN"]}
    if by_app:
        credentials = {"AUDITREEL_GITHUB_APP_ID": APP_ID, "AUDITREEL_GITHUB_APP_KEY": github.pem}
    for name in ("work", "keys", "said"):
        (tmp_path / name).mkdir()
    environment = {
        **credentials,
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY_OWNER": "acme",
        "REQUESTS_CA_BUNDLE": str(github.bundle),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path / "work"),
        "AUDITREEL_CONFIG": str(tmp_path / "keys"),
        "AUDITREEL_STORE": str(tmp_path / "store"),
    }

    def called(*arguments: str) -> int:
        command = [sys.executable, "-m", "engine", *arguments]
        ended = subprocess.run(command, env=environment, cwd=tmp_path / "work", capture_output=True, check=False)
        (tmp_path / "said" / f"{arguments[0]}.txt").write_bytes(ended.stdout + ended.stderr)
        return ended.returncode

    assert called("init") == 0
    outputs = [f"--output=report.{suffix}" for suffix in ("json", "html", "md", "csv")]
    assert called("run", "--provider", "github", *outputs) == 4
    found = dict(everything(tmp_path))

    said = found["said/run.txt"]
    assert b"Traceback" not in said
    assert b"acme" in found["work/report.json"]
    assert len([name for name in found if name.startswith("store/")]) > 5
    assert [
        name for name, data in found.items() if CANARY in data or (b"PRIVATE KEY" in data and name[:4] != "keys")
    ] == []
    assert [name for name, data in found.items() if github.pem.splitlines()[1].encode() in data] == []
