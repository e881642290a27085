"""What a release is made of and by: workflows that GitHub accepts, what is of others pinned, and nothing unlicensed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

ROOT: Final = Path(__file__).resolve().parents[2]
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SBOM: Final = ROOT / ".ci" / "sbom.py"
ALLOWED: Final = frozenset(
    {
        *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0"),
        *("Apache Software License", "BSD", "BSD License"),
    }
)
"""Licences under which what is installed beside auditreel may be handed on, of which one has to be a component's."""
pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="a source distribution has no workflows")


def parsed(path: Path) -> dict[str, Any]:
    """A workflow, read by YAML 1.2's booleans ("on" is text)."""
    whole: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    if True in whole:
        whole["on"] = whole.pop(True)  # type: ignore[call-overload]
    return whole


def published(package: str, *parts: str) -> dict[str, Any]:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    found: dict[str, Any] = json.loads(Path(spec.origin).parent.joinpath(*parts).read_text("utf-8"))
    return found


def vendor(name: str) -> dict[str, Any]:
    return published("check_jsonschema", "builtin_schemas", "vendor", name)


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in parsed(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_what_github_accepts_and_each_script_is_one(path: Path) -> None:
    jsonschema.Draft7Validator(vendor("github-workflows.json")).validate(parsed(path))
    for step in steps(path):
        if "run" in step:
            subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)
            # What a branch or a tag may be called must not become a command.
            assert "${{" not in step["run"]


def test_what_keeps_pins_fresh_is_what_github_accepts_and_looks_at_all_of_them() -> None:
    whole = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))
    jsonschema.Draft7Validator(vendor("dependabot.json")).validate(whole)
    assert [row["package-ecosystem"] for row in whole["updates"]] == ["github-actions", "docker", "pip"]


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, ROOT / "action.yml", ROOT / "docs" / "gate.md"], ids=lambda path: path.name
)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (\S+)@(\S+)(.*)", path.read_text("utf-8"))
    others = [row for row in used if not row[0].startswith("OWNER/")]
    pinned = [row for row in others if re.fullmatch(r"[0-9a-f]{40}", row[1]) and re.match(r" # v\d+\.\d+\.\d+", row[2])]
    assert others
    assert pinned == others


def test_one_action_has_one_commit_a_version() -> None:
    texts = "".join(path.read_text("utf-8") for path in (*WORKFLOWS, ROOT / "action.yml", ROOT / "docs" / "gate.md"))
    known: dict[tuple[str, str], set[str]] = {}
    for name, commit, version in re.findall(r"uses: (\S+)@([0-9a-f]{40}) # (v\S+)", texts):
        known.setdefault((name, version), set()).add(commit)
    assert {key: commits for key, commits in known.items() if len(commits) > 1} == {}


def test_the_base_image_is_pinned_by_digest() -> None:
    (base,) = re.findall(r"^ARG BASE=(.*)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)


def test_a_release_has_no_secret_and_each_job_the_rights_that_it_uses() -> None:
    path = ROOT / ".github" / "workflows" / "release.yml"
    whole = parsed(path)
    rights = {name: job["permissions"] for name, job in whole["jobs"].items()}
    identity = {"attestations": "write", "id-token": "write"}

    assert "secrets." not in path.read_text("utf-8")
    assert whole["permissions"] == {}
    assert rights == {
        "build": {"contents": "read"},
        "attest": identity,
        "pypi": {"id-token": "write"},
        "image": {**identity, "contents": "read", "packages": "write"},
        "release": {"contents": "write"},
    }
    # Nothing is published of which nobody said where it was made.
    assert all("attest" in whole["jobs"][name]["needs"] for name in ("pypi", "image", "release"))
    kept = [
        step.get("with", {}).get("persist-credentials") for step in steps(path) if "checkout" in step.get("uses", "")
    ]
    assert set(kept) == {False}


def test_everything_that_workflows_install_of_the_project_is_pinned() -> None:
    scripts = "\n".join(step["run"] for path in WORKFLOWS for step in steps(path) if "run" in step)
    installs = re.findall(r"pip install .*", scripts)
    assert installs
    assert [line for line in installs if "--constraint constraints.txt" not in line and "==" not in line] == []


# --- the bill of materials -------------------------------------------------------------------------------------------


def bill(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SBOM), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    done = bill("--extra", "all", SOURCE_DATE_EPOCH="1764200000")
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_bill_of_materials_is_what_cyclonedx_publishes(made: dict[str, Any]) -> None:
    schemas = {
        name: published("cyclonedx", "schema", "_res", f"{name}.SNAPSHOT.schema.json")
        for name in ("bom-1.6", "spdx", "jsf-0.82")
    }
    registry: Any = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()]
    )
    validator = jsonschema.Draft7Validator(schemas["bom-1.6"], registry=registry)
    assert [error.message for error in validator.iter_errors(made)] == []


def test_the_bill_of_materials_names_all_that_the_extras_bring_and_what_brings_it(made: dict[str, Any]) -> None:
    names = {part["name"]: part["bom-ref"] for part in made["components"]}
    below = {row["ref"]: row["dependsOn"] for row in made["dependencies"]}
    root = made["metadata"]["component"]

    assert root["name"] == "auditreel"
    assert made["metadata"]["timestamp"] == "2025-11-26T23:33:20Z"
    direct = {"click", "cryptography", "duckdb", "google-re2", "jinja2", "jsonschema", "msgspec", "pyyaml", "rich"}
    extras = {"boto3", "azure-identity", "google-auth", "requests", "xlsxwriter", "reportlab", "apprise", "starlette"}
    assert {names[name] for name in direct | extras} <= set(below[root["bom-ref"]])
    assert names["botocore"] in below[names["boto3"]]
    assert set(below) == {root["bom-ref"], *names.values()}
    assert {ref for refs in below.values() for ref in refs} == set(names.values())
    # What only tests need is not handed on.
    assert names.keys() & {"pytest", "moto", "hypothesis", "ruff"} == set()


def test_the_core_alone_brings_no_cloud() -> None:
    core = json.loads(bill().stdout)
    names = {part["name"] for part in core["components"]}
    assert names & {"boto3", "botocore", "azure-core", "google-auth", "requests", "starlette"} == set()
    assert "duckdb" in names


def test_equal_environments_give_equal_bills(made: dict[str, Any]) -> None:
    assert json.loads(bill("--extra", "all", SOURCE_DATE_EPOCH="1764200000").stdout) == made


def test_what_is_not_installed_is_no_bill(tmp_path: Path) -> None:
    done = bill("--path", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "auditreel is required, and not installed" in done.stderr


def test_every_component_has_a_licence_that_lets_it_be_handed_on(made: dict[str, Any]) -> None:
    said = {
        part["name"]: [row.get("expression") or row["license"]["name"] for row in part.get("licenses", ())]
        for part in made["components"]
    }
    wrong = {
        name: texts
        for name, texts in said.items()
        if len(texts) != 1 or not ALLOWED & set(re.split(r" OR |, ", texts[0])) or " AND " in texts[0]
    }
    assert wrong == {}


def test_every_component_is_pinned(made: dict[str, Any]) -> None:
    from packaging.utils import canonicalize_name

    rows = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    pins = {str(canonicalize_name(name)) for name, _ in rows}
    assert {part["name"] for part in made["components"]} - pins == set()
