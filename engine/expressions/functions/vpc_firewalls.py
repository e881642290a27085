"""Firewall rules of Google Cloud's VPC networks, and the policies before them: ``net.vpcOpenPorts``.

Of what a rule allows, rules of the network that deny with the same or a higher priority (a lower number) leave nothing,
where they are about the same machines. Before all of them the hierarchical policies are evaluated, the organization's
first: there "deny" ends the way, "allow" ends it too, and "goto_next" leads past the rest of its policy. Policies of
the network follow them where the network says so, else they follow the rules. ``net.policyOpenPorts`` says what
policies themselves open.

Source: Cloud NGFW, "VPC firewall rules" (priority) and "Firewall policies" (rule evaluation order).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError, Path
from engine.expressions.functions import Function
from engine.expressions.functions.acls import EVERYWHERE
from engine.expressions.functions.cidrs import Network, cover_internet, cover_public
from engine.expressions.functions.reach import Reach, as_network, as_port, as_text, protocol_name
from engine.expressions.types import DYN, INT, STRING, ListType

_ROW: Final = ("protocol", "from_port", "to_port", "cidrs")
_NARROWING: Final = ("target_resources", "target_service_accounts", "narrowed_by")
_RULE: Final = (
    "action",
    "direction",
    "priority",
    "disabled",
    "target_resources",
    "target_service_accounts",
    "narrowed_by",
    "source_ranges",
    "protocols",
)


def vpc_open_ports(
    allowed: Sequence[Any],
    denied: Sequence[Any],
    policies: Sequence[Any],
    protocols: Sequence[str],
    ports: Sequence[int],
) -> list[int]:
    """Those of ``ports`` that a rule opens to the whole internet, over any of ``protocols``.

    ``allowed``: what the rule allows, as rows ``{protocol, from_port, to_port, cidrs}``. ``denied``: a list of such
    rows for each rule of the network that comes before it and is about all of its machines. ``policies``: those before
    the rules in the order of evaluation, ``{attached_to, rules}``, each rule with its ``protocols`` as rows.

    A denying rule of a policy counts where it leaves no machine and no kind of source out, and where those before it
    do not let the whole internet pass, be it for some machines only. Raises EvaluationError, with the paths of the
    missing keys, where what is missing may decide whether a port is open; also for a malformed rule.
    """
    wanted = [protocol_name(protocol) for protocol in protocols]
    unseen = [path for index, policy in enumerate(policies) for path in _missing(policy, (2, index))]
    found: list[int] = []
    for port in ports:
        best, worst = (
            any(_opens(allowed, denied, policies, name, port, unread) for name in wanted)
            for unread in ("deny", "allow")
        )
        if best != worst:
            raise EvaluationError("a firewall policy could not be read that may decide", unseen)
        found += [port] * best
    return found


def policy_open_ports(policies: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> list[int]:
    """Those of ``ports`` that firewall policies open to the whole internet, over any of ``protocols``.

    ``policies``: those that are effective in a network, in the order of evaluation, as :func:`vpc_open_ports` has them.
    A rule that allows counts for whichever machines it does; one that denies only where it leaves none out. Raises
    EvaluationError, with the paths of the missing keys, where no port is surely open and a policy was not read.
    """
    wanted = [protocol_name(protocol) for protocol in protocols]
    unseen = [path for index, policy in enumerate(policies) for path in _missing(policy, (0, index))]
    found = [port for port in ports if any(_opened(policies, name, port) for name in wanted)]
    if unseen and not found:
        raise EvaluationError("a firewall policy could not be read that may open a port", unseen)
    return found


def _opened(policies: Sequence[Any], protocol: str, port: int) -> bool:
    """Whether a rule of what was read surely lets packets pass that no rule before it denies or leaves to the next."""
    closed: list[Network] = []
    opened: list[Network] = []
    for index, policy in enumerate(policies):
        if any(_missing(policy, (0, index))):
            # It may deny all that comes.
            closed += EVERYWHERE
            continue
        leaving: list[Network] = []
        left: list[Network] = []
        for rule in _evaluated(policy["rules"], protocol, port):
            if rule["action"] == "goto_next":
                leaving += rule["sources"]
                left += () if rule["narrow"] else rule["sources"]
            elif rule["action"] != "deny":
                before = [*closed, *left]
                opened += (network for network in rule["named"] if not cover_public(before, network))
            elif not rule["narrow"]:
                # What left the policy before, if only for some machines, it does not deny.
                closed += (network for network in rule["sources"] if not _passes(network, leaving))
    return cover_internet(opened)


def _opens(
    allowed: Sequence[Any], denied: Sequence[Any], policies: Sequence[Any], protocol: str, port: int, unread: str
) -> bool:
    """Whether a port is open, if the policies that were not read do ``unread`` with all packets."""
    sources = [network for row in _rows(allowed, (0,)) for network in _about(row, protocol, port)]
    if not cover_internet(sources):
        return False
    closed, passing = _above(policies, protocol, port, unread)
    for index, rows in enumerate(denied):
        found = [network for row in _rows(rows, (1, index)) for network in _about(row, protocol, port)]
        closed += (network for network in found if not _passes(network, passing))
    return cover_internet(source for source in sources if not cover_public(closed, source))


def _above(policies: Sequence[Any], protocol: str, port: int, unread: str) -> tuple[list[Network], list[Network]]:
    """Of the sources of packets: which the policies deny, and which they let pass for good."""
    closed: list[Network] = []
    passing: list[Network] = []
    for index, policy in enumerate(policies):
        skipped: list[Network] = []
        everything: list[Mapping[str, Any]] = [{"action": unread, "sources": EVERYWHERE, "narrow": False}]
        unseen = any(_missing(policy, (2, index)))
        for rule in everything if unseen else list(_evaluated(policy["rules"], protocol, port)):
            if rule["action"] != "deny":
                # Whatever narrows it: for some machines it may be about these packets.
                (skipped if rule["action"] == "goto_next" else passing).extend(rule["sources"])
            elif not rule["narrow"]:
                closed += (network for network in rule["sources"] if not _passes(network, [*passing, *skipped]))
    return closed, passing


def _evaluated(rules: Sequence[Mapping[str, Any]], protocol: str, port: int) -> Iterator[Mapping[str, Any]]:
    """What the rules for incoming packets do with those of a protocol's port, as they are evaluated."""
    for rule in sorted(rules, key=lambda rule: rule["priority"]):
        if rule["direction"] == "INGRESS" and not rule["disabled"]:
            # Without ranges it is about any source, or about those that narrow it.
            ranges = tuple(map(as_network, rule["source_ranges"])) or EVERYWHERE
            named = [network for row in rule["protocols"] for network in _about(row, protocol, port)]
            about = any(_reaches(row, protocol, port) for row in rule["protocols"])
            narrow = any(rule[key] for key in _NARROWING)
            sources = ranges if about else ()
            yield {"action": rule["action"], "sources": sources, "named": named, "narrow": narrow}


def _missing(policy: Any, path: Path) -> Iterator[Path]:
    """What was not read of a policy. Raises EvaluationError for what is none."""
    if not isinstance(policy, Mapping):
        raise EvaluationError(f"a firewall policy is an object, not {type(policy).__name__}")
    if "rules" not in policy:
        yield (*path, "rules")
    for index, rule in enumerate(policy.get("rules", ())):
        yield from ((*path, "rules", index, key) for key in _RULE if key not in rule)
        for place, row in enumerate(rule.get("protocols", ())):
            yield from ((*path, "rules", index, "protocols", place, key) for key in _ROW if key not in row)


def _rows(rows: Any, path: Path) -> Iterator[Mapping[str, Any]]:
    if not isinstance(rows, (list, tuple)):
        raise EvaluationError(f"what a rule is about is a list, not {type(rows).__name__}")
    for index, row in enumerate(rows):
        _whole(row, (*path, index))
        yield row


def _whole(row: Any, path: Path) -> None:
    if not isinstance(row, Mapping):
        raise EvaluationError(f"a row is an object, not {type(row).__name__}")
    missing = [(*path, key) for key in _ROW if key not in row]
    if missing:
        raise EvaluationError("a firewall rule could not be read", missing)


def _about(row: Mapping[str, Any], protocol: str, port: int) -> tuple[Network, ...]:
    """The sources of a row, if it is about a protocol's port."""
    return tuple(as_network(cidr) for cidr in row["cidrs"]) if _reaches(row, protocol, port) else ()


def _reaches(row: Mapping[str, Any], protocol: str, port: int) -> bool:
    reach = Reach.of(as_text(row["protocol"]), as_port(row["from_port"]), as_port(row["to_port"]))
    return reach.includes(protocol, port)


def _passes(network: Network, others: Sequence[Network]) -> bool:
    """Whether the others together are the whole internet, of the network's version."""
    return cover_internet(other for other in others if other.version == network.version)


_LIST: Final = ListType(DYN)
_PORTS: Final = ListType(INT)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("net.vpcOpenPorts", (_LIST, _LIST, _LIST, ListType(STRING), _PORTS), _PORTS, vpc_open_ports),
    Function("net.policyOpenPorts", (_LIST, ListType(STRING), _PORTS), _PORTS, policy_open_ports),
)
