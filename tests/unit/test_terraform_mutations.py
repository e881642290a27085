"""Plans that were altered in one place never pass for something that was not read."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
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

SEED = 20261126
VALUES: tuple[Any, ...] = (None, True, False, 0, 1, -1, "", "x", [], {}, [None], {"x": 1}, "0.0.0.0/0", 2**60)
CLOCK = Clock(lambda: "2026-11-26T00:00:00Z", lambda: 0.0, lambda seconds: None)


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


def google() -> dict[str, Any]:
    """A plan with one failure: a role, in a module, that everybody holds on a topic that it is handed by a variable."""
    made = PlanBuilder().create("google_pubsub_topic.events", name="events")
    made.create(
        "module.access.google_pubsub_topic_iam_member.all",
        topic=Ref("var.topic"),
        role="roles/pubsub.viewer",
        member="allUsers",
    )
    made.call("access", topic=Ref("google_pubsub_topic.events.id"))
    return made.document()


FAILING: dict[str, tuple[Callable[[], dict[str, Any]], int, frozenset[str]]] = {
    "aws.ec2.security_group_no_open_ssh": (
        plan,
        1500,
        frozenset({"cidr_ipv4", "from_port", "to_port", "ip_protocol", "self", "ingress"}),
    ),
    "gcp.pubsub.topic_not_public": (google, 400, frozenset({"member"})),
}
"""A plan that fails each of these checks, how often it is altered, and what really decides: another value may pass."""


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


def code_of(id_: str, document: Any, path: Path) -> int:
    path.write_text(json.dumps(document))
    request = GateRequest(path, find(), path.parent, checks=(id_,))
    try:
        return gate(request, CLOCK).assessment.exit_code
    except AuditreelError as error:
        return error.exit_code


@pytest.mark.parametrize("id_", FAILING)
def test_no_alteration_of_a_failing_plan_passes(
    content: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, id_: str
) -> None:
    failing, count, deciding = FAILING[id_]
    compiled = compile_checks([content.checks[id_]], content.types)
    monkeypatch.setattr(gating, "load", lambda root: content)
    monkeypatch.setattr(gating, "compile_checks", lambda *given: compiled)
    file, chance = tmp_path / "plan.json", random.Random(SEED)
    assert code_of(id_, failing(), file) == 3
    passed = []
    for _ in range(count):
        path, document = mutated(failing(), chance)
        code = code_of(id_, document, file)
        assert code in (0, 2, 3, 4)
        if code == 0 and not deciding.intersection(path):
            passed.append(path)
    assert {".".join(map(str, path)) for path in passed} == set()
