"""The functions on firewall rules and policies of VPC networks: one row a case, its id says why."""

from typing import Any

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.vpc_firewalls import FUNCTIONS

OPEN_PORTS, POLICY_PORTS = (function.call for function in FUNCTIONS)


def row(*cidrs: str, protocol: str = "tcp", ports: tuple[int, int] | None = (22, 22)) -> dict[str, Any]:
    first, last = ports or (None, None)
    return {"protocol": protocol, "from_port": first, "to_port": last, "cidrs": list(cidrs or ("0.0.0.0/0",))}


def rule(action: str, priority: int, *cidrs: str, **more: Any) -> dict[str, Any]:
    return {
        "action": action,
        "direction": "INGRESS",
        "priority": priority,
        "disabled": False,
        "target_resources": [],
        "target_service_accounts": [],
        "narrowed_by": [],
        "source_ranges": list(cidrs or ("0.0.0.0/0",)),
        "protocols": [row()],
        **more,
    }


def policy(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"attached_to": "folders/1", "rules": list(rules)}


UNREAD: dict[str, Any] = {"attached_to": "folders/1"}
HALVES = ("0.0.0.0/1", "128.0.0.0/1")

CASES = [
    ([], [], [], [], "allows nothing"),
    ([row()], [], [], [22], "from anywhere"),
    ([row("::/0")], [], [], [22], "from anywhere over IPv6"),
    ([row("10.0.0.0/8")], [], [], [], "from a private network"),
    ([row(*HALVES)], [], [], [22], "from two halves"),
    ([row(HALVES[0]), row(HALVES[1])], [], [], [22], "from two halves in two rows"),
    ([row(ports=None)], [], [], [22, 3389], "all ports"),
    ([row(ports=(20, 4000))], [], [], [22, 3389], "a range"),
    ([row(protocol="all", ports=None)], [], [], [22, 3389], "all protocols"),
    ([row(protocol="6")], [], [], [22], "a protocol by its number"),
    ([row(protocol="udp")], [], [], [], "another protocol"),
    ([row(protocol="icmp", ports=None)], [], [], [], "a protocol without ports"),
    ([row()], [[row(protocol="all", ports=None)]], [], [], "denied before"),
    ([row()], [[row(*HALVES)]], [], [], "denied before, in halves"),
    ([row()], [[row(HALVES[0])], [row(HALVES[1])]], [], [], "denied before by two rules"),
    ([row()], [[row("10.0.0.0/8")]], [], [22], "a few addresses denied before"),
    ([row()], [[row("::/0")]], [], [22], "denied before over IPv6 only"),
    ([row()], [[row(ports=(80, 80))]], [], [22], "another port denied before"),
    ([row()], [], [policy(rule("deny", 1))], [], "denied above"),
    ([row()], [], [policy(rule("deny", 1, protocols=[row(ports=(80, 80))]))], [22], "another port denied above"),
    ([row()], [], [policy(rule("deny", 1, disabled=True))], [22], "denied above by a rule that is off"),
    ([row()], [], [policy(rule("deny", 1, direction="EGRESS"))], [22], "denied above on the way out"),
    ([row()], [], [policy(rule("deny", 1, target_resources=["n"]))], [22], "denied above in another network"),
    ([row()], [], [policy(rule("deny", 1, target_service_accounts=["a"]))], [22], "denied above for some machines"),
    ([row()], [], [policy(rule("deny", 1, narrowed_by=["srcRegionCodes"]))], [22], "denied above for some countries"),
    ([row()], [], [policy(rule("goto_next", 1), rule("deny", 2))], [22], "left to the next before it is denied"),
    ([row()], [], [policy(rule("deny", 1), rule("goto_next", 2))], [], "denied before it is left to the next"),
    ([row()], [], [policy(rule("deny", 2), rule("goto_next", 1))], [22], "priority counts, not the order"),
    ([row()], [], [policy(rule("goto_next", 1)), policy(rule("deny", 1))], [], "left to the next, which denies"),
    ([row()], [], [policy(rule("allow", 1)), policy(rule("deny", 1))], [22], "let pass before a lower policy denies"),
    ([row()], [[row()]], [policy(rule("allow", 1))], [22], "let pass above, whatever the network denies"),
    ([row()], [], [policy(rule("allow", 1, "35.191.0.0/16"), rule("deny", 2))], [], "a few let pass, the rest denied"),
    ([row()], [], [policy(rule("deny", 1, source_ranges=[]))], [], "denied above whatever the source"),
    ([row("10.0.0.0/8")], [], [UNREAD], [], "not open whatever an unread policy says"),
    ([row()], [], [policy(rule("deny", 1)), UNREAD], [], "denied before an unread policy"),
    ([row()], [], [policy(rule("allow", 1)), UNREAD], [22], "let pass before an unread policy"),
]


@pytest.mark.parametrize(("allowed", "denied", "policies", "ports", "why"), CASES, ids=[case[-1] for case in CASES])
def test_ports_that_a_rule_opens(allowed: Any, denied: Any, policies: Any, ports: list[int], why: str) -> None:
    assert OPEN_PORTS(allowed, denied, policies, ["tcp"], [22, 3389]) == ports


UNKNOWN = [
    ([row()], [], [UNREAD], [(2, 0, "rules")], "an unread policy"),
    ([row()], [[row()]], [UNREAD], [(2, 0, "rules")], "an unread policy that may let pass before the network denies"),
    ([row()], [], [UNREAD, policy(rule("deny", 1))], [(2, 0, "rules")], "an unread policy before one that denies"),
    ([{"protocol": "tcp"}], [], [], [(0, 0, "from_port"), (0, 0, "to_port"), (0, 0, "cidrs")], "half a row"),
    (
        [row()],
        [],
        [policy({key: value for key, value in rule("deny", 1).items() if key != "disabled"})],
        [(2, 0, "rules", 0, "disabled")],
        "half a rule of a policy",
    ),
]


@pytest.mark.parametrize(("allowed", "denied", "policies", "paths", "why"), UNKNOWN, ids=[case[-1] for case in UNKNOWN])
def test_what_was_not_read_and_may_decide_is_named(
    allowed: Any, denied: Any, policies: Any, paths: list[Any], why: str
) -> None:
    with pytest.raises(EvaluationError) as raised:
        OPEN_PORTS(allowed, denied, policies, ["tcp"], [22])
    assert list(raised.value.missing) == paths


@pytest.mark.parametrize("allowed", [["tcp"], [{**row(), "cidrs": ["no address"]}], [{**row(), "protocol": 6}]])
def test_a_malformed_rule_is_an_error(allowed: Any) -> None:
    with pytest.raises(EvaluationError):
        OPEN_PORTS(allowed, [], [], ["tcp"], [22])


ALL = row("0.0.0.0/0", "::/0", protocol="all", ports=None)


def tagged(action: str, priority: int) -> dict[str, Any]:
    return rule(action, priority, narrowed_by=["targetSecureTags"])


def regional(*rules: dict[str, Any]) -> dict[str, Any]:
    return policy(*({**one, "narrowed_by": ["region"]} for one in rules))


OPENED = [
    ([], [], "no policy"),
    ([policy()], [], "no rule"),
    ([policy(rule("allow", 1))], [22], "lets pass"),
    ([policy(rule("allow", 1, protocols=[row(protocol="udp")]))], [], "lets another protocol pass"),
    ([policy(rule("allow", 1, protocols=[row("::/0")]))], [22], "lets pass over IPv6"),
    ([policy(rule("allow", 1, protocols=[row("10.0.0.0/8")]))], [], "lets a private network pass"),
    (
        [policy(rule("allow", 1, protocols=[row(HALVES[0])]), rule("allow", 2, protocols=[row(HALVES[1])]))],
        [22],
        "by halves",
    ),
    ([policy(rule("allow", 1, protocols=[ALL]))], [22, 3389], "lets everything pass"),
    ([policy(rule("apply_security_profile_group", 1))], [22], "lets pass what it looks into"),
    ([policy(rule("allow", 1, disabled=True))], [], "is off"),
    ([policy(rule("allow", 1, direction="EGRESS"))], [], "on the way out"),
    ([policy(tagged("allow", 1))], [22], "for some machines"),
    (
        [policy(rule("allow", 1, source_ranges=[], narrowed_by=["srcSecureTags"], protocols=[{**row(), "cidrs": []}]))],
        [],
        "from some machines",
    ),
    ([policy(rule("deny", 1), rule("allow", 2))], [], "denies before"),
    ([policy(rule("deny", 2), rule("allow", 1))], [22], "denies after"),
    ([policy(tagged("deny", 1), rule("allow", 2))], [22], "denies before for some machines"),
    ([policy(rule("deny", 1)), policy(rule("allow", 1))], [], "is denied above"),
    ([regional(rule("deny", 1)), policy(rule("allow", 1))], [22], "is denied in one region"),
    ([regional(rule("allow", 1))], [22], "lets pass in one region"),
    ([policy(rule("goto_next", 1), rule("allow", 2))], [], "leaves it to the next before"),
    ([policy(tagged("goto_next", 1), rule("allow", 2))], [22], "leaves some of it to the next before"),
    (
        [policy(rule("goto_next", 1), rule("deny", 2)), policy(rule("allow", 1))],
        [22],
        "the next lets pass what was left to it",
    ),
    (
        [policy(tagged("goto_next", 1), rule("deny", 2)), policy(rule("allow", 1))],
        [22],
        "the next lets some of it pass",
    ),
    ([policy(rule("allow", 1)), UNREAD], [22], "lets pass before an unread policy"),
]


@pytest.mark.parametrize(("policies", "ports", "why"), OPENED, ids=[case[-1] for case in OPENED])
def test_ports_that_policies_open(policies: Any, ports: list[int], why: str) -> None:
    assert POLICY_PORTS(policies, ["tcp"], [22, 3389]) == ports


@pytest.mark.parametrize("policies", [[UNREAD], [policy(rule("deny", 1)), UNREAD], [UNREAD, policy(rule("allow", 1))]])
def test_a_policy_that_was_not_read_may_open_a_port(policies: Any) -> None:
    with pytest.raises(EvaluationError) as raised:
        POLICY_PORTS(policies, ["tcp"], [22])
    assert [path[-1] for path in raised.value.missing] == ["rules"]
