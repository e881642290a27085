"""The functions on network security groups: one row a case, its id says why."""

from typing import Any

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.nsgs import FUNCTIONS

CALLS = {function.name: function.call for function in FUNCTIONS}
open_ports = CALLS["net.nsgOpenPorts"]
admits_internet = CALLS["net.nsgAdmitsInternet"]


def rule(priority: int, access: str, sources: Any = "*", ports: Any = "22", **more: Any) -> dict[str, Any]:
    return {
        "name": f"rule-{priority}",
        "direction": "Inbound",
        "access": access,
        "priority": priority,
        "protocol": "Tcp",
        "source_addresses": [sources] if isinstance(sources, str) else sources,
        "source_security_groups": [],
        "source_ports": ["*"],
        "destination_addresses": ["*"],
        "destination_security_groups": [],
        "destination_ports": [ports] if isinstance(ports, str) else ports,
        **more,
    }


def allow(priority: int, sources: Any = "*", ports: Any = "22", **more: Any) -> dict[str, Any]:
    return rule(priority, "Allow", sources, ports, **more)


def deny(priority: int, sources: Any = "*", ports: Any = "22", **more: Any) -> dict[str, Any]:
    return rule(priority, "Deny", sources, ports, **more)


GROUP = "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/applicationsecuritygroups/web"
OPEN = [
    ([], [], "no rule but those of Azure"),
    ([allow(100)], [22], "any source as *"),
    ([allow(100, "Internet")], [22], "any source as a service tag"),
    ([allow(100, "internet")], [22], "a tag in another case"),
    ([allow(100, "Any")], [22], "any source as Any"),
    ([allow(100, "0.0.0.0/0")], [22], "any source as a CIDR block"),
    ([allow(100, "::/0")], [22], "IPv6 alone"),
    ([allow(100, ["0.0.0.0/1", "128.0.0.0/1"])], [22], "two halves in plural fields"),
    ([allow(100, "0.0.0.0/1"), allow(110, "128.0.0.0/1")], [22], "two halves in two rules"),
    ([allow(100, "0.0.0.0/1")], [], "a half"),
    ([allow(100, "203.0.113.7")], [], "an address"),
    ([allow(100, "fd00::/8")], [], "a private IPv6 block that begins with a letter"),
    ([allow(100, "VirtualNetwork")], [], "the network itself"),
    ([allow(100, "AzureLoadBalancer")], [], "another tag"),
    ([allow(100, "Sql.WestEurope")], [], "a tag of a region"),
    ([allow(100, [], source_security_groups=[GROUP])], [], "an application security group"),
    ([allow(100, ports="*")], [22, 3389], "all ports"),
    ([allow(100, ports="20-4000")], [22, 3389], "a range"),
    ([allow(100, ports=["80", "3389"])], [3389], "ports in plural fields"),
    ([allow(100, ports="1-22")], [22], "a range that ends at the port"),
    ([allow(100, ports="80", protocol="*")], [], "all protocols, on another port"),
    ([allow(100, ports="22", protocol="*")], [22], "all protocols, on the port"),
    ([allow(100, protocol="Udp")], [], "another protocol"),
    ([allow(100, protocol="Icmp", ports="*")], [], "a protocol without ports"),
    ([allow(100, direction="Outbound")], [], "outgoing"),
    ([allow(100, destination_addresses=["10.0.0.4"])], [22], "one machine of several"),
    ([allow(100, source_ports=["53"])], [22], "a source port, which the sender chooses"),
    ([deny(100), allow(200)], [], "denied before"),
    ([allow(100), deny(200)], [22], "denied after"),
    ([allow(200), deny(100)], [], "priority decides, not the order of the list"),
    ([deny(100, "Internet"), allow(200, "*")], [], "the internet denied before, by its tag"),
    ([deny(100, "0.0.0.0/0"), allow(200)], [22], "IPv4 denied before, IPv6 is left"),
    ([deny(100, "203.0.113.0/24"), allow(200)], [22], "a few addresses denied before"),
    ([deny(100, "VirtualNetwork"), allow(200)], [22], "another tag denied before"),
    ([deny(100, ports="3389"), allow(200, ports="*")], [22], "one port denied before"),
    ([deny(100, destination_addresses=["10.0.0.4"]), allow(200)], [22], "denied for one machine alone"),
    ([deny(100, destination_addresses=["VirtualNetwork"]), allow(200)], [], "denied for the whole network"),
    (
        [deny(100, destination_security_groups=[GROUP], destination_addresses=[]), allow(200)],
        [22],
        "denied for a group alone",
    ),
    ([deny(100, source_ports=["1-1024"]), allow(200)], [22], "denied from some source ports alone"),
    ([deny(100, protocol="*"), allow(200)], [], "denied over all protocols"),
    ([deny(100, protocol="Udp"), allow(200)], [22], "denied over another protocol"),
]


@pytest.mark.parametrize(("rules", "expected"), [row[:2] for row in OPEN], ids=[row[2] for row in OPEN])
def test_ports_open_to_the_internet(rules: list[Any], expected: list[int]) -> None:
    assert open_ports(rules, ["tcp"], [22, 3389]) == expected
    assert admits_internet(rules, ["tcp"], [22, 3389]) is bool(expected)


def without(key: str, found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != key}


KEYS = [key for key in rule(1, "Allow") if key not in ("name", "source_security_groups")]


@pytest.mark.parametrize("key", KEYS)
def test_a_rule_that_could_open_a_port_by_what_was_not_read_is_unknown(key: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        open_ports([without(key, allow(100))], ["tcp"], [22])
    assert list(raised.value.missing) == [(0, 0, key)]


@pytest.mark.parametrize("key", KEYS)
def test_a_denial_of_which_something_was_not_read_is_none_that_counts_and_none_that_does_not(key: str) -> None:
    with pytest.raises(EvaluationError):
        open_ports([without(key, deny(100)), allow(200)], ["tcp"], [22])


@pytest.mark.parametrize("key", KEYS)
def test_what_was_not_read_of_another_rule_does_not_matter_once_a_port_is_open(key: str) -> None:
    rules = [allow(100), without(key, allow(200, "10.0.0.0/8"))]
    assert admits_internet(rules, ["tcp"], [22]) is True


def test_what_was_not_read_of_a_rule_that_cannot_open_the_port_does_not_matter() -> None:
    assert open_ports([without("source_addresses", allow(100, ports="443"))], ["tcp"], [22]) == []


@pytest.mark.parametrize(
    "found",
    [
        "text",
        allow(100, sources=7),
        allow(100, ports="ssh"),
        allow(100, ports="22-"),
        allow(100, ports="99-22"),
        allow(100, "300.0.0.1"),
        rule(100, "Audit"),
        allow(True),
        allow(100, protocol=6),
    ],
)
def test_a_malformed_rule_is_an_error(found: Any) -> None:
    with pytest.raises(EvaluationError):
        open_ports([found], ["tcp"], [22])


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], False),
        ([allow(100, ports="53", protocol="Udp")], True),
        ([allow(100, ports="53", protocol="Tcp")], False),
        ([allow(100, ports="*", protocol="*")], True),
        ([allow(100, "10.0.0.0/8", ports="*", protocol="*")], False),
        ([deny(100, ports="*", protocol="Udp"), allow(110, ports="53", protocol="Udp")], False),
        ([deny(100, ports="0-52", protocol="Udp"), allow(110, ports="0-53", protocol="Udp")], True),
        ([deny(100, ports="1000-65535", protocol="Udp"), allow(110, ports="999-65535", protocol="Udp")], True),
        ([deny(100, ports="0-65534", protocol="Udp"), allow(110, ports="*", protocol="Udp")], True),
    ],
)
def test_any_port_at_all_is_found_wherever_it_is(rules: list[dict[str, Any]], expected: bool) -> None:
    assert CALLS["net.nsgAdmitsInternetAnywhere"](rules, ["udp"]) is expected
