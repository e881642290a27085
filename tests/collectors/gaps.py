"""What checks say when one operation that feeds them goes wrong, one fault at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.faults import Kind

KINDS: Final[tuple[Kind, ...]] = ("denied", "hollow", "server_error")


def misled(wire: AwsWire, feeding: Mapping[str, tuple[str, ...]], kinds: tuple[Kind, ...] = KINDS) -> list[str]:
    """Where a fault did anything else than to make verdicts unknown, of each check and the operations ``feeding`` it.

    The account on the wire must have something to judge for each check.
    """
    return list(_misled(wire, feeding, kinds))


def _misled(wire: AwsWire, feeding: Mapping[str, tuple[str, ...]], kinds: tuple[Kind, ...]) -> Iterator[str]:
    clean = verdicts(scan(feeding)[1])
    for check in feeding:
        told = {verdict for (of, _), verdict in clean.items() if of == check}
        if not told or "unknown" in told:
            yield f"{check} without a fault: {told or 'nothing'}"
    for operation in dict.fromkeys(operation for operations in feeding.values() for operation in operations):
        fed = [check for check, operations in feeding.items() if operation in operations]
        for kind in kinds:
            fault = wire.faults.add(kind, operation)
            found = verdicts(scan(fed)[1])
            wire.faults.remove(fault)
            for check in fed:
                mine = {key: verdict for key, verdict in found.items() if key[0] == check}
                other = [verdict for key, verdict in mine.items() if verdict not in ("unknown", clean.get(key))]
                if other or "unknown" not in mine.values():
                    yield f"{check}, {operation} {kind}: {mine or 'nothing'}"


def paged(wire: AwsWire, *checks: str) -> list[str]:
    """Operations that were asked twice for the same, and "other resources" where pages of one item gave others."""
    wire.traffic.reset()
    whole, _ = scan(checks)
    repeats = [str(call) for call in wire.traffic.repeats]
    wire.paging.size = 1
    cut, _ = scan(checks)
    wire.paging.size = None
    return repeats + (["other resources"] if cut.resources != whole.resources or not whole.resources else [])
