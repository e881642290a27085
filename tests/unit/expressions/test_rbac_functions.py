"""What an Azure role grants: one row a case, its id says why."""

from typing import Any

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.rbac import grants

ASSIGN = "Microsoft.Authorization/roleAssignments/write"


def permission(*actions: str, less: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"actions": list(actions), "not_actions": list(less)}


CASES = [
    ([], False, "no permission"),
    ([permission("*")], True, "everything"),
    ([permission("*", less=("Microsoft.Authorization/*/Write",))], False, "everything but that: Contributor"),
    ([permission("*", less=("microsoft.compute/*",))], True, "everything but something else"),
    ([permission("microsoft.authorization/roleassignments/WRITE")], True, "itself, in another case"),
    ([permission("Microsoft.Authorization/*")], True, "all of a provider"),
    ([permission("*/write")], True, "all of a verb"),
    ([permission("*/read")], False, "another verb"),
    ([permission("*", less=("*",)), permission(ASSIGN)], True, "left out of one permission, granted by another"),
    ([{"actions": ["*/read"]}], False, "what was not read could leave out only what is not granted"),
    ([{"not_actions": ["*"]}], False, "what was not read is left out all the same"),
    ([{}, permission("*")], True, "one that was not read beside one that grants it"),
]


@pytest.mark.parametrize(("permissions", "expected"), [row[:2] for row in CASES], ids=[row[2] for row in CASES])
def test_a_role_grants_what_it_names_and_does_not_leave_out(permissions: list[Any], expected: bool) -> None:
    assert grants(permissions, ASSIGN) is expected


@pytest.mark.parametrize(
    ("permissions", "missing"),
    [
        ([{"actions": ["*"]}], ((0, 0, "not_actions"),)),
        ([permission("*/read"), {"not_actions": []}], ((0, 1, "actions"),)),
        ([{}], ((0, 0, "actions"), (0, 0, "not_actions"))),
    ],
)
def test_what_was_not_read_is_named_where_it_matters(permissions: list[Any], missing: Any) -> None:
    with pytest.raises(EvaluationError) as caught:
        grants(permissions, ASSIGN)
    assert caught.value.missing == missing


@pytest.mark.parametrize("permissions", [["*"], [{"actions": "*", "not_actions": []}], [{"actions": [1]}]])
def test_another_form_is_an_error(permissions: list[Any]) -> None:
    with pytest.raises(EvaluationError):
        grants(permissions, ASSIGN)
