"""Cloud Asset Inventory a folder at a time: fewer calls, and nothing else is different."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.collectors.scan import read, scan
from tests.emulators.faults import Kind, changed, replaced
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import large
from tests.emulators.wire import Layer

CHECKS: Final = ("gcp.storage.uniform_access", "gcp.storage.public_access_prevention", "gcp.iam.no_public_bindings")
EVERYTHING: Final = {"accounts": "organization"}
BUCKET: Final = "storage.googleapis.com/Bucket"


def judged(access: dict[str, Any] = EVERYTHING) -> list[tuple[Any, ...]]:
    _, findings = scan(CHECKS, access=access)
    return [(f.check.id, f.scope, f.subject, f.verdict, f.message) for f in findings]


def parents(google: Google) -> list[str]:
    """What was listed, in turn."""
    asked = [call.path for call in google.calls if call.host == "cloudasset.googleapis.com"]
    return [path.split("/")[2] + "/" + path.split("/")[3] for path in asked]


@pytest.fixture
def sound(gcp: Google) -> list[tuple[Any, ...]]:
    """The verdicts of an organization of 12 projects in two folders, read project by project."""
    gcp.world = large(projects=12, assets=60)
    found = judged({"accounts": [f"project-{number:03}" for number in range(12)]})
    assert {name.partition("/")[0] for name in parents(gcp)} == {"projects"}
    gcp.clear()
    return found


def test_a_folder_is_listed_once_for_all_of_its_projects(gcp: Google, sound: list[Any]) -> None:
    gcp.world.page = 7
    assert judged() == sound
    assert set(parents(gcp)) == {"folders/1000", "folders/1001"}


WRONG: Final[dict[str, Kind | Layer]] = {
    "denied": "denied",
    "failing": "server_error",
    "throttled": "throttled",
    "cut short": "truncated",
    "another answer": replaced(b'{"unexpected": true}'),
    "assets without ancestors": changed(
        lambda page: {
            **page,
            "assets": [{k: v for k, v in asset.items() if k != "ancestors"} for asset in page.get("assets", [])],
        }
    ),
}


@pytest.mark.parametrize("fault", WRONG.values(), ids=WRONG.keys())
def test_of_a_folder_that_is_not_listed_whole_each_project_is_listed(
    gcp: Google, sound: list[Any], fault: Kind | Layer
) -> None:
    gcp.faults.add(fault, "cloudasset:GET /v1/folders/1000/assets")
    assert judged() == sound
    assert "projects/70000000000" in parents(gcp)
    assert "projects/70000000011" not in parents(gcp)


def test_a_later_page_that_fails_takes_nothing_of_the_folder_for_all_of_it(gcp: Google, sound: list[Any]) -> None:
    gcp.world.page = 20
    # The first page of each folder is answered.
    gcp.faults.add(
        "server_error",
        "cloudasset:GET /v1/folders/1000/assets",
        where=lambda exchange: "pageToken" in exchange.request.query,
    )
    assert judged() == sound


@pytest.mark.parametrize(
    "access",
    [
        {"accounts": "organization", "exclude": {"accounts": ["project-003"]}},
        {"accounts": ["project-000", "project-001"]},
    ],
    ids=["a project is left out", "projects by name"],
)
def test_a_folder_that_is_not_scanned_as_a_whole_is_not_listed(gcp: Google, access: dict[str, Any]) -> None:
    gcp.world = large(projects=4, assets=8)
    judged(access)
    assert {name.partition("/")[0] for name in parents(gcp)} == {"projects"}


def test_a_folder_of_which_not_all_projects_are_known_is_not_listed(gcp: Google) -> None:
    gcp.world = large(projects=12, assets=12)
    gcp.world.denied.add("resourcemanager.folders.list@folders/1001")
    read({BUCKET: ()}, provider="gcp", access=EVERYTHING)
    assert {name.partition("/")[0] for name in parents(gcp)} == {"projects"}


def test_the_root_that_the_policy_names_is_the_topmost_folder(gcp: Google) -> None:
    gcp.world = large(projects=4, assets=8)
    read({BUCKET: ()}, provider="gcp", access={"accounts": ["folders/1000"]})
    assert set(parents(gcp)) == {"folders/1000"}
