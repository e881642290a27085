"""``auditreel gate`` on ARM templates: exit codes, bases, parameters, where it is written, and what is not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli import group, main
from tests.arm import GIVEN, GROUP, PARAMETERS, Rows, data, row
from tests.end_to_end.test_gate import live_snapshot
from tests.templates import data as cloudformation

NSG = "Microsoft.Network/networkSecurityGroups"
STORAGE = "Microsoft.Storage/storageAccounts"
RULE = {
    "direction": "Inbound",
    "access": "Allow",
    "priority": 100,
    "protocol": "Tcp",
    "sourceAddressPrefix": "[parameters('net')]",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "22",
}
ROWS: dict[str, Any] = {
    "web": row(NSG, "web", "2023-04-01", {}),
    "ssh": row(f"{NSG}/securityRules", "[format('{0}/{1}', 'web', 'ssh')]", "2023-04-01", RULE),
}
NET = {"parameters": {"net": {"type": "string", "defaultValue": "*"}}}
SSH = ("--check", "azure.network.nsg_no_open_admin_ports")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))


def written(name: str, rows: Rows, **sections: Any) -> str:
    Path(name).write_text(json.dumps(json.loads(data(rows, **sections)), indent=2))
    return name


def gate(*arguments: str) -> int:
    return main(group, ["gate", *arguments], "auditreel")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = gate(*arguments, "--format", "json")
    return code, json.loads(capsys.readouterr().out)


def test_a_rule_that_opens_a_group_stops_the_gate_and_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    generator = {"metadata": {"_generator": {"name": "bicep", "version": "0.30.3.12046", "templateHash": "1"}}}
    code, report = shown(capsys, written("main.json", ROWS, **NET, **generator), *SSH)
    assert (code, report["plan"]["kind"], report["plan"]["tool"], report["base"]["kind"]) == (
        3,
        "arm",
        "Bicep 0.30.3.12046",
        "nothing",
    )
    (change,) = report["changes"]
    line = Path("main.json").read_text().splitlines().index('    "web": {') + 1
    assert (change["movement"], change["place"]["address"], change["place"]["parts"], change["place"]["line"]) == (
        "new_failure",
        "web",
        ["ssh"],
        line,
    )
    assert gate("main.json", *SSH, "--output", "gate.sarif") == 3
    (result,) = json.loads(Path("gate.sarif").read_text())["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]
    assert (where["artifactLocation"]["uri"], where["region"]["startLine"]) == ("main.json", line)


def test_parameters_decide_and_one_without_a_value_stops_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    template = written("main.json", ROWS, parameters={"net": {"type": "string"}})
    values = {"$schema": PARAMETERS, "contentVersion": "1.0.0.0", "parameters": {"net": {"value": "Internet"}}}
    Path("prod.parameters.json").write_text(json.dumps(values))
    assert gate(template, *SSH) == 4
    assert gate(template, *SSH, "--parameters", "net=10.0.0.0/8") == 0
    code, report = shown(capsys, template, *SSH, "--parameters", "prod.parameters.json")
    assert (code, report["plan"]["parameters"]) == (3, {"net": "Internet"})
    assert gate(template, *SSH, "--parameters", "nope=1") == 2


def test_what_fails_in_the_base_already_does_not_stop_it_and_what_is_new_does() -> None:
    base = written("base.json", ROWS, **NET)
    assert gate(base, "--base", base, *SSH) == 0
    more = {**ROWS, "db": row(NSG, "db", "2023-04-01", {"securityRules": [{"name": "in", "properties": RULE}]})}
    assert gate(written("more.json", more, **NET), "--base", base, *SSH) == 3
    assert gate(written("closed.json", {"web": ROWS["web"]}), "--base", base, *SSH) == 0


def test_the_values_of_secret_parameters_are_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    sections = {"parameters": {"secret": {"type": "securestring", "defaultValue": "hunter1"}}}
    account = row(STORAGE, "[parameters('secret')]", "2023-01-01", {"minimumTlsVersion": "[parameters('secret')]"})
    template = written("main.json", [account], **sections)
    gate(template, "--format", "json", "--record", "r.json", "--parameters", "secret=hunter2")
    told = capsys.readouterr()
    everything = told.out + told.err + Path("r.json").read_text()
    assert "hunter" not in everything
    assert json.loads(Path("r.json").read_text())["plan"]["parameters"] == {"secret": None}


def test_what_is_not_read_never_passes(capsys: pytest.CaptureFixture[str]) -> None:
    linked = row(
        "Microsoft.Resources/deployments", "more", "2022-09-01", {"templateLink": {"uri": "https://example.com"}}
    )
    code, report = shown(capsys, written("a.json", [ROWS["web"], linked]), *SSH)
    assert (code, report["plan"]["incomplete"]) == (
        4,
        ["1 linked deployments are not read, such as Microsoft.Resources/deployments/more; judge their templates too"],
    )
    code, report = shown(capsys, written("b.json", [row("Contoso.Things/things", "x", "2020-01-01")]), *SSH)
    assert (code, report["plan"]["unmapped"]) == (4, {"Contoso.Things/things": 1})
    assert gate(written("c.json", []), *SSH) == 4
    assert gate(written("d.json", [ROWS["ssh"]], **NET), *SSH) == 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f'{{"$schema": "{GROUP}", "resources": [', "it was cut off"),
        (f'{{"$schema": "{GROUP}", "resource": []}}', "line 1: resource: templates have no such section"),
        (f'{{"$schema": "{PARAMETERS}", "parameters": {{}}}}', "it is a file of parameters"),
    ],
)
def test_what_is_no_template_is_bad_input(text: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("main.json").write_text(text)
    assert gate("main.json") == 2
    assert why in capsys.readouterr().err


def test_templates_of_two_languages_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    Path("stack.json").write_bytes(cloudformation({"B": ("AWS::S3::Bucket", {})}))
    assert gate(written("main.json", ROWS, **NET), "--base", "stack.json", *SSH) == 2
    assert "they are templates of two languages: arm, cloudformation" in capsys.readouterr().err


def test_over_a_run_the_place_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    live = live_snapshot({})
    account = GIVEN["subscription().subscriptionId"]
    scope = {"provider": "azure", "account": account, "region": "global"}
    subscription = {
        **live["resources"][0],
        **scope,
        "type": "Microsoft.Resources/subscriptions",
        "id": f"/subscriptions/{account}",
        "properties": {},
    }
    Path("live.json").write_text(
        json.dumps({**live, "scopes": [scope], "collections": [], "resources": [subscription]})
    )
    assert gate(written("main.json", ROWS, **NET), *SSH, "--snapshot", "live.json") == 2
    assert "give subscription().subscriptionId and resourceGroup().name" in capsys.readouterr().err
    place = [part for name, value in GIVEN.items() for part in ("--parameters", f"{name}={value}")]
    code, report = shown(capsys, "main.json", *SSH, "--snapshot", "live.json", *place)
    assert code == 3
    # What the run did not list is unknown beside it.
    assert [row["subject"]["id"] for row in report["changes"] if row["movement"] == "new_failure"] == [
        f"/subscriptions/{account}/resourcegroups/rg-app/providers/microsoft.network/networksecuritygroups/web"
    ]
