"""Credentials, tokens and values of Azure are in nothing that a run writes: store, keys, reports, screen, errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.emulators.azure.filled import fill
from tests.emulators.azure.tenant import SECRET
from tests.emulators.azure.wire import AzureWire
from tests.end_to_end.test_secrets import ROOT, everything

CANARY = "swordfish"
"""It stands in the value of a secret, a setting of an app, the address of a contact and the text of an error."""


def test_no_credential_no_token_and_no_value_is_written(azure: AzureWire, tmp_path: Path) -> None:
    fill(azure.tenant)
    for item in azure.tenant:
        held = {
            "Microsoft.KeyVault/vaults/secrets": {"value": CANARY},
            "Microsoft.Web/sites/config": {"appSettings": [{"name": "PASSWORD", "value": CANARY}]},
            "Microsoft.Security/securityContacts": {"emails": f"{CANARY}@contoso.example"},
        }
        item["properties"].update(held.get(item["type"], {}))
    azure.faults.add("expired_token", "arm:Microsoft.Sql/servers/firewallRules")
    azure.faults.add("error", "arm:Microsoft.Security/alerts", code="Unheard", status=400, message=CANARY)
    for name in ("work", "keys", "said"):
        (tmp_path / name).mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if name.startswith("AZURE_")},
        "REQUESTS_CA_BUNDLE": os.environ["REQUESTS_CA_BUNDLE"],
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
    assert called("run", "--provider", "azure", *outputs) == 3
    found = dict(everything(tmp_path))

    assert b"Traceback" not in found["said/run.txt"]
    assert b"ExpiredAuthenticationToken" in found["work/report.json"]
    assert len([name for name in found if name.startswith("store/")]) > 5
    assert azure.login.issued
    words = [word.encode() for word in (CANARY, SECRET, *azure.login.issued)]
    assert [(name, word) for name, data in found.items() for word in words if word in data] == []
