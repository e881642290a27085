"""The functions on network ACLs: one row a case, its id says why."""

# ruff: noqa: E501 - a case is a row

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.failures import EvaluationError, Failed
from engine.expressions.functions.acls import FUNCTIONS
from engine.expressions.program import compile
from engine.expressions.types import INT, STRING, ListType, Nullable, ObjectType

CALLS = {function.name: function.call for function in FUNCTIONS}
open_ports = CALLS["net.aclOpenPorts"]
admits_internet = CALLS["net.aclAdmitsInternet"]

V4, V6 = "0.0.0.0/0", "::/0"
LOWER, UPPER = "0.0.0.0/1", "128.0.0.0/1"


def entry(
    number: int, action: str, cidr: str = V4, protocol: Any = "6", first: Any = 22, last: Any = 22
) -> dict[str, Any]:
    return {
        "rule_number": number,
        "action": action,
        "protocol": protocol,
        "from_port": first,
        "to_port": last,
        "cidr": cidr,
    }


def allow(number: int, cidr: str = V4, protocol: Any = "6", first: Any = 22, last: Any = 22) -> dict[str, Any]:
    return entry(number, "allow", cidr, protocol, first, last)


def deny(number: int, cidr: str = V4, protocol: Any = "6", first: Any = 22, last: Any = 22) -> dict[str, Any]:
    return entry(number, "deny", cidr, protocol, first, last)


def all_of(made: Any, number: int, cidr: str = V4) -> dict[str, Any]:
    rule: dict[str, Any] = made(number, cidr, "-1", None, None)
    return rule


REST = all_of(deny, 32767)
OPEN = [
    ([], [], "no entry denies"),
    ([REST], [], "the entry that denies the rest"),
    ([all_of(allow, 100), REST], [22, 3389], "the ACL that comes with a VPC"),
    ([allow(100), REST], [22], "one port"),
    ([allow(100, V6), REST], [22], "IPv6 alone"),
    ([allow(100, "10.0.0.0/8"), REST], [], "a network"),
    ([allow(100, "203.0.113.7/32"), REST], [], "an address"),
    ([allow(100, first=20, last=4000)], [22, 3389], "a range"),
    ([allow(100, first=1, last=22)], [22], "a range that ends at the port"),
    ([allow(100, first=23, last=3389)], [3389], "a range that begins behind the port"),
    ([allow(100, first=443, last=443)], [], "another port"),
    ([allow(100, protocol="17")], [], "over UDP"),
    ([allow(100, protocol="1", first=None, last=None)], [], "ICMP"),
    ([allow(100, protocol="50", first=None, last=None)], [], "a protocol without ports"),
    ([deny(90), allow(100)], [], "denied first"),
    ([deny(90), all_of(allow, 100)], [3389], "one port denied first"),
    ([all_of(deny, 90), allow(100)], [], "everything denied first"),
    ([allow(90), deny(100)], [22], "denied behind"),
    ([allow(100), deny(90)], [], "the numbers count and not the places in the list"),
    ([allow(9), deny(10)], [22], "numbers are compared as numbers"),
    ([deny(90, protocol="17"), allow(100)], [22], "denied over another protocol"),
    ([deny(90, first=23, last=4000), allow(100, first=1, last=65535)], [22], "denied on other ports"),
    ([deny(90, V6), allow(100)], [22], "denied for the other family"),
    ([deny(90), allow(100), allow(101, V6)], [22], "denied for one family and allowed for the other"),
    ([deny(90), deny(91, V6), allow(100), allow(101, V6)], [], "denied for both"),
    ([deny(90, "203.0.113.7/32"), allow(100)], [22], "an address denied first"),
    ([deny(90, "8.0.0.0/8"), allow(100)], [22], "a public network denied first"),
    ([deny(90, LOWER), allow(100)], [22], "half of the internet denied first"),
    ([deny(90, LOWER), deny(91, UPPER), allow(100)], [], "both halves denied first"),
    ([deny(90, LOWER), allow(100), deny(101, UPPER)], [22], "one half denied before and one behind"),
    ([all_of(deny, 90, LOWER), deny(91, UPPER), all_of(allow, 100)], [3389], "halves denied on different ports"),
    ([deny(90, "0.0.0.0/5"), deny(91, "8.0.0.0/7"), *(deny(100 + n, f"{n}.0.0.0/8") for n in range(11, 224)), allow(900)], [], "everything public denied in pieces"),
    ([deny(90, "2000::/3"), allow(100, V6)], [], "all that is public of IPv6 denied first"),
    ([allow(100, LOWER), allow(101, UPPER)], [22], "two halves"),
    ([allow(100, LOWER)], [], "half"),
    ([allow(100, LOWER), allow(101, UPPER, first=3389, last=3389)], [], "two halves on different ports"),
    ([deny(90, LOWER), allow(100, LOWER), allow(101, UPPER)], [], "one of two halves denied first"),
    ([deny(90, "8.8.8.8/32"), allow(100, LOWER), allow(101, UPPER)], [22], "an address denied before two halves"),
    ([allow(80, LOWER), deny(90), allow(100)], [], "half allowed, the rest denied"),
    ([allow(80, UPPER), deny(90, UPPER), allow(100)], [22], "half allowed twice over"),
    ([allow(100), deny(100)], [22], "of two with one number the allowing one counts"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "ports", "why"), OPEN, ids=[row[2] for row in OPEN])
def test_the_first_entry_that_matches_decides(entries: list[Any], ports: list[int], why: str) -> None:
    assert open_ports(entries, ["tcp"], [22, 3389]) == ports
    assert admits_internet(entries, ["tcp"], [22, 3389]) is bool(ports)


def test_a_port_is_open_over_any_of_the_protocols() -> None:
    entries = [deny(90), allow(100, protocol="17", first=22, last=22)]
    assert open_ports(entries, ["tcp", "udp"], [22]) == [22]
    assert open_ports(entries, ["tcp"], [22]) == []


def without(key: str, of: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name != key}


UNREAD = [
    ([without("cidr", allow(100))], None, [(0, 0, "cidr")], "the source of an allowing entry"),
    ([without("action", allow(100))], None, [(0, 0, "action")], "it could allow"),
    ([without("protocol", allow(100))], None, [(0, 0, "protocol")], "it could be TCP"),
    ([without("from_port", allow(100))], None, [(0, 0, "from_port")], "it could begin at the port"),
    ([without("rule_number", allow(100)), deny(90)], None, [(0, 0, "rule_number")], "it could be the first"),
    ([without("cidr", deny(90)), allow(100)], None, [(0, 0, "cidr")], "the source of an entry that could deny everyone"),
    ([without("rule_number", deny(90)), allow(100)], None, [(0, 0, "rule_number")], "the number of an entry that could be the first to deny"),
    ([without("action", allow(90)), allow(100)], None, [(0, 0, "action")], "it could deny first"),
    ([without("to_port", deny(90, first=1)), allow(100)], None, [(0, 0, "to_port")], "it could deny as far as the port"),
    ([{}], None, [(0, 0, key) for key in ("action", "cidr", "from_port", "protocol", "rule_number", "to_port")], "everything"),
    ([without("cidr", allow(100)), without("cidr", deny(90)), allow(110)], None, [(0, 0, "cidr"), (0, 1, "cidr")], "several"),
    ([allow(90), without("cidr", deny(100))], [22], [], "denied behind, whatever it denies"),
    ([allow(90), without("cidr", allow(100))], [22], [], "open anyway"),
    ([deny(90), deny(91, V6), without("cidr", allow(100))], [], [], "denied before, whatever it allows"),
    ([without("cidr", allow(100, first=443, last=443))], [], [], "another port"),
    ([without("cidr", allow(100, protocol="17"))], [], [], "another protocol"),
    ([without("to_port", allow(100, first=23))], [], [], "it begins behind the port"),
    ([without("protocol", allow(100, "10.0.0.0/8"))], [], [], "a network, whatever the protocol"),
    ([without("action", allow(100, "10.0.0.0/8"))], [], [], "a network, whatever is done with it"),
    ([without("cidr", deny(90))], [], [], "nothing allows"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "ports", "missing", "why"), UNREAD, ids=[row[3] for row in UNREAD])
def test_what_was_not_read_matters_only_where_it_could(
    entries: list[Any], ports: list[int] | None, missing: list[Any], why: str
) -> None:
    for question, answer in ((open_ports, ports), (admits_internet, bool(ports))):
        if ports is None:
            with pytest.raises(EvaluationError) as caught:
                question(entries, ["tcp"], [22])
            assert list(caught.value.missing) == missing
        else:
            assert question(entries, ["tcp"], [22]) == answer


def test_one_open_port_answers_whether_any_is_but_not_which() -> None:
    entries = [allow(100), without("cidr", allow(101, first=3389, last=3389))]
    assert admits_internet(entries, ["tcp"], [3389, 22]) is True
    with pytest.raises(EvaluationError) as caught:
        open_ports(entries, ["tcp"], [3389, 22])
    assert caught.value.missing == ((0, 1, "cidr"),)


@pytest.mark.parametrize(
    "broken",
    [
        "entry",
        None,
        entry(100, "ALLOW"),
        entry(100, "permit"),
        {**entry(100, "allow"), "action": None},
        {**entry(100, "allow"), "rule_number": "100"},
        {**entry(100, "allow"), "rule_number": None},
        {**entry(100, "allow"), "rule_number": True},
        entry(100, "allow", protocol=6),
        entry(100, "allow", first="22"),
        entry(100, "allow", first=23, last=22),
        entry(100, "allow", cidr="anywhere"),
        {**entry(100, "allow"), "cidr": None},
    ],
)
def test_a_malformed_entry_is_an_error_even_beside_an_open_port(broken: Any) -> None:
    for question in (open_ports, admits_internet):
        with pytest.raises(EvaluationError):
            question([allow(1), broken], ["tcp"], [22])


lists = st.lists(
    st.builds(
        entry,
        st.integers(1, 5),
        st.sampled_from(["allow", "deny"]),
        st.sampled_from([V4, LOWER, UPPER, "10.0.0.0/8", V6]),
        st.sampled_from(["6", "17", "-1"]),
        st.sampled_from([None, 1, 22]),
        st.sampled_from([None, 22, 65535]),
    ),
    max_size=5,
    unique_by=lambda made: made["rule_number"],
)
hidden = st.lists(
    st.tuples(
        st.integers(0, 4), st.sampled_from(["rule_number", "action", "protocol", "from_port", "to_port", "cidr"])
    ),
    max_size=3,
)


@given(lists, hidden)
def test_an_answer_from_part_of_the_entries_is_the_answer_from_all(
    known: list[dict[str, Any]], keys: list[tuple[int, str]]
) -> None:
    seen = [
        {name: value for name, value in each.items() if (index, name) not in keys} for index, each in enumerate(known)
    ]
    for question in (open_ports, admits_internet):
        try:
            answer = question(seen, ["tcp"], [22, 3389])
        except EvaluationError as error:
            assert {path[1:] for path in error.missing} <= set(keys)  # noqa: PT017
        else:
            assert answer == question(known, ["tcp"], [22, 3389])


@given(lists, st.sampled_from([V4, LOWER, UPPER, V6]), st.integers(0, 6))
def test_one_more_allowing_entry_closes_nothing_and_one_more_denying_entry_opens_nothing(
    known: list[dict[str, Any]], cidr: str, number: int
) -> None:
    before = admits_internet(known, ["tcp"], [22])
    assert admits_internet([*known, allow(number, cidr)], ["tcp"], [22]) >= before
    assert admits_internet([*known, deny(number, cidr)], ["tcp"], [22]) <= before


def test_an_entry_that_was_not_read_is_named_by_its_path_in_the_resource() -> None:
    entry_type = ObjectType(
        "entry",
        {
            "rule_number": INT,
            "action": STRING,
            "protocol": STRING,
            "from_port": Nullable(INT),
            "to_port": Nullable(INT),
            "cidr": STRING,
        },
    )
    acl = ObjectType("acl", {"ingress": ListType(entry_type)})
    program = compile('!net.aclAdmitsInternet(resource.ingress, ["tcp"], [22])', {"resource": acl})
    unread = {"ingress": [deny(90, "10.0.0.0/8"), without("cidr", allow(100))]}
    assert program.evaluate({"resource": unread}) == Failed(
        "an entry could not be read that may open a port to the internet", (("resource", "ingress", 1, "cidr"),)
    )
    assert program.evaluate({"resource": {"ingress": [*unread["ingress"], allow(110)]}}) is False
    assert program.evaluate({"resource": {"ingress": [REST]}}) is True
