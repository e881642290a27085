"""Machines, scale sets and disks, built to pass and to fail, and the updates that machines lack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.azure.tenant import SUBSCRIPTION
from tests.emulators.azure.wire import AzureWire

MACHINE, SCALE_SET = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachineScaleSets"
DISK, SCALING = "Microsoft.Compute/disks", "Microsoft.Insights/autoscaleSettings"
PATCHES = f"{MACHINE}/patchAssessmentResults"
BOOT = ("azure.compute.vm_secure_boot", "azure.compute.vm_vtpm")
MACHINES = ("azure.compute.vm_ssh_keys_only", *BOOT, "azure.compute.vm_placed")
DISKS = ("azure.compute.vm_disks_encrypted",)
SCALE_SETS = ("azure.compute.scale_set_zones", "azure.compute.scale_set_scales")
UPDATES = ("azure.compute.patch_assessment_current",)
KEYS = {"adminUsername": "a", "linuxConfiguration": {"disablePasswordAuthentication": True}, "secrets": []}
TRUSTED = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}


def disk(azure: AzureWire, name: str, generation: str | None = "V2", **more: Any) -> str:
    properties = {"diskState": "Attached", **more.pop("properties", {})}
    if generation is not None:
        properties["hyperVGeneration"] = generation
    return azure.tenant.add(DISK, name, properties, **more)


def machine(azure: AzureWire, name: str, os: str = "Linux", generation: str = "V2", **properties: Any) -> str:
    more = {key: properties.pop(key) for key in ("zones",) if key in properties}
    # As Azure spells it there: a resource group in capitals.
    started = disk(azure, f"{name}-os", generation).replace("/resourceGroups/rg/", "/resourceGroups/RG/")
    storage = {"osDisk": {"osType": os, "name": f"{name}-os", "managedDisk": {"id": started}}, "dataDisks": []}
    return azure.tenant.add(MACHINE, name, {"storageProfile": storage, **properties}, **more)


def test_machines_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    machine(azure, "good", osProfile=KEYS, securityProfile=TRUSTED, zones=["1"])
    machine(azure, "bad", osProfile={**KEYS, "linuxConfiguration": {"disablePasswordAuthentication": False}})
    machine(azure, "windows", "Windows", "V1", osProfile={"windowsConfiguration": {"provisionVMAgent": True}})
    machine(azure, "prepared", securityProfile={**TRUSTED, "uefiSettings": {"secureBootEnabled": True}})
    _, findings = scan(MACHINES)
    found = verdicts(findings)
    assert {name: tuple(found[check, name] for check in MACHINES) for _, name in found} == {
        "good": ("pass", "pass", "pass", "pass"),
        "bad": ("fail", "fail", "fail", "fail"),
        "windows": ("not_applicable", "not_applicable", "not_applicable", "fail"),
        # A machine that was made of a disk says nothing of how one signs in.
        "prepared": ("unknown", "pass", "fail", "fail"),
    }


def test_machines_in_sets_are_placed(azure: AzureWire) -> None:
    machine(azure, "set", availabilitySet={"id": "/subscriptions/s/x"})
    machine(azure, "scale", virtualMachineScaleSet={"id": "/subscriptions/s/y"})
    _, findings = scan(MACHINES[3:])
    assert {f.subject.name: f.verdict for f in findings} == {"set": "pass", "scale": "pass"}


def test_what_an_older_api_version_does_not_define_is_unread(azure: AzureWire) -> None:
    machine(azure, "old", osProfile=KEYS)
    azure.resource_graph.api_versions[MACHINE.lower()] = "2019-03-01"
    _, findings = scan(BOOT)
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}
    azure.resource_graph.api_versions[MACHINE.lower()] = None
    _, findings = scan(MACHINES[3:])
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


def test_disks_are_encrypted_by_a_key_the_system_or_the_host(azure: AzureWire) -> None:
    customer = {"encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": "/x"}}
    platform = {"encryption": {"type": "EncryptionAtRestWithPlatformKey"}}
    disk(azure, "customer", properties=customer)
    disk(azure, "system", properties={**platform, "encryptionSettingsCollection": {"enabled": True}})
    host = machine(azure, "host", securityProfile={"encryptionAtHost": True})
    disk(azure, "hosted", properties=platform, managedBy=host.replace("resourceGroups/rg", "resourceGroups/RG"))
    disk(azure, "bare", properties=platform, managedBy=machine(azure, "plain"))
    profile = {"securityProfile": {"encryptionAtHost": True}}
    scale = azure.tenant.add(SCALE_SET, "scale", {"virtualMachineProfile": profile})
    disk(azure, "instance", properties=platform, managedBy=f"{scale}/virtualMachines/0")
    disk(azure, "unattached", properties=platform)
    _, findings = scan(DISKS)
    assert {f.subject.name: f.verdict for f in findings if not f.subject.name.endswith("-os")} == {
        "customer": "pass",
        "system": "pass",
        "hosted": "pass",
        "bare": "fail",
        "instance": "pass",
        "unattached": "fail",
    }


def test_disks_whose_machines_are_withheld_are_unknown(azure: AzureWire) -> None:
    disk(azure, "attached", managedBy=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{MACHINE}/vm")
    azure.tenant.data["applications"][0]["notActions"] = [f"{MACHINE}/read"]
    _, findings = scan(DISKS)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "access_denied")]


def test_scale_sets_spread_and_scale_or_do_not(azure: AzureWire) -> None:
    def scaled(name: str, target: str, enabled: bool, minimum: str, maximum: str) -> None:
        profile = {
            "name": "default",
            "capacity": {"minimum": minimum, "maximum": maximum, "default": minimum},
            "rules": [{"scaleAction": {"direction": "Increase"}}],
        }
        properties = {"enabled": enabled, "targetResourceUri": target, "profiles": [profile], "notifications": []}
        azure.tenant.add(SCALING, name, properties)

    good = azure.tenant.add(SCALE_SET, "good", {}, zones=["1", "2", "3"])
    scaled("good", good.replace("resourceGroups/rg", "resourceGroups/RG"), True, "2", "10")
    scaled("fixed", azure.tenant.add(SCALE_SET, "fixed", {}, zones=["1"]), True, "2", "2")
    scaled("off", azure.tenant.add(SCALE_SET, "off", {}), False, "2", "10")
    azure.tenant.add(SCALE_SET, "bare", {})
    _, findings = scan(SCALE_SETS)
    found = verdicts(findings)
    assert {name: tuple(found[check, name] for check in SCALE_SETS) for _, name in found} == {
        "good": ("pass", "pass"),
        "fixed": ("fail", "fail"),
        "off": ("fail", "fail"),
        "bare": ("fail", "fail"),
    }


def test_scale_sets_whose_settings_are_withheld_are_unknown(azure: AzureWire) -> None:
    azure.tenant.add(SCALE_SET, "unseen", {}, zones=["1", "2"])
    azure.tenant.data["applications"][0]["notActions"] = [f"{SCALING}/read"]
    azure.resource_graph.api_versions[SCALE_SET.lower()] = None
    _, findings = scan(SCALE_SETS)
    assert {(f.check.id, f.verdict, f.reason) for f in findings} == {
        # Zones are told by the row itself, whatever it was read with.
        (SCALE_SETS[0], "pass", None),
        (SCALE_SETS[1], "unknown", "access_denied"),
    }


def assessed(azure: AzureWire, name: str, critical: int, security: int, when: str, **more: Any) -> None:
    counts = {"critical": critical, "security": security, "other": 7}
    properties = {
        "status": "Succeeded",
        "osType": "Linux",
        "startDateTime": when,
        "lastModifiedDateTime": when,
        "availablePatchCountByClassification": counts,
        **more,
    }
    azure.tenant.add(PATCHES, "latest", properties, below=machine(azure, name))


def test_updates_are_there_outstanding_or_unknown(azure: AzureWire) -> None:
    assessed(azure, "current", 0, 0, "2026-11-20T00:00:00.0000000Z")
    assessed(azure, "critical", 1, 0, "2026-11-20T00:00:00Z")
    assessed(azure, "security", 0, 12, "2026-11-20T00:00:00Z")
    assessed(azure, "old", 0, 0, "2026-10-01T00:00:00Z")
    assessed(azure, "failed", 0, 0, "2026-11-20T00:00:00Z", status="Failed")
    machine(azure, "never")
    _, findings = scan(UPDATES)
    assert {f.subject.name: (f.verdict, f.reason) for f in findings} == {
        "current": ("pass", None),
        "critical": ("fail", None),
        "security": ("fail", None),
        "old": ("fail", None),
        "failed": ("fail", None),
        "never": ("unknown", "missing_attribute"),
    }
    assert azure.traffic.calls["resourcegraph:patchassessmentresources"] == 1


@pytest.mark.parametrize("kind", ["denied", "throttled", "truncated"])
def test_assessments_that_are_not_answered_are_unknown(azure: AzureWire, kind: Any) -> None:
    assessed(azure, "current", 0, 0, "2026-11-20T00:00:00Z")
    azure.faults.add(kind, "resourcegraph:patchassessmentresources")
    _, findings = scan(UPDATES)
    assert [f.verdict for f in findings] == ["unknown"]


def test_assessments_take_the_permission_that_resource_graph_asks_for(azure: AzureWire) -> None:
    assessed(azure, "current", 0, 0, "2026-11-20T00:00:00Z")
    role = azure.tenant.data["applications"][0]
    role["notActions"] = [f"{PATCHES}/latest/read"]
    assert [f.verdict for f in scan(UPDATES)[1]] == ["pass"]
    role["notActions"] = [f"{PATCHES}/read"]
    assert [(f.verdict, f.reason) for f in scan(UPDATES)[1]] == [("unknown", "access_denied")]


def test_scale_sets_that_are_withheld_are_not_none(azure: AzureWire) -> None:
    azure.tenant.add(SCALE_SET, "unseen", {}, zones=["1", "2"])
    azure.tenant.data["applications"][0]["notActions"] = [f"{SCALE_SET}/read"]
    _, findings = scan(SCALE_SETS[:1])
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "access_denied")]
