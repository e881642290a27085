"""Manifests that start a run every night, each held to what its target accepts."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.resources import files as packaged
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from cfnlint.api import ManualArgs, lint
from cron_converter import Cron
from policy_sentry.querying.actions import get_actions_with_access_level

from engine import cli, schedules
from engine.errors import UsageError
from engine.model import Schedule
from engine.permissions import buckets
from engine.schedules import TARGETS, Job, Needs
from tests.documents import wrong

CLOUDS = ("aws", "azure", "gcp", "github")
JOB = Job(
    schedule=Schedule(at="02:30", timezone="Europe/Berlin", grace_hours=3),
    needs={
        "aws": Needs(tuple(get_actions_with_access_level("ec2", "List")), ("sts:AssumeRole",)),
        "azure": Needs(("Microsoft.KeyVault/vaults/read",), ()),
        "gcp": Needs(("compute.disks.list",), ()),
        "github": Needs(("contents:read",), ()),
    },
    image="registry.example.org/auditreel@sha256:" + 64 * "0",
    store="/srv/evidence of 100%/$store",
    config="/srv/config",
    policy="/srv/policies",
    skipped=date(2027, 3, 28),
)


class Tags(yaml.SafeLoader):
    """Reads the short forms of CloudFormation as what they hold."""


Tags.add_multi_constructor("!", lambda loader, tag, node: tag)


def only(target: str, job: Job = JOB) -> str:
    (text,) = schedules.files(target, job).values()
    return text


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from strings(item)


def test_a_crontab_holds_two_commands_at_their_times() -> None:
    *_, zone, config, run, notify = only("cron").splitlines()

    assert (zone, config) == ("CRON_TZ=Europe/Berlin", "AUDITREEL_CONFIG=/srv/config")
    for line, at in ((run, [[30], [2]]), (notify, [[30], [5]])):
        fields, command = line.split(" ", 5)[:5], line.split(" ", 5)[5]
        assert Cron(" ".join(fields)).to_list()[:2] == at
        # An unescaped percent sign would end the command.
        assert "%" not in command.replace(r"\%", "")
        assert JOB.store in shlex.split(command.replace(r"\%", "%"))


def accepted(units: dict[str, str], folder: Path) -> None:
    """systemd finds nothing wrong with units."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    for name, text in units.items():
        (folder / name).write_text(text.replace("User=auditreel", "User=root").replace("Group=auditreel", "Group=root"))
    words = ["systemd-analyze", "verify", "--man=no", *(str(folder / name) for name in units)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in done.stderr.splitlines() if str(folder) in line or "auditreel" in line] == []
    assert done.returncode == 0, done.stderr


def test_units_are_what_systemd_accepts(tmp_path: Path) -> None:
    units = schedules.files("systemd", JOB)
    accepted(units, tmp_path)
    calendar = subprocess.run(
        ["systemd-analyze", "calendar", "*-*-* 02:30:00 Europe/Berlin"], capture_output=True, text=True, check=False
    )

    assert calendar.returncode == 0
    assert "OnCalendar=*-*-* 02:30:00 Europe/Berlin\n" in units["auditreel.timer"]
    assert "OnCalendar=*-*-* 05:30:00 Europe/Berlin\n" in units["auditreel-notify.timer"]
    assert '"/srv/evidence of 100%%/$$store"' in units["auditreel.service"]


def test_cron_jobs_are_what_kubernetes_accepts_and_what_its_strictest_rules_allow() -> None:
    documents = list(yaml.safe_load_all(only("k8s")))
    for document in documents:
        kubernetes_validate.validate(document, "1.31", strict=True)

    kinds = [document["kind"] for document in documents]
    assert kinds == ["Namespace", "ServiceAccount", *3 * ["PersistentVolumeClaim"], "CronJob", "CronJob"]
    assert sorted(documents[1]["metadata"]["annotations"]) == [
        "azure.workload.identity/client-id",
        "eks.amazonaws.com/role-arn",
        "iam.gke.io/gcp-service-account",
    ]
    for document, at in zip(documents[-2:], ("30 2 * * *", "30 5 * * *"), strict=True):
        spec = document["spec"]
        job, pod = spec["jobTemplate"]["spec"], spec["jobTemplate"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (at, "Europe/Berlin", "Forbid")
        assert spec["startingDeadlineSeconds"] == 3 * 3600
        assert job["activeDeadlineSeconds"] <= 6 * 3600
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]) == {"requests", "limits"}
        claims = {name["name"] for name in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == claims
    # A run that found failures did its work: it is not made again.
    rules = documents[-2]["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rules[-1] == {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1, 2, 3, 4, 5]}}


def test_the_workflow_is_what_github_accepts_with_no_right_but_its_identity() -> None:
    workflow = yaml.load(only("github"), yaml.CBaseLoader)
    schema = json.loads(
        (packaged("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json").read_text("utf-8")
    )
    whole = yaml.safe_load(only("github"))
    whole["on"] = whole.pop(True)  # YAML 1.1's boolean, where GitHub reads a text
    jsonschema.Draft7Validator(schema).validate(whole)

    assert workflow["on"]["schedule"] == [{"cron": "30 2 * * *", "timezone": "Europe/Berlin"}]
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}
    (job,) = workflow["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [name.partition("@")[0] for name in used] == ["actions/checkout", "actions/setup-python"]
    assert all(len(name.partition("@")[2]) == 40 for name in used)
    names = [step.get("name") for step in job["steps"][3:]]
    assert names == ["Identity for aws", "Identity for azure", "Identity for gcp", "Run", "Notify"]
    for step in job["steps"]:
        if "run" in step:
            subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)
            # What a name in a variable could be must not become a command.
            assert "${{" not in step["run"]


def test_the_template_is_what_cloudformation_accepts() -> None:
    text = only("eventbridge")
    template = json.loads(text)

    assert lint(text, config=ManualArgs(regions=["eu-central-1"])) == []
    resources = template["Resources"]
    granted = [
        action
        for name, resource in resources.items()
        if name.startswith("ReadPolicy")
        for action in resource["Properties"]["PolicyDocument"]["Statement"][0]["Action"]
    ]
    assert sorted(granted) == sorted(JOB.needs["aws"].reading)
    assuming = resources["TaskRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][-1]
    roles = {"Fn::Sub": "arn:${AWS::Partition}:iam::*:role/${ScannedRole}"}
    assert assuming == {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    granted_by_role = yaml.load(schedules.roles(JOB)["role-aws.yaml"], Tags)["Resources"]["ReadPolicy1"]
    assert "sts:AssumeRole" not in granted_by_role["Properties"]["PolicyDocument"]["Statement"][0]["Action"]
    assert len([name for name in resources if name.startswith("ReadPolicy")]) > 1
    for name, at in (("Run", "cron(30 2 * * ? *)"), ("NotifyOwners", "cron(30 5 * * ? *)")):
        properties = resources[name]["Properties"]
        assert (properties["ScheduleExpression"], properties["ScheduleExpressionTimezone"]) == (at, "Europe/Berlin")
        assert properties["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3 * 3600


def given() -> Iterator[tuple[str, str, set[str]]]:
    """What the run and the notification are each given of secrets, by target."""
    units = schedules.files("systemd", JOB)
    fills = dict(line[2:].strip().split(": ", 1) for line in units["auditreel.service"].splitlines() if ": " in line)
    for name in ("auditreel", "auditreel-notify"):
        (place,) = (line for line in units[f"{name}.service"].splitlines() if line.startswith("EnvironmentFile=-"))
        yield "systemd", name, set(fills[place.partition("=-")[2]].split(", ")) & {KEY, ADDRESSES}
    manifest = only("k8s")
    fills = dict(line[2:].strip().split(": ", 1) for line in manifest.splitlines() if line.startswith("#   "))
    for document in list(yaml.safe_load_all(manifest))[-2:]:
        (container,) = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        (source,) = container["envFrom"]
        said = fills[f"secret {source['secretRef']['name']}"].partition(":")[0]
        yield "k8s", document["metadata"]["name"], set(said.split(", ")) & {KEY, ADDRESSES}
    resources = json.loads(only("eventbridge"))["Resources"]
    for name in ("Run", "NotifyOwners"):
        task = resources[resources[name]["Properties"]["Target"]["EcsParameters"]["TaskDefinitionArn"]["Ref"]]
        (container,) = task["Properties"]["ContainerDefinitions"]
        yield "eventbridge", name, {row["Name"] for row in container["Secrets"]}
    (job,) = yaml.load(only("github"), yaml.CBaseLoader)["jobs"].values()
    for step in job["steps"][-2:]:
        yield "github", step["name"], step["env"].keys() & {KEY, ADDRESSES}


KEY, ADDRESSES = "AUDITREEL_SIGNING_KEY", "AUDITREEL_NOTIFY"


def test_who_tells_what_changed_cannot_sign_and_who_signs_tells_nobody() -> None:
    assert list(given()) == [
        ("systemd", "auditreel", {KEY}),
        ("systemd", "auditreel-notify", {ADDRESSES}),
        ("k8s", "auditreel", {KEY}),
        ("k8s", "auditreel-notify", {ADDRESSES}),
        ("eventbridge", "Run", {KEY}),
        ("eventbridge", "NotifyOwners", {ADDRESSES}),
        ("github", "Run", {KEY}),
        ("github", "Notify", {ADDRESSES}),
    ]


def test_who_tells_what_changed_reads_no_cloud_of_aws() -> None:
    resources = json.loads(only("eventbridge"))["Resources"]
    task = resources[resources["NotifyOwners"]["Properties"]["Target"]["EcsParameters"]["TaskDefinitionArn"]["Ref"]]
    role, _ = task["Properties"]["TaskRoleArn"]["Fn::GetAtt"]
    policies = [row for row in resources.values() if row["Type"] == "AWS::IAM::ManagedPolicy"]

    assert policies
    assert all({"Ref": role} not in row["Properties"]["Roles"] for row in policies)
    assert "sts:AssumeRole" not in str(resources[role]["Properties"]["Policies"])


STORES = ("s3://acme-evidence/soc2/production", "gs://acme-evidence/soc2", "az://evidence/soc2")


def test_of_a_provider_that_manifests_know_nothing_of_they_sign_nobody_in_and_its_role_says_what_is_missing() -> None:
    job = replace(JOB, needs={"rack": Needs(("disks:list",), ())})

    assert "Identity for" not in only("github", job)
    assert [target for target in TARGETS if not schedules.files(target, job)] == []
    with pytest.raises(UsageError, match="writing the permissions of rack: there is no policy of it"):
        schedules.roles(job)


def recording_in(store: str, *providers: str) -> Job:
    """The job with its evidence in a bucket, reading some clouds alone."""
    needs = {name: JOB.needs[name] for name in providers or CLOUDS}
    return replace(JOB, store=store, needs=needs, bucket=schedules.bucket_of(store))


@pytest.mark.parametrize("store", STORES)
def test_cron_jobs_keep_a_buckets_copy_in_a_volume_where_nothing_else_can_be_written(store: str) -> None:
    job = recording_in(store, "aws")
    documents = list(yaml.safe_load_all(only("k8s", job)))
    for document in documents:
        kubernetes_validate.validate(document, "1.31", strict=True)
    claims = [one["metadata"]["name"] for one in documents if one["kind"] == "PersistentVolumeClaim"]
    assert claims == ["auditreel-cache", "auditreel-config", "auditreel-policy"]
    identities = {"s3": [], "gs": ["iam.gke.io/gcp-service-account"], "az": ["azure.workload.identity/client-id"]}
    assert sorted(documents[1]["metadata"]["annotations"]) == sorted(
        ["eks.amazonaws.com/role-arn", *identities[store[:2]]]
    )
    where = {"s3": {"AWS_REGION": "BUCKET_REGION"}, "gs": {}, "az": {"AZURE_STORAGE_ACCOUNT_NAME": "STORAGE_ACCOUNT"}}
    for document in documents[-2:]:
        template = document["spec"]["jobTemplate"]["spec"]["template"]
        (container,) = template["spec"]["containers"]
        assert container["args"][container["args"].index("--store") + 1] == store
        assert {one["name"]: one["value"] for one in container["env"]} == {
            "AUDITREEL_CONFIG": "/config",
            "HOME": "/tmp",
            "XDG_CACHE_HOME": "/cache",
            **where[store[:2]],
        }
        mounts = {one["mountPath"]: one.get("readOnly", False) for one in container["volumeMounts"]}
        assert mounts == {"/cache": False, "/config": False, "/policy": True, "/tmp": False}
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert ("azure.workload.identity/use" in template["metadata"]["labels"]) == store.startswith("az")
    for value, said in job.variables.values():
        assert f"#   {value}: {said}" in only("k8s", job)


@pytest.mark.parametrize("store", STORES)
def test_units_write_a_buckets_copy_into_a_cache_of_systemd(store: str, tmp_path: Path) -> None:
    units = schedules.files("systemd", recording_in(store))
    for name in ("auditreel.service", "auditreel-notify.service"):
        lines = units[name].splitlines()
        assert f" --store {store}" in units[name]
        assert [line for line in lines if line.startswith(("ReadWrite", "Cache", "Environment=X"))] == [
            "ReadWritePaths=/srv/config",
            "CacheDirectory=auditreel",
            "CacheDirectoryMode=0700",
            "Environment=XDG_CACHE_HOME=/var/cache",
        ]
    accepted(units, tmp_path)


def test_a_crontab_says_where_the_bucket_is() -> None:
    lines = only("cron", recording_in(STORES[0])).splitlines()
    assert lines[-5:-2] == ["CRON_TZ=Europe/Berlin", "AUDITREEL_CONFIG=/srv/config", "AWS_REGION=BUCKET_REGION"]
    assert all(STORES[0] in shlex.split(line) for line in lines[-2:])
    assert "#   BUCKET_REGION: the region of the bucket" in lines


@pytest.mark.parametrize("store", STORES)
def test_a_workflow_enters_the_cloud_of_the_bucket_too(store: str) -> None:
    text = only("github", recording_in(store, "github"))
    workflow = yaml.load(text, yaml.CBaseLoader)
    (job,) = workflow["jobs"].values()
    cloud = {"s3": "aws", "gs": "gcp", "az": "azure"}[store[:2]]
    steps = {step["name"]: step["run"] for step in job["steps"] if "name" in step}
    assert list(steps) == ["Install", f"Identity for {cloud}", "Run", "Notify"]
    assert store in shlex.split(steps["Run"])
    assert store in shlex.split(steps["Notify"])
    assert f"auditreel[{','.join(sorted((cloud, 'github')))},notify,remote]==" in steps["Install"]
    assert {"s3": "AWS_REGION", "gs": "AUDITREEL_CONFIG", "az": "AZURE_STORAGE_ACCOUNT_NAME"}[store[:2]] in job["env"]
    assert "a hosted one forgets /srv/config" in text


@pytest.mark.parametrize("store", STORES)
def test_the_template_grants_what_the_bucket_takes_and_keeps_its_copy_on_a_volume(store: str) -> None:
    text = only("eventbridge", recording_in(store, "aws"))
    assert lint(text, config=ManualArgs(regions=["eu-central-1"])) == []
    template = json.loads(text)
    (container,) = template["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    mounts = {one["ContainerPath"]: one["ReadOnly"] for one in container["MountPoints"]}
    assert mounts == {"/cache": False, "/config": False, "/policy": True, "/tmp": False}
    assert {"Name": "XDG_CACHE_HOME", "Value": "/cache"} in container["Environment"]
    assert "EvidenceAccessPoint" not in template["Parameters"]
    for name in ("Run", "NotifyOwners"):
        words = json.loads(template["Resources"][name]["Properties"]["Target"]["Input"])["containerOverrides"][0]
        assert words["command"][words["command"].index("--store") + 1] == store
    statements = template["Resources"]["TaskRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    granted = {
        statement["Resource"]["Fn::Sub"]: statement["Action"]
        for statement in statements
        if "s3:" in str(statement["Action"])
    }
    partition = "arn:${AWS::Partition}:s3:::acme-evidence"
    taken = {partition: list(buckets.ON_BUCKET), f"{partition}/soc2/production/*": list(buckets.ON_OBJECTS)}
    assert granted == (taken if store.startswith("s3") else {})


def test_what_a_bucket_takes_is_what_the_page_says() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "object-store.md").read_text()
    of_aws, of_google, of_azure = (buckets.role(address)[1] for address in map(schedules.bucket_of, STORES) if address)
    first = page.partition("The run's role writes and never deletes:")[2].partition("\n    }\n")[0] + "\n    }"
    assert json.loads(first) == json.loads(of_aws)
    named = (*yaml.safe_load(of_google)["includedPermissions"], *json.loads(of_azure)["DataActions"])
    assert [name for name in named if f"`{name}`" not in page] == []
    assert [name for name in (*buckets.ON_OBJECTS, *named) if "elete" in name] == []


def commands(target: str, job: Job) -> Iterator[list[str]]:
    """The words of the two commands that a manifest starts, from ours on."""
    if target == "k8s":
        for document in list(yaml.safe_load_all(only(target, job)))[-2:]:
            (container,) = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
            yield ["auditreel", *container["args"]]
    elif target == "eventbridge":
        for name in ("Run", "NotifyOwners"):
            given = json.loads(only(target, job))["Resources"][name]["Properties"]["Target"]["Input"]
            yield ["auditreel", *json.loads(given)["containerOverrides"][0]["command"]]
    elif target == "github":
        (steps,) = (one["steps"] for one in yaml.load(only(target, job), yaml.CBaseLoader)["jobs"].values())
        yield from (shlex.split(step["run"]) for step in steps if step.get("name") in ("Run", "Notify"))
    else:
        for text in schedules.files(target, job).values():
            for line in text.splitlines():
                words = shlex.split(line) if line.startswith(("ExecStart=", "30 ")) else []
                yield from [words[words.index("auditreel") :]] if words else []


@pytest.mark.parametrize("store", [JOB.store, STORES[0]])
@pytest.mark.parametrize("target", TARGETS)
def test_what_a_manifest_starts_is_a_command_that_there_is_and_its_exit_code_is_nobodys_else(
    target: str, store: str
) -> None:
    job = JOB if store == JOB.store else recording_in(store)
    found = list(commands(target, job))
    assert [words[1] for words in found] == ["run", "notify"]
    assert [wrong(words) for words in found] == [None, None]
    swallowing = {"|", "||", ";", "&", "&&", "true", "exit"}
    assert [word for words in found for word in words if word in swallowing] == []


@pytest.mark.parametrize("target", TARGETS)
def test_every_manifest_is_the_same_twice_and_warns_of_a_time_that_clocks_skip(target: str) -> None:
    made = schedules.files(target, JOB)
    assert made == schedules.files(target, JOB)
    assert all("2027-03-28 the clocks of Europe/Berlin skip 02:30" in text for text in made.values())
    assert not any("clocks" in text for text in schedules.files(target, replace(JOB, skipped=None)).values())


@pytest.mark.parametrize(
    ("at", "zone", "night"),
    [("02:30", "Europe/Berlin", date(2027, 3, 28)), ("03:30", "Europe/Berlin", None), ("02:30", "UTC", None)],
)
def test_the_night_on_which_a_time_is_skipped_is_found(at: str, zone: str, night: date | None) -> None:
    assert schedules.skipped(Schedule(at=at, timezone=zone), date(2026, 11, 26)) == night


def test_the_verb_prints_by_the_policy_and_writes_the_roles_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert cli.main(cli.group, ["schedule", "print", "--target", "k8s"], "auditreel") == 0
    printed = capsys.readouterr()
    assert cli.main(cli.group, ["schedule", "print", "--target", "k8s", "--output", "made"], "auditreel") == 0

    assert [document["kind"] for document in yaml.safe_load_all(printed.out)][-1] == "CronJob"
    assert (tmp_path / "made" / "auditreel.yaml").read_text() == printed.out
    assert "AWS::IAM::Role" in (tmp_path / "made" / "role-aws.yaml").read_text()
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["auditreel.yaml", "role-aws.yaml"]


def test_the_verb_takes_a_bucket_and_writes_what_it_takes_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["schedule", "print", "--target", "k8s"]
    assert cli.main(cli.group, [*words, "--store", f"{STORES[0]}/", "--output", "made"], "auditreel") == 0
    written = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert written == ["auditreel.yaml", "role-aws.yaml", "role-store-aws.json"]
    assert f"note: evidence goes to {STORES[0]}: " in capsys.readouterr().err
    assert cli.main(cli.group, [*words, "--store", "ftp://acme/x"], "auditreel") == 2
