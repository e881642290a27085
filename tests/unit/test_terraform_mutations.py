"""Plans that were altered in one place never pass for something that was not read."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import gate as gating
from engine.content.checks import compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.errors import AuditreelError
from engine.gate import GateRequest, gate
from engine.model import Clock
from tests.plans import PlanBuilder, Ref

SEED, MUTATIONS = 20261126, 1500
VALUES: tuple[Any, ...] = (None, True, False, 0, 1, -1, "", "x", [], {}, [None], {"x": 1}, "0.0.0.0/0", 2**60)
CLOCK = Clock(lambda: "2026-11-26T00:00:00Z", lambda: 0.0, lambda seconds: None)
DECIDING = frozenset({"cidr_ipv4", "from_port", "to_port", "ip_protocol", "self", "ingress"})
"""What really decides whether the planned rule opens the group: another value there may well pass."""


def plan() -> dict[str, Any]:
    """A plan with one failure: a rule, in a module, that opens a group which it is handed by a variable."""
    made = PlanBuilder().create("aws_security_group.web", name="web", egress=[])
    made.create(
        "module.rules.aws_vpc_security_group_ingress_rule.ssh",
        security_group_id=Ref("var.group"),
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_ipv4="0.0.0.0/0",
    )
    made.call("rules", group=Ref("aws_security_group.web.id"))
    made.keep("aws_security_group.closed", id="sg-2", name="closed", ingress=[], egress=[], vpc_id="vpc-1")
    return made.document()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    if path:
        yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def mutated(document: dict[str, Any], chance: random.Random) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The document with one thing removed, replaced, doubled or renamed."""
    path = chance.choice(list(places(document)))
    altered = copy.deepcopy(document)
    holder: Any = altered
    for key in path[:-1]:
        holder = holder[key]
    last, how = path[-1], chance.choice(("remove", "replace", "rename", "double"))
    if how == "remove":
        del holder[last]
    elif how == "rename" and isinstance(holder, dict):
        holder[f"{last}_"] = holder.pop(last)
    elif how == "double" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[last]))
    else:
        holder[last] = chance.choice(VALUES)
    return path, altered


@pytest.fixture(scope="module")
def content() -> Any:
    return load(find())


def code_of(document: Any, path: Path) -> int:
    path.write_text(json.dumps(document))
    request = GateRequest(path, find(), path.parent, checks=("aws.ec2.security_group_no_open_ssh",))
    try:
        return gate(request, CLOCK).assessment.exit_code
    except AuditreelError as error:
        return error.exit_code


def test_no_alteration_of_a_failing_plan_passes(content: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = [check for id_, check in content.checks.items() if id_ == "aws.ec2.security_group_no_open_ssh"]
    compiled = compile_checks([check], content.types)
    monkeypatch.setattr(gating, "load", lambda root: content)
    monkeypatch.setattr(gating, "compile_checks", lambda *given: compiled)
    file, chance = tmp_path / "plan.json", random.Random(SEED)
    assert code_of(plan(), file) == 3
    passed = []
    for _ in range(MUTATIONS):
        path, document = mutated(plan(), chance)
        code = code_of(document, file)
        assert code in (0, 2, 3, 4)
        if code == 0 and not DECIDING.intersection(path):
            passed.append(path)
    assert {".".join(map(str, path)) for path in passed} == set()
