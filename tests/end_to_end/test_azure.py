"""Azure from the command line's side: a run, its permissions, its doctor, and what it takes to have it installed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main, verb
from engine.cli.clock import system_clock
from engine.collection.planner import plan
from engine.content.checks import load_checks
from engine.content.root import find
from engine.errors import UsageError
from engine.model import Assessment, Finding
from engine.run import pipeline
from engine.run.request import RunRequest
from providers import declared
from tests.collectors.scan import compiled, reads, scan
from tests.emulators.azure.filled import fill
from tests.emulators.azure.tenant import SUBSCRIPTION, TENANT, subscription
from tests.emulators.azure.wire import AzureWire

ROOT = Path(__file__).resolve().parents[2]
# A check that only asks for a product is not asked where no control names it.
IDS = tuple(
    sorted(
        check.id for check in load_checks(find(), []).values() if check.provider == "azure" and check.product is None
    )
)
OTHER = "5ab5c21a-0000-4000-8000-000000000002"
BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
from engine.cli import run_checks
sys.argv = ["run-checks", "--provider", {provider!r}, "--format", "json"]
run_checks()
"""


@pytest.fixture
def filled(azure: AzureWire) -> AzureWire:
    """A tenant with one subscription in which every reader has something to read."""
    fill(azure.tenant)
    return azure


def run(tmp_path: Path, *checks: str, **more: Any) -> Assessment:
    request = RunRequest(config=tmp_path / "keys", providers=("azure",), checks=checks, timeout=5.0, **more)
    return pipeline.run(request, system_clock(threading.Event()))


def verdicts(findings: tuple[Finding, ...]) -> dict[tuple[str, str, str], str]:
    return {(f.check.id, f.scope.account, f.subject.name): f.verdict for f in findings}


def test_a_run_judges_the_tenant_and_its_subscriptions(filled: AzureWire, tmp_path: Path) -> None:
    assessment = run(tmp_path)
    found = verdicts(assessment.findings)
    assert "unknown" not in found.values()
    assert {account for _, account, _ in found} == {TENANT, SUBSCRIPTION}
    assert found["azure.keyvault.logging_enabled", SUBSCRIPTION, "secrets"] == "pass"
    assert found["azure.entra.guest_access_restricted", TENANT, "Contoso"] == "pass"
    assert set(assessment.exit_reasons) == {3}


def test_each_request_of_a_run_is_sent_once(filled: AzureWire, tmp_path: Path) -> None:
    assessment = run(tmp_path)
    assert not filled.traffic.repeats
    planned = sum(row.calls for row in assessment.snapshot.ledger)
    assert planned == sum(entry.call.service != "login" for entry in filled.traffic.log)


def test_a_location_narrows_what_is_judged(filled: AzureWire, tmp_path: Path) -> None:
    judged = verdicts(run(tmp_path, regions=("northeurope",)).findings)
    names = {name for _, _, name in judged}
    assert names & {"secrets", "data", "web", "rg"} == {"secrets"}
    # What is in no region.
    assert {"Production", "Contoso", "dana@contoso.example", "App"} <= names
    with pytest.raises(UsageError, match="nortth is not among"):
        run(tmp_path, regions=("nortth",))


def test_an_account_narrows_what_is_asked(filled: AzureWire, tmp_path: Path) -> None:
    filled.tenant.subscriptions.append(subscription(OTHER, "Other"))
    judged = verdicts(run(tmp_path, accounts=(OTHER,)).findings)
    assert {account for _, account, _ in judged} == {OTHER}


def _naming() -> dict[str, list[str]]:
    """The checks whose own plan prints a permission, by its name."""
    found: dict[str, list[str]] = {}
    for id_ in IDS:
        readers = plan("azure", declared("azure"), reads(compiled((id_,)))).readers
        for name in {name for reader in readers for name in reader.permissions}:
            found.setdefault(name, []).append(id_)
    return found


def _missed(ids: Sequence[str]) -> bool:
    """Whether a scan with some checks leaves anything unknown, or a subscription out."""
    snapshot, findings = scan(ids)
    return len(snapshot.scopes) < 2 or any(finding.verdict == "unknown" for finding in findings)


def test_exactly_the_printed_permissions_are_enough(filled: AzureWire, capfd: pytest.CaptureFixture[str]) -> None:
    before = verdicts(scan(IDS)[1])
    asked = [word for id_ in IDS for word in ("--check", id_)]
    assert main(verb("permissions"), asked, "auditreel") == 0
    printed = capfd.readouterr()
    actions = json.loads(printed.out)["Actions"]
    graph = next(line for line in printed.err.splitlines() if "Microsoft Graph" in line).rpartition(": ")[2].split(", ")
    app = filled.tenant.data["applications"][0]
    app["actions"], app["roles"] = actions, graph
    assert verdicts(scan(IDS)[1]) == before
    assert "unknown" not in before.values()
    naming, idle = _naming(), []
    for name in (*actions, *graph):
        # What no check's own plan names is discovery's.
        judged = naming.get(name, IDS)
        assert not _missed(judged)
        app["actions"] = [action for action in actions if action != name]
        app["roles"] = [permission for permission in graph if permission != name]
        if not _missed(judged):
            idle.append(name)
        app["actions"], app["roles"] = actions, graph
    assert idle == []


def test_a_doctor_tries_the_tenant_and_one_subscription(
    filled: AzureWire, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    filled.tenant.subscriptions.append(subscription(OTHER, "Other"))
    filled.tenant.data["applications"][0]["roles"] = []
    assert main(verb("doctor"), ["--provider", "azure", "--format", "json"], "auditreel") == 4
    (found,) = json.loads(capfd.readouterr().out)
    assert found["identity"]["tenant"] == TENANT
    denied = {row["operations"]: row["permission"] for row in found["denied"]}
    assert denied["graph:policies/authorizationPolicy"] == "Policy.Read.All"
    assert {operations.partition(":")[0] for operations in denied} == {"graph"}
    assert filled.traffic.calls["resourcegraph:resources"] == 1


@pytest.mark.parametrize(
    ("provider", "missing", "says"),
    [
        ("azure", ("boto3", "botocore"), None),
        ("azure", ("azure",), "auditreel[azure]"),
        ("aws", ("boto3", "botocore"), "auditreel[aws]"),
    ],
)
def test_a_provider_needs_its_own_sdk_alone(
    filled: AzureWire, tmp_path: Path, provider: str, missing: tuple[str, ...], says: str | None
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(names=set(missing), provider=provider)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if says is None:
        assert (done.returncode, json.loads(done.stdout)["exit"]["code"]) == (3, 3), done.stderr
    else:
        assert done.returncode == 2
        assert says in done.stderr


def test_nothing_of_azure_is_loaded_where_it_is_not_asked_for() -> None:
    code = "import sys, providers; providers.declared('azure'); providers.declared('aws'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & {"azure", "msal", "requests", "botocore"}


def test_the_adapter_loads_no_asynchronous_half_and_no_management_package() -> None:
    code = "import sys, providers.azure.adapter; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"azure.core", "azure.mgmt.core"} <= loaded
    packages = {name for name in loaded if name.startswith("azure.mgmt.") and name.count(".") == 2}
    assert packages == {"azure.mgmt.core"}
    assert not loaded & {"azure.identity", "msal", "msgraph", "aiohttp", "trio"}
