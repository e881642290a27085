"""AWS IAM: users, groups, roles, their policies and what is attached to them, from either end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, arn, policy, tags
from providers.terraform.aws.iam import GROUP, INLINE_POLICY, MANAGED_POLICY, ROLE, USER
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Given, Mapping, Part, Split

_NOTHING: Final = "IAM API: what is new has no policy"
_ITSELF: Final = Unread("known_after_apply", detail="it does not exist yet")
_SEVERAL: Final = Unread("ambiguous", detail="the policy is of several principals")
_LISTS: Final = {USER: "Users", GROUP: "Groups", ROLE: "Roles"}
_SINGLE: Final = {USER: "UserName", GROUP: "GroupName", ROLE: "RoleName"}
_AWS_OWN: Final = ":iam::aws:policy/"


def _together(values: Sequence[Any]) -> Any:
    unread = next((value for value in values if isinstance(value, Unread)), None)
    return unread if unread is not None else sorted(set(values))


def _ids(path: str, type_: str) -> Derived:
    """Ids of a list: of what the template declares, and of what is named otherwise."""

    def read(block: Block) -> Any:
        found = block.get(path, [])
        if isinstance(found, Unread):
            return found
        return [
            block.referring.id_of(references, type_) or value if isinstance(value, Unread) else value
            for value, references in block.names(path)
        ]

    return Derived((path,), read)


def _policy_names(block: Block) -> Any:
    rows = block.blocks("Policies")
    return rows if isinstance(rows, Unread) else [row.get("PolicyName") for row in rows]


def _given(path: str) -> Callable[[Block], Any]:
    """Whether a list names any owner."""
    return lambda block: block.get(path, []) != []


def _itself(block: Block) -> Any:
    return [block.id("Ref", MANAGED_POLICY, _ITSELF)]


def _named(path: str) -> Derived:
    return Derived((path,), lambda block: [block.get(path)])


def _principal(type_: str, **more: Given | Split) -> Mapping:
    several = _LISTS[type_]
    return Mapping(
        type_,
        type_,
        {
            "path": Attribute("Path", "/", DOCUMENTED),
            "attached_policies": Split([], _NOTHING, inline=_ids("ManagedPolicyArns", MANAGED_POLICY), group=_together),
            "inline_policies": Split([], _NOTHING, inline=Derived(("Policies",), _policy_names), group=_together),
            **({} if type_ == GROUP else {"tags": tags()}),
            **more,
        },
        parts=(
            Part(MANAGED_POLICY, several, {"attached_policies": Derived((), _itself)}, _given(several)),
            Part(INLINE_POLICY, several, {"inline_policies": _named("PolicyName")}, _given(several)),
            Part(f"{type_}Policy", _SINGLE[type_], {"inline_policies": _named("PolicyName")}),
            *((Part(ADDITION, "Users", {"groups": _ids("GroupName", GROUP)}),) if type_ == USER else ()),
        ),
        keys=(_SINGLE[type_], "Arn"),
        where="global",
        name=Attribute(_SINGLE[type_], None),
        identity=arn(type_),
    )


ADDITION: Final = "AWS::IAM::UserToGroupAddition"


def _of(block: Block) -> Any:
    """The principal of a policy that may be of several."""
    named = [
        (path, type_, pair) for type_, path in _LISTS.items() if block.get(path, []) != [] for pair in block.names(path)
    ]
    if len(named) != 1:
        return _SEVERAL
    _, type_, (value, references) = named[0]
    known = block.referring.id_by(value, type_) if isinstance(value, str) else None
    found = known or block.referring.id_of(references, type_)
    if found is not None:
        return found
    return value if isinstance(value, Unread) else Unread("not_collected", detail="not in this template")


def _single(type_: str) -> Mapping:
    return Mapping(
        INLINE_POLICY,
        f"{type_}Policy",
        {
            "principal": Derived((_SINGLE[type_],), lambda block: block.owner(_SINGLE[type_], type_)),
            "document": policy("PolicyDocument"),
            "tags": _NO_TAGS,
        },
        keys=(),
        where="global",
        name=Attribute("PolicyName", None),
        identity=lambda block, where: None,
    )


def _inside(type_: str) -> Mapping:
    """The policies that a principal has inline."""
    return Mapping(
        INLINE_POLICY,
        type_,
        {
            "principal": Derived((), lambda block: _ITSELF),
            "document": policy("PolicyDocument"),
            "tags": _NO_TAGS,
        },
        keys=(),
        where="global",
        name=Attribute("PolicyName", None),
        each="Policies",
    )


def _attached(block: Block) -> list[None]:
    return [None]


def _own(block: Block) -> bool:
    """Whether a principal has any policy attached that is not AWS's own."""
    found = block.get("ManagedPolicyArns", [])
    return isinstance(found, Unread) or any(not (isinstance(item, str) and _AWS_OWN in item) for item in found)


def _attachments(block: Block) -> Any:
    lists = [block.get(path, []) for path in _LISTS.values()]
    unread = next((row for row in lists if isinstance(row, Unread)), None)
    return unread if unread is not None else [None for row in lists for _ in row]


_NO_TAGS: Final = Derived((), lambda block: {}, "IAM API: inline policies have no tags")

MAPPINGS: Final = (
    _principal(
        USER, groups=Split([], "IAM API: a new user is in no group", inline=_ids("Groups", GROUP), group=_together)
    ),
    _principal(GROUP),
    _principal(ROLE, trust_policy=policy("AssumeRolePolicyDocument")),
    Mapping(
        MANAGED_POLICY,
        MANAGED_POLICY,
        {
            "path": Attribute("Path", "/", DOCUMENTED),
            "document": policy("PolicyDocument"),
            "attachment_count": Split(0, _NOTHING, inline=Derived(tuple(_LISTS.values()), _attachments), group=len),
            "tags": _NO_TAGS,
        },
        parts=tuple(
            Part(type_, "ManagedPolicyArns", {"attachment_count": Derived((), _attached)}, _own, elsewhere=True)
            for type_ in _LISTS
        ),
        keys=("PolicyArn",),
        where="global",
        name=Attribute("ManagedPolicyName", None),
        identity=arn(MANAGED_POLICY),
    ),
    Mapping(
        INLINE_POLICY,
        INLINE_POLICY,
        {
            "principal": Derived(tuple(_LISTS.values()), _of),
            "document": policy("PolicyDocument"),
            "tags": _NO_TAGS,
        },
        keys=(),
        where="global",
        name=Attribute("PolicyName", None),
        identity=lambda block, where: None,
    ),
    *map(_single, _LISTS),
    *map(_inside, _LISTS),
)
