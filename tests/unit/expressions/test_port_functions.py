"""The functions on ports and address blocks: one row a case, its id says why."""

# ruff: noqa: E501 - a case is a row

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.failures import EvaluationError, Failed
from engine.expressions.functions.ports import FUNCTIONS
from engine.expressions.program import compile
from engine.expressions.types import INT, STRING, ListType, Nullable, ObjectType

CALLS = {function.name: function.call for function in FUNCTIONS}
covers_internet = CALLS["net.coversInternet"]
ports_overlap = CALLS["net.portsOverlap"]
open_ports = CALLS["net.openPorts"]
internet_reaches = CALLS["net.internetReaches"]

ANYWHERE = "0.0.0.0/0"
LOWER, UPPER = "0.0.0.0/1", "128.0.0.0/1"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")


def everything_but(*holes: str) -> list[str]:
    blocks = [ip_network(ANYWHERE)]
    for hole in map(ip_network, holes):
        blocks = [
            piece
            for block in blocks
            for piece in (block.address_exclude(hole) if hole.subnet_of(block) else [block])  # type: ignore[arg-type]
        ]
    return [str(block) for block in blocks]


# --- coversInternet --------------------------------------------------------------------------------------------------

COVERS = [
    ([ANYWHERE], True, "all of IPv4"),
    (["::/0"], True, "all of IPv6 alone"),
    (["1.2.3.4/0"], True, "host bits do not matter"),
    (["10.0.0.0/8", ANYWHERE], True, "all among others"),
    ([LOWER, UPPER], True, "two halves"),
    ([UPPER, "64.0.0.0/2", "0.0.0.0/2"], True, "a half and two quarters, in any order"),
    ([f"{first}.0.0.0/8" for first in range(256)], True, "256 pieces"),
    (["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"], True, "all but multicast and reserved"),
    (everything_but(*PRIVATE), True, "all but private and reserved ranges"),
    (["::/1", "8000::/1"], True, "two halves of IPv6"),
    (["2000::/3"], True, "the global unicast addresses of IPv6"),
    (["2000::/4", "3000::/4"], True, "those in halves"),
    ([], False, "nothing"),
    ([LOWER], False, "half"),
    ([LOWER, "8000::/1"], False, "half of each family"),
    (["4000::/2"], False, "the other IPv6"),
    (["::/3"], False, "IPv6 before the public part"),
    (["2000::/4"], False, "half of public IPv6"),
    (["10.0.0.0/8", "203.0.113.7"], False, "a network and an address"),
    (everything_but("8.8.8.8/32"), False, "all but one public address"),
    ([*everything_but(*PRIVATE), "10.0.0.0/8"][1:], False, "all but one public block"),
    (["2000::/4", "3000::/5", "3800::/6", "3c00::/7", "3e00::/8"], False, "all but the last public block of IPv6"),
]  # fmt: skip


@pytest.mark.parametrize(("cidrs", "covered", "why"), COVERS, ids=[row[2] for row in COVERS])
def test_blocks_cover_the_internet_together(cidrs: list[str], covered: bool, why: str) -> None:
    assert covers_internet(cidrs) is covered


@pytest.mark.parametrize("cidr", ["", "internet", "1.2.3.4/33", "::/129", "sg-123", None, 5, ["0.0.0.0/0"]])
def test_a_block_that_is_none_is_an_error_even_beside_the_whole_internet(cidr: Any) -> None:
    with pytest.raises(EvaluationError):
        covers_internet([ANYWHERE, cidr])


@given(st.integers(0, 8), st.randoms(use_true_random=False))
def test_pieces_cover_what_the_whole_covers_and_nothing_once_one_is_lost(depth: int, chance: Any) -> None:
    pieces = [str(piece) for piece in ip_network(ANYWHERE).subnets(prefixlen_diff=depth)]
    chance.shuffle(pieces)
    assert covers_internet(pieces) is True
    public = next(piece for piece in pieces if ip_network("8.0.0.0/8").overlaps(ip_network(piece)))
    assert covers_internet([piece for piece in pieces if piece != public]) is False


# --- portsOverlap ----------------------------------------------------------------------------------------------------

OVERLAPS = [
    ("tcp", 22, 22, "tcp", [22], "one port"),
    ("tcp", 20, 4000, "tcp", [22, 3389], "a range"),
    ("tcp", 22, 3389, "tcp", [22, 3389], "both ends are in"),
    ("TCP", 22, 22, "tcp", [22], "names have no case"),
    ("6", 22, 22, "tcp", [22], "tcp by its number"),
    ("17", 3389, 3389, "udp", [3389], "udp by its number"),
    ("tcp", 22, 22, "6", [22], "the wanted protocol by its number"),
    ("tcp", None, None, "tcp", [22, 3389], "no ports are all ports"),
    ("tcp", -1, -1, "tcp", [22, 3389], "-1 is all ports too"),
    ("tcp", 1024, None, "tcp", [3389], "open above"),
    ("tcp", None, 1024, "tcp", [22], "open below"),
    ("-1", None, None, "tcp", [22, 3389], "all protocols"),
    ("-1", 0, 0, "udp", [22, 3389], "all protocols, ports as Terraform writes them"),
    ("all", 443, 443, "tcp", [22, 3389], "all protocols have all ports"),
    (None, None, None, "tcp", [22, 3389], "no protocol is all protocols"),
    ("tcp", 0, 65535, "tcp", [22, 3389], "all ports"),
    ("tcp", 443, 443, "tcp", [], "another port"),
    ("tcp", 0, 0, "tcp", [], "port 0 alone"),
    ("udp", 22, 22, "tcp", [], "a UDP rule on 22 is not SSH"),
    ("17", 22, 22, "tcp", [], "nor by its number"),
    ("icmp", 8, 22, "tcp", [], "an ICMP type is no port"),
    ("icmp", -1, -1, "tcp", [], "all ICMP types"),
    ("1", -1, -1, "tcp", [], "ICMP by its number"),
    ("58", None, None, "tcp", [], "ICMPv6 by its number"),
    ("icmpv6", None, None, "icmpv6", [], "ICMP has no ports at all"),
    ("-1", None, None, "icmp", [], "nor has it among all protocols"),
    ("50", None, None, "tcp", [], "ESP has no ports"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "first", "last", "wanted", "expected", "why"), OVERLAPS, ids=[row[5] for row in OVERLAPS]
)
def test_a_rule_is_about_the_ports_in_its_range(
    protocol: str | None, first: int | None, last: int | None, wanted: str, expected: list[int], why: str
) -> None:
    assert ports_overlap(protocol, first, last, wanted, [22, 3389]) == expected


def test_a_range_that_ends_before_it_begins_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="4000-20"):
        ports_overlap("tcp", 4000, 20, "tcp", [22])


# --- openPorts, internetReaches --------------------------------------------------------------------------------------


def rule(*cidrs: str, protocol: Any = "tcp", first: Any = 22, last: Any = 22) -> dict[str, Any]:
    return {"protocol": protocol, "from_port": first, "to_port": last, "cidrs": list(cidrs)}


def without(key: str, of: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name != key}


OPEN = [
    ([], [], "no rule"),
    ([rule(ANYWHERE)], [22], "one port"),
    ([rule("::/0")], [22], "IPv6 alone"),
    ([rule("10.0.0.0/8")], [], "a network"),
    ([rule()], [], "another group as source"),
    ([rule(ANYWHERE, protocol="-1", first=None, last=None)], [22, 3389], "everything"),
    ([rule(ANYWHERE, first=20, last=4000)], [22, 3389], "a range"),
    ([rule(ANYWHERE, first=443, last=443)], [], "another port"),
    ([rule(LOWER, UPPER)], [22], "two halves in a rule"),
    ([rule(LOWER), rule(UPPER)], [22], "two halves in two rules"),
    ([rule(LOWER, first=20, last=4000), rule(UPPER, protocol="-1", first=None, last=None)], [22, 3389], "two halves in different ranges"),
    ([rule(LOWER), rule(UPPER, first=3389, last=3389)], [], "two halves on different ports"),
    ([rule(LOWER), rule(UPPER, protocol="udp")], [], "two halves over different protocols"),
    ([rule(ANYWHERE, protocol="17", first=3389, last=3389)], [3389], "over the other protocol asked for"),
    ([rule(ANYWHERE, protocol="icmp", first=-1, last=-1)], [], "ICMP"),
    ([rule("10.0.0.0/8"), rule(ANYWHERE)], [22], "the second rule"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "ports", "why"), OPEN, ids=[row[2] for row in OPEN])
def test_ports_open_to_the_internet_are_listed(rules: list[Any], ports: list[int], why: str) -> None:
    assert open_ports(rules, ["tcp", "udp"], [22, 3389]) == ports
    assert internet_reaches(rules, ["tcp", "udp"], [22, 3389]) is bool(ports)


UNREAD = [
    ([without("cidrs", rule())], None, [(0, 0, "cidrs")], "the only rule"),
    ([rule("10.0.0.0/8"), without("cidrs", rule())], None, [(0, 1, "cidrs")], "the second rule"),
    ([rule(LOWER), without("cidrs", rule())], None, [(0, 1, "cidrs")], "it could be the other half"),
    ([without("protocol", rule(ANYWHERE))], None, [(0, 0, "protocol")], "it could be TCP"),
    ([without("from_port", rule(ANYWHERE))], None, [(0, 0, "from_port")], "it could begin at 22"),
    ([without("to_port", rule(ANYWHERE, first=20))], None, [(0, 0, "to_port")], "it could end after 22"),
    ([{}, without("cidrs", rule())], None, [(0, 0, "cidrs"), (0, 0, "from_port"), (0, 0, "protocol"), (0, 0, "to_port"), (0, 1, "cidrs")], "several"),
    ([rule(LOWER), without("protocol", rule(UPPER))], None, [(0, 1, "protocol")], "it could complete a known half"),
    ([rule(ANYWHERE), without("cidrs", rule())], [22], [], "open anyway"),
    ([without("cidrs", rule()), rule(LOWER), rule(UPPER)], [22], [], "open anyway, by halves"),
    ([without("cidrs", rule(first=443, last=443))], [], [], "another port"),
    ([without("cidrs", rule(protocol="icmp"))], [], [], "another protocol"),
    ([without("to_port", rule(ANYWHERE, first=23))], [], [], "it begins after 22"),
    ([without("from_port", rule(ANYWHERE, last=21))], [], [], "it ends before 22"),
    ([without("protocol", rule("10.0.0.0/8"))], [], [], "a network, whatever the protocol"),
    ([without("to_port", rule())], [], [], "another group, whatever the ports"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "ports", "missing", "why"), UNREAD, ids=[row[3] for row in UNREAD])
def test_what_was_not_read_matters_only_where_it_could(
    rules: list[Any], ports: list[int] | None, missing: list[Any], why: str
) -> None:
    for question, answer in ((open_ports, ports), (internet_reaches, bool(ports))):
        if ports is None:
            with pytest.raises(EvaluationError) as caught:
                question(rules, ["tcp"], [22])
            assert list(caught.value.missing) == missing
        else:
            assert question(rules, ["tcp"], [22]) == answer


def test_one_open_port_answers_whether_any_is_but_not_which() -> None:
    rules = [rule(ANYWHERE), without("cidrs", rule(first=3389, last=3389))]
    assert internet_reaches(rules, ["tcp"], [3389, 22]) is True
    with pytest.raises(EvaluationError) as caught:
        open_ports(rules, ["tcp"], [3389, 22])
    assert caught.value.missing == ((0, 1, "cidrs"),)


@pytest.mark.parametrize(
    "broken",
    [
        "rule",
        None,
        rule(ANYWHERE, protocol=6),
        rule(ANYWHERE, first="22"),
        rule(ANYWHERE, last=True),
        rule(ANYWHERE, first=23, last=22),
        rule("anywhere"),
        {**rule(), "cidrs": ANYWHERE},
        {**rule(), "cidrs": None},
    ],
)
def test_a_malformed_rule_is_an_error(broken: Any) -> None:
    for question in (open_ports, internet_reaches):
        with pytest.raises(EvaluationError):
            question([broken], ["tcp"], [22])


rules = st.lists(
    st.builds(
        rule,
        st.sampled_from([ANYWHERE, LOWER, UPPER, "10.0.0.0/8", "::/0"]),
        protocol=st.sampled_from(["tcp", "udp", "-1", "icmp"]),
        first=st.sampled_from([None, 0, 22]),
        last=st.sampled_from([None, 22, 65535]),
    ),
    max_size=5,
)
hidden = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["protocol", "from_port", "to_port", "cidrs"])), max_size=3
)


@given(rules, hidden)
def test_an_answer_from_part_of_the_rules_is_the_answer_from_all(
    known: list[dict[str, Any]], keys: list[tuple[int, str]]
) -> None:
    seen = [
        {name: value for name, value in each.items() if (index, name) not in keys} for index, each in enumerate(known)
    ]
    for question in (open_ports, internet_reaches):
        try:
            answer = question(seen, ["tcp"], [22, 3389])
        except EvaluationError as error:
            assert {path[1:] for path in error.missing} <= set(keys)  # noqa: PT017
        else:
            assert answer == question(known, ["tcp"], [22, 3389])


def test_a_rule_that_was_not_read_is_named_by_its_path_in_the_resource() -> None:
    rule_type = ObjectType(
        "rule",
        {"protocol": STRING, "from_port": Nullable(INT), "to_port": Nullable(INT), "cidrs": ListType(STRING)},
    )
    group = ObjectType("group", {"ingress": ListType(rule_type)})
    program = compile('!net.internetReaches(resource.ingress, ["tcp"], [22])', {"resource": group})
    unread = {"ingress": [rule("10.0.0.0/8"), without("cidrs", rule())]}
    assert program.evaluate({"resource": unread}) == Failed(
        "a rule could not be read that may open a port to the internet", (("resource", "ingress", 1, "cidrs"),)
    )
    assert program.evaluate({"resource": {"ingress": [*unread["ingress"], rule(ANYWHERE)]}}) is False
    assert program.evaluate({"resource": {"ingress": []}}) is True
