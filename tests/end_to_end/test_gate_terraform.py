"""Plans that Terraform itself makes, offline: what needs no provider but its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from providers.base import Unread
from providers.terraform.block import overlaid
from providers.terraform.crosscheck import TWO_VALUES
from providers.terraform.plan import read

TERRAFORM = shutil.which("terraform") or shutil.which("tofu")
# One of those that a strict run may lack (OPTIONAL in tests/conftest.py).
pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="needs terraform")

ROOT_MODULE = """
variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2"
}
resource "terraform_data" "first" {
  input = { name = "a", secret = var.secret }
}
module "each" {
  source   = "./inner"
  for_each = toset(["a.b/c", "d"])
  name     = terraform_data.first.id
}
resource "terraform_data" "counted" {
  count = 2
  input = module.each["d"].made[count.index].id
}
check "named" {
  assert {
    condition     = terraform_data.first.input.name == "b"
    error_message = "it is a"
  }
}
"""
INNER = """
variable "name" { type = string }
resource "terraform_data" "made" {
  count = 2
  input = { name = var.name, known = "yes" }
}
output "made" { value = terraform_data.made }
"""


def run(folder: Path, *arguments: str) -> bytes:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    done = subprocess.run([str(TERRAFORM), *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("terraform")
    (made / "main.tf").write_text(ROOT_MODULE)
    (made / "inner").mkdir()
    (made / "inner" / "main.tf").write_text(INNER)
    run(made, "init", "-input=false")
    run(made, "plan", "-input=false", "-out=first.tfplan")
    return made


def test_modules_keys_masks_and_failed_checks_are_read_as_terraform_writes_them(folder: Path) -> None:
    plan = read(run(folder, "show", "-json", "first.tfplan"))
    by_address = {change.address: change for change in plan.changes}
    assert sorted(by_address) == [
        'module.each["a.b/c"].terraform_data.made[0]',
        'module.each["a.b/c"].terraform_data.made[1]',
        'module.each["d"].terraform_data.made[0]',
        'module.each["d"].terraform_data.made[1]',
        "terraform_data.counted[0]",
        "terraform_data.counted[1]",
        "terraform_data.first",
    ]
    first = by_address["terraform_data.first"]
    values = overlaid(first.after or {}, first.unknown, first.sensitive["after"], None)
    assert values["input"]["name"] == "a"
    assert values["input"]["secret"] == Unread("sensitive")
    inner = by_address['module.each["d"].terraform_data.made[0]']
    below = overlaid(inner.after or {}, inner.unknown, inner.sensitive["after"], None)["input"]
    assert (below["known"], below["name"].reason) == ("yes", "known_after_apply")
    assert plan.statements == ("1 of the configuration's own checks fail",)


def test_a_targeted_plan_is_not_complete(folder: Path) -> None:
    run(folder, "plan", "-input=false", "-out=part.tfplan", "-target=terraform_data.first")
    plan = read(run(folder, "show", "-json", "part.tfplan"))
    assert plan.incomplete


def test_what_was_applied_is_kept_and_what_goes_is_deleted(folder: Path) -> None:
    run(folder, "apply", "-input=false", "first.tfplan")
    (folder / "main.tf").write_text(ROOT_MODULE.replace("count = 2\n  input = module", "count = 1\n  input = module"))
    run(folder, "plan", "-input=false", "-out=second.tfplan")
    plan = read(run(folder, "show", "-json", "second.tfplan"))
    actions = {change.address: change.actions for change in plan.changes}
    assert actions["terraform_data.counted[1]"] == ("delete",)
    assert {value for address, value in actions.items() if address != "terraform_data.counted[1]"} == {("no-op",)}


MOVED = """
moved {
  from = terraform_data.first
  to   = terraform_data.renamed
}
resource "terraform_data" "renamed" {
  input            = { name = "b", secret = var.secret, list = [1, 2.5, null], none = null }
  triggers_replace = ["again"]
}
"""


def test_the_parts_of_a_plan_that_terraform_makes_agree(folder: Path) -> None:
    written = (folder / "main.tf").read_text()
    head, _, rest = written.partition('resource "terraform_data" "first"')
    rest = rest.partition("module ")[2].replace("terraform_data.first", "terraform_data.renamed")
    (folder / "main.tf").write_text(f"{head}{MOVED}module {rest}")
    run(folder, "plan", "-input=false", "-out=third.tfplan")
    data = run(folder, "show", "-json", "third.tfplan")
    plan = read(data)
    by_address = {change.address: change for change in plan.changes}
    assert {part in json.loads(data) for part in ("planned_values", "prior_state", "resource_changes")} == {True}
    renamed = by_address["terraform_data.renamed"]
    assert (renamed.actions, renamed.previous_address) == (("delete", "create"), "terraform_data.first")
    sides = [values for change in plan.changes for values in (change.before, change.after) if values is not None]
    assert [value for values in sides for value in values.values() if value is TWO_VALUES] == []
    assert plan.incomplete == ()
