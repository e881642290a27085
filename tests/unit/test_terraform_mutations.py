"""Plans that were altered in one place never pass for something that was not read."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from engine.content.root import find
from engine.errors import AuditreelError
from engine.gate.pipeline import GateRequest, gate
from engine.model import Clock
from tests.gated import gating
from tests.plans import UNKNOWN, PlanBuilder, Ref

SEED, MUTATIONS = 20261126, 300
"""Alterations of each plan."""
VALUES: tuple[Any, ...] = (None, True, False, 0, 1, -1, "", "x", [], {}, [None], {"x": 1}, "0.0.0.0/0", 2**60)
CLOCK = Clock(lambda: "2026-11-26T00:00:00Z", lambda: 0.0, lambda seconds: None)
CHECKS: Final = (
    "aws.ec2.security_group_no_open_ssh",
    "aws.s3.bucket_versioning",
    "aws.cloudtrail.multi_region_trail",
    "gcp.pubsub.topic_not_public",
)
GROUP: Final = {"id": "sg-1", "name": "web", "vpc_id": "vpc-1", "egress": []}
ARN: Final = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/main"
Document = dict[str, Any]


# --- plans, each with one reason to stop -----------------------------------------------------------------------------


def opened_by_a_module() -> PlanBuilder:
    """A rule, in a module, that opens a group which it is handed by a variable."""
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
    return made.keep("aws_security_group.closed", ingress=[], **{**GROUP, "id": "sg-2", "name": "closed"})


def opened_in_place() -> PlanBuilder:
    """A group that gets a second block, after one for itself, and an object left over of its neighbour."""
    own = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [], "self": True}
    world = {**own, "cidr_blocks": ["0.0.0.0/0"], "self": False}
    made = PlanBuilder().update("aws_security_group.web", {"ingress": [own]}, ingress=[own, world], **GROUP)
    made.delete("aws_security_group.closed", ingress=[], **{**GROUP, "id": "sg-2", "name": "closed"})
    made.changes[-1]["deposed"] = "0123abcd"
    return made.keep("aws_security_group.closed", ingress=[], **{**GROUP, "id": "sg-3", "name": "closed"})


def control_deleted() -> PlanBuilder:
    """The trail of an account goes; a bucket stays."""
    made = PlanBuilder().keep("aws_s3_bucket.a", bucket="a", id="a", arn="arn:aws:s3:::a")
    made.keep("aws_s3_bucket_versioning.a", bucket="a", id="a", versioning_configuration=[{"status": "Enabled"}])
    return made.delete("aws_cloudtrail.main", id="main", arn=ARN, name="main", is_multi_region_trail=True)


def suspended_after_a_move() -> PlanBuilder:
    """A bucket of several, which moved into a module, loses its versions."""
    at, known = 'module.data["a.b"].aws_s3_bucket', {"bucket": "a", "id": "a", "arn": "arn:aws:s3:::a"}
    before = {"versioning_configuration": [{"status": "Enabled"}]}
    made = PlanBuilder().keep(f"{at}.this[0]", **known).moved("aws_s3_bucket.this[0]")
    made.update(
        f"{at}_versioning.this[0]", before, bucket="a", id="a", versioning_configuration=[{"status": "Suspended"}]
    )
    return made.moved("aws_s3_bucket_versioning.this[0]")


def replaced_by_an_unversioned_bucket() -> PlanBuilder:
    """A bucket is made anew, without its versions; whether another has them is known after apply."""
    made = PlanBuilder().replace("aws_s3_bucket.a", {"bucket": "a", "id": "a", "arn": "arn:aws:s3:::a"}, bucket="b")
    kept, lost = ({"versioning_configuration": [{"status": status}]} for status in ("Enabled", "Suspended"))
    made.replace("aws_s3_bucket_versioning.a", {"bucket": "a", "id": "a", **kept}, bucket="b", **lost)
    made.create("aws_s3_bucket.c", bucket="c")
    return made.create("aws_s3_bucket_versioning.c", bucket="c", versioning_configuration=[{"status": UNKNOWN}])


def held_by_everybody() -> PlanBuilder:
    """A role, in a module, that everybody holds on a topic of Google Cloud that it is handed by a variable."""
    made = PlanBuilder().create("google_pubsub_topic.events", name="events")
    made.create(
        "module.access.google_pubsub_topic_iam_member.all",
        topic=Ref("var.topic"),
        role="roles/pubsub.viewer",
        member="allUsers",
    )
    made.call("access", topic=Ref("google_pubsub_topic.events.id"))
    return made


PLANS: Final[tuple[Callable[[], PlanBuilder], ...]] = (
    opened_by_a_module,
    opened_in_place,
    control_deleted,
    suspended_after_a_move,
    replaced_by_an_unversioned_bucket,
    held_by_everybody,
)


# --- alterations -----------------------------------------------------------------------------------------------------


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    if path:
        yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def anywhere(document: Document, chance: random.Random) -> Any:
    """One thing removed, replaced, doubled or renamed."""
    path = chance.choice(list(places(document)))
    holder, last, how = at(document, path[:-1]), path[-1], chance.choice(("remove", "replace", "rename", "double"))
    if how == "remove":
        del holder[last]
    elif how == "rename" and isinstance(holder, dict):
        holder[f"{last}_"] = holder.pop(last)
    elif how == "double" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[last]))
    else:
        holder[last] = chance.choice(VALUES)
    return (how, *path)


def whole_entry(document: Document, chance: random.Random) -> Any:
    """A whole entry goes: a change, a resource of the state or of what is planned, a block, a call, a whole part."""

    def entry(path: tuple[Any, ...]) -> bool:
        held = at(document, path)
        return len(path) == 1 or (isinstance(held, dict) and not held.keys().isdisjoint({"address", "module"}))

    path = chance.choice([path for path in places(document) if entry(path)])
    del at(document, path[:-1])[path[-1]]
    return ("entry", *path)


def list_cut(document: Document, chance: random.Random) -> Any:
    """A list ends too early."""
    path = chance.choice([path for path in places(document) if isinstance(at(document, path), list)])
    items = at(document, path)
    del items[chance.randrange(len(items) + 1) :]
    return ("cut", *path)


def one_change(document: Document, chance: random.Random) -> Any:
    """A change, of which something else is said than what it is."""
    row = chance.choice(document["resource_changes"])
    change, how = row["change"], chance.choice(("deposed", "twice", "swapped", "mode", "unknown", "actions", "moved"))
    if how == "deposed":
        row["deposed"] = "89abcdef"
    elif how == "twice":
        twin = copy.deepcopy(row)
        twin["change"]["after"] = chance.choice((None, {}, copy.deepcopy(change["before"])))
        document["resource_changes"].insert(chance.randrange(3), twin)
    elif how == "swapped":
        change["before"], change["after"] = change["after"], change["before"]
        turned = {("create",): ["delete"], ("delete",): ["create"]}
        change["actions"] = turned.get(tuple(change["actions"]), change["actions"])
    elif how == "mode":
        row["mode"] = chance.choice(("data", "ephemeral", ""))
        if chance.random() < 0.5:
            row["address"] = row["address"].replace("aws_", "data.aws_", 1)
    elif how == "unknown":
        marks = change["after_unknown"] if isinstance(change["after_unknown"], dict) else {}
        name = chance.choice([*(change["after"] or {"x": 1})])
        change["after_unknown"] = chance.choice(({**marks, name: True}, True, {name: [True]}))
    elif how == "actions":
        change["actions"] = chance.choice((["no-op"], ["forget"], ["read"], ["create"], ["delete"], ["update"], []))
    else:
        row["previous_address"] = chance.choice(document["resource_changes"])["address"]
    return (how, row["address"])


def more_state(document: Document, chance: random.Random) -> Any:
    """The state holds something else, or something more, than the changes say."""
    root = document.setdefault("prior_state", {}).setdefault("values", {}).setdefault("root_module", {})
    rows = root.setdefault("resources", [])
    row = copy.deepcopy(chance.choice(document["resource_changes"]))
    values = row["change"]["after"] or row["change"]["before"]
    address = chance.choice((row["address"], f"{row['type']}.other"))
    rows.append({"address": address, "mode": "managed", "type": row["type"], "values": values})
    return ("state", address)


ALTERATIONS: Final = (anywhere, anywhere, whole_entry, list_cut, one_change, one_change, more_state)


@pytest.fixture(scope="module", autouse=True)
def _content() -> Iterator[None]:
    with gating(*CHECKS):
        yield


def code_of(document: Any, path: Path) -> int:
    path.write_text(json.dumps(document))
    try:
        return gate(GateRequest(path, find(), path.parent, checks=CHECKS), CLOCK).assessment.exit_code
    except AuditreelError as error:
        return error.exit_code


@pytest.mark.parametrize("plan", PLANS, ids=lambda made: made.__name__)
def test_no_alteration_of_a_plan_that_stops_passes(tmp_path: Path, plan: Callable[[], PlanBuilder]) -> None:
    file, chance, whole = tmp_path / "plan.json", random.Random(SEED), json.loads(plan().data())
    assert code_of(whole, file) == 3
    passed, codes = set(), set()
    for _ in range(MUTATIONS):
        altered = copy.deepcopy(whole)
        how = chance.choice(ALTERATIONS)(altered, chance)
        code = code_of(altered, file)
        codes.add(code)
        if code == 0:
            passed.add(".".join(map(str, how)))
    assert passed == set()
    # It is the alterations that were read: some make it no plan, some leave something out, some change nothing.
    assert codes == {2, 3, 4}
