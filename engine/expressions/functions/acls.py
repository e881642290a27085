"""Network ACLs, whose entries are tried in order: ``net.aclAdmitsInternet``, ``net.aclOpenPorts``.

An entry is an object ``{rule_number, action, protocol, from_port, to_port, cidr}``: the first entry by number that is
about a packet's protocol, port and source allows or denies it ("allow", "deny"); what no entry is about is denied. IPv4
and IPv6 have entries of their own, told apart by ``cidr``. Protocol and ports are as in :mod:`.ports`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.expressions.failures import EvaluationError, Path
from engine.expressions.functions import Function
from engine.expressions.functions.cidrs import INTERNET_V4, INTERNET_V6, Network, cover_internet, cover_public
from engine.expressions.functions.reach import Reach, as_network, as_port, as_text, protocol_name
from engine.expressions.types import BOOL, DYN, INT, STRING, ListType

FIRST: Final = -1
"""Before every rule number."""
_KEYS: Final = ("rule_number", "action", "protocol", "from_port", "to_port", "cidr")
EVERYWHERE: Final = (INTERNET_V4, INTERNET_V6)


def acl_open_ports(entries: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> list[int]:
    """Those of ``ports`` that the entries open to the whole internet, over any of ``protocols``.

    An allowing entry counts unless entries before it deny all public addresses that it is about. A port is open where
    the sources of the entries that count hold the whole internet together: denying a few addresses first does not close
    it. Raises EvaluationError, with the paths of the missing keys, if one of ``ports`` is not open by what is there and
    could be by what is missing; also for a malformed entry.
    """
    return opened(_parsed(entries), protocols, ports)


def acl_admits_internet(entries: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> bool:
    """Whether :func:`acl_open_ports` would list a port. Once one is open, missing keys of others do not matter."""
    return admits(_parsed(entries), protocols, ports)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as far as it was read. A missing key is any value that it could have."""

    number: int
    action: str | None
    reach: Reach
    sources: tuple[Network, ...]
    missing: tuple[Path, ...]

    def read_as(self, action: str) -> Entry | None:
        """The entry with what is missing in favour of an action; None where it may as well not be there."""
        if not self.missing:
            return self
        return replace(self, action=action) if self.action in (None, action) else None


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether a port is open whatever the missing keys hold, and the missing keys by which it may be."""

    is_open: bool
    unseen: tuple[Path, ...] = ()


def opened(entries: Sequence[Entry], protocols: Sequence[str], ports: Sequence[int]) -> list[int]:
    """:func:`acl_open_ports`, of entries in whatever form a cloud has them."""
    answers = _answers(entries, protocols, ports)
    _raise_unseen(answer for answer in answers if not answer.is_open)
    return [port for port, answer in zip(ports, answers, strict=True) if answer.is_open]


def admits(entries: Sequence[Entry], protocols: Sequence[str], ports: Sequence[int]) -> bool:
    """:func:`acl_admits_internet`, of entries in whatever form a cloud has them."""
    answers = _answers(entries, protocols, ports)
    if any(answer.is_open for answer in answers):
        return True
    _raise_unseen(answers)
    return False


def _answers(entries: Sequence[Entry], protocols: Sequence[str], ports: Sequence[int]) -> list[_Answer]:
    wanted = [protocol_name(protocol) for protocol in protocols]
    return [_answer(entries, wanted, port) for port in ports]


def _answer(entries: Sequence[Entry], protocols: list[str], port: int) -> _Answer:
    unseen: list[Path] = []
    for protocol in protocols:
        about = [entry for entry in entries if entry.reach.includes(protocol, port)]
        # The more is allowed, the more is open; the more is denied, or the earlier, the less. What was not read lies
        # between all of it denying and all of it allowing.
        if _opens([entry.read_as("deny") for entry in about]):
            return _Answer(True)
        if _opens([entry.read_as("allow") for entry in about]):
            unseen += (path for entry in about for path in entry.missing)
    return _Answer(False, tuple(unseen))


def _opens(entries: Iterable[Entry | None]) -> bool:
    """Whether entries that are about one protocol and port open it to the internet."""
    denied: list[Network] = []
    allowed: list[Network] = []
    # Clouds give each number once. Of two with one number the allowing one is taken to be the first.
    for entry in sorted(filter(None, entries), key=lambda entry: (entry.number, entry.action != "allow")):
        if entry.action == "allow":
            allowed += (source for source in entry.sources if not cover_public(denied, source))
        else:
            denied += entry.sources
    return cover_internet(allowed)


def _raise_unseen(answers: Iterable[_Answer]) -> None:
    unseen = sorted({path for answer in answers for path in answer.unseen})
    if unseen:
        raise EvaluationError("an entry could not be read that may open a port to the internet", unseen)


def _parsed(entries: Sequence[Any]) -> list[Entry]:
    return [_entry(index, entry) for index, entry in enumerate(entries)]


def _entry(index: int, source: Any) -> Entry:
    if not isinstance(source, Mapping):
        raise EvaluationError(f"an entry is an object, not {type(source).__name__}")
    number, action = source.get("rule_number", FIRST), source.get("action")
    if not isinstance(number, int) or isinstance(number, bool):
        raise EvaluationError(f"an entry's number is a number, not {type(number).__name__}")
    if action not in ("allow", "deny") and "action" in source:
        raise EvaluationError("an entry allows or denies")
    reach = Reach.of(as_text(source.get("protocol")), as_port(source.get("from_port")), as_port(source.get("to_port")))
    sources = (as_network(source["cidr"]),) if "cidr" in source else EVERYWHERE
    missing = tuple((0, index, key) for key in _KEYS if key not in source)
    return Entry(number, action, reach, sources, missing)


_ENTRIES: Final = ListType(DYN)
_TEXTS: Final = ListType(STRING)
_PORTS: Final = ListType(INT)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("net.aclOpenPorts", (_ENTRIES, _TEXTS, _PORTS), _PORTS, acl_open_ports),
    Function("net.aclAdmitsInternet", (_ENTRIES, _TEXTS, _PORTS), BOOL, acl_admits_internet),
)
