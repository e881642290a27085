"""Whatever the corpus does is caught, named and located; and what nobody touched is let pass."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.evidence.bundle_verify import SPLIT_VIEW, verify_bundle
from engine.evidence.verify import verify
from tests.tampering.classes import CLASSES, FAMILIES
from tests.tampering.found import other, tried
from tests.tampering.world import Package, World, build

INSTANCES = 3
NAMED = {  # how many of each family the reference names; the others are ours
    "content": 5,
    "order and time": 6,
    "omission": 7,
    "identity": 5,
    "logic": 5,
    "population": 4,
    "waiver": 6,
    "package": 5,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("name", CLASSES)
def test_it_is_caught_named_and_located(world: World, name: str) -> None:
    kind = CLASSES[name]
    for instance in range(INSTANCES):
        found = tried(world, kind, f"{name} {instance}")
        assert found.caught, (found.ours, found.others, found.said)
        assert found.named, found.said
        assert found.located, found.said
        assert (found.others is None) == (kind.reaches == "store")


def test_there_are_64_classes_in_the_eight_families() -> None:
    assert len(CLASSES) == 64
    counted = Counter(kind.family for kind in CLASSES.values())
    assert tuple(counted) == FAMILIES
    assert all(counted[family] >= least for family, least in NAMED.items())
    assert sum(NAMED.values()) == 43


def test_what_nobody_touched_verifies_for_the_owner_the_auditor_and_both_verifiers(world: World) -> None:
    assert verify(world.store, world.owner).exit_code == 0
    assert verify(world.store, world.auditor).exit_code == 0
    for index, data in enumerate(world.bundles):
        path = world.folder / f"clean-{index}.zip"
        path.write_bytes(data)
        for trust in (world.owner, world.auditor):
            report = verify_bundle(path, trust)
            assert (report.problems, report.exit_code) == ((), 0)
            assert report.lines()[0].startswith("anchored to 2026-11-2")
            assert other(data, trust, world.folder) == []
        assert SPLIT_VIEW in report.notes


def test_taking_a_package_apart_and_mending_nothing_gives_the_same_bytes(world: World) -> None:
    """Else a class could be caught by what the corpus did not put together again."""
    for data in world.bundles:
        assert Package(data, world.word).packed() == data
        package = Package(data, world.word)
        package.resealed(world.keys)
        package.recounted()
        assert package.packed() == data
