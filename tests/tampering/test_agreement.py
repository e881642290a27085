"""Two verifiers that share no code say the same of whatever the key's holder signs, sensible or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.evidence.bundle_verify import verify_bundle
from tests.tampering.found import other
from tests.tampering.world import Item, Package, World, build, rechained

LINK = {"sequence": 1, "digest": "0" * 64}
ODD: list[Any] = [None, "", "x", "0" * 64, 0, 1, -1, 2**53 - 1, True, False, [], {}, ["x"], {"x": 1}, LINK, "a" * 301]
ODD += ["2026-11-23", "2026-11-23T02:00:00Z", "2027-01-01T00:00:00.5Z", "\n", "seal", "key"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("agreement"))


def holders(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document: what holds it, and by which key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        yield value, key
        yield from holders(value[key])


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_both_say_the_same_of_an_entry_with_anything_else_in_it(
    world: World, tmp_path: Path, data: st.DataObject
) -> None:
    package = Package(world.bundles[data.draw(st.integers(0, 2))], world.word)
    items: list[Item] = list(package.envelopes())
    index = data.draw(st.integers(0, len(items) - 1))
    envelope = package.envelopes()[index]
    payload = envelope.payload
    holder, key = data.draw(st.sampled_from(list(holders(payload))))
    how = data.draw(st.sampled_from(["odd", "gone", "more"]))
    if how == "odd":
        holder[key] = data.draw(st.sampled_from(ODD))
    elif how == "gone":
        del holder[key]
    elif isinstance(holder, dict):
        holder[data.draw(st.sampled_from(["note", "witness", "boundary", "since"]))] = data.draw(st.sampled_from(ODD))
    items[index] = (payload, world.keys[envelope.signer], envelope.link)
    if data.draw(st.booleans()) and index:
        del items[data.draw(st.integers(0, index - 1))]
    try:
        package.chained(rechained(items, world.keys, renumber=False))
        made = package.packed()
    except (KeyError, TypeError, ValueError, RuntimeError, StopIteration, AttributeError):
        return  # nothing that could be handed over
    path = tmp_path / "odd.zip"
    path.write_bytes(made)
    report = verify_bundle(path, world.auditor)
    theirs = other(made, world.auditor, world.folder)
    assert (report.exit_code == 0) == (theirs == []), (report.lines(), theirs)
