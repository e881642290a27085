"""AWS IAM: users, groups, roles, their policies and what is attached to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from providers.base import Unread
from providers.terraform.aws.documents import policy
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Setting, Split, Where

USER: Final = "AWS::IAM::User"
GROUP: Final = "AWS::IAM::Group"
ROLE: Final = "AWS::IAM::Role"
MANAGED_POLICY: Final = "AWS::IAM::ManagedPolicy"
INLINE_POLICY: Final = "AWS::IAM::Policy"
_NOTHING: Final = "IAM API: what is new has no policy"
_PROVIDER: Final = "provider documentation"
_PRINCIPALS: Final = ("users", "groups", "roles")


def _sorted(values: Sequence[Any]) -> Any:
    """The values, each once; an unknown one among them leaves the list unknown."""
    unread = next((value for value in values if isinstance(value, Unread)), None)
    return unread if unread is not None else sorted(set(values))


def _one(path: str, type_: str = "") -> Derived:
    def read(block: Block) -> Any:
        return [block.id(path, type_) if type_ else block.get(path)]

    return Derived((path,), read)


def _named(block: Block) -> Any:
    """The name of an inline policy in a list."""
    return [block.get("name")]


def _blocks(path: str) -> Derived:
    """The names of the policies that older configurations have inline."""

    def read(block: Block) -> Any:
        rows = block.blocks(path, optional=True)
        return rows if isinstance(rows, Unread) else [name for row in rows if (name := row.get("name", None))]

    return Derived((path,), read)


def _own(block: Block) -> bool | Unread:
    """Whether an attachment is about a customer's policy. AWS's own are no resources of the account."""
    arn = block.get("policy_arn")
    return (
        arn
        if isinstance(arn, Unread) and arn.reason != "known_after_apply"
        else not (isinstance(arn, str) and ":iam::aws:policy/" in arn)
    )


def _each_attached(block: Block) -> Any:
    """What a policy is attached to by the resource that says it of several."""
    lists = [block.get(path, []) for path in _PRINCIPALS]
    unread = next((names for names in lists if isinstance(names, Unread)), None)
    return unread or [None for names in lists for _ in names]


def _principal(type_: str, terraform: str, *, inline: bool = False, **more: Any) -> Mapping:
    short = terraform.removeprefix("aws_iam_")
    return Mapping(
        type=type_,
        terraform=terraform,
        keys=("name", "id", "arn"),
        where="global",
        parts=(
            Part(f"{terraform}_policy_attachment", short, {"attached_policies": _one("policy_arn", MANAGED_POLICY)}),
            Part(f"{terraform}_policy", short, {"inline_policies": Derived(("name",), _named)}),
            Part(
                "aws_iam_policy_attachment",
                f"{short}s",
                {"attached_policies": _one("policy_arn", MANAGED_POLICY)},
                several=True,
            ),
            *more.pop("parts", ()),
        ),
        properties={
            "path": Attribute("path", "/", _PROVIDER),
            "attached_policies": Split(
                [],
                _NOTHING,
                inline=Attribute("managed_policy_arns", []) if inline else None,
                group=_sorted,
                optional=True,
            ),
            "inline_policies": Split(
                [], _NOTHING, inline=_blocks("inline_policy") if inline else None, group=_sorted, optional=True
            ),
            **more,
        },
    )


def _identity(owner: str, type_: str) -> Callable[[Block, Where], Any]:
    def identity(block: Block, where: Where) -> Any:
        principal, name = block.owner(owner, type_), block.get("name", None, computed=False)
        known = isinstance(principal, str) and principal.startswith("arn:") and isinstance(name, str)
        return f"{principal}/inline-policy/{name}" if known else None

    return identity


def _inline(type_: str, terraform: str) -> Mapping:
    owner = terraform.removeprefix("aws_iam_").removesuffix("_policy")
    return Mapping(
        type=INLINE_POLICY,
        terraform=terraform,
        keys=("id",),
        where="global",
        identity=_identity(owner, type_),
        properties={
            "principal": Derived((owner,), lambda block: block.owner(owner, type_)),
            "document": policy("policy"),
        },
    )


def _count(parts: Sequence[Any]) -> int:
    return len(parts)


def _attached(block: Block) -> list[None]:
    return [None]


def _groups(block: Block) -> Any:
    return block.get("groups")


MAPPINGS: Final = (
    _principal(
        USER,
        "aws_iam_user",
        parts=(
            Part("aws_iam_user_group_membership", "user", {"groups": Derived(("groups",), _groups)}),
            Part("aws_iam_group_membership", "users", {"groups": _one("group")}, several=True),
        ),
        groups=Split([], _NOTHING, group=_sorted),
    ),
    _principal(GROUP, "aws_iam_group"),
    _principal(ROLE, "aws_iam_role", inline=True, trust_policy=policy("assume_role_policy")),
    Mapping(
        type=MANAGED_POLICY,
        terraform="aws_iam_policy",
        where="global",
        parts=(
            *(
                Part(
                    f"aws_iam_{owner}_policy_attachment",
                    "policy_arn",
                    {"attachment_count": Derived(("policy_arn",), _attached)},
                    _own,
                    elsewhere=True,
                )
                for owner in ("user", "group", "role")
            ),
            Part(
                "aws_iam_policy_attachment",
                "policy_arn",
                {"attachment_count": Derived(_PRINCIPALS, _each_attached)},
                _own,
                elsewhere=True,
            ),
        ),
        properties={
            "path": Attribute("path", "/", _PROVIDER),
            "document": policy("policy"),
            "attachment_count": Split(
                0, _NOTHING, inline=Attribute("attachment_count", computed=True), group=_count, optional=True
            ),
        },
    ),
    _inline(USER, "aws_iam_user_policy"),
    _inline(GROUP, "aws_iam_group_policy"),
    _inline(ROLE, "aws_iam_role_policy"),
    Mapping(
        type=INLINE_POLICY,
        terraform="aws_iam_role",
        where="global",
        each="inline_policy",
        properties={"principal": Attribute("owner.arn", computed=False), "document": policy("policy")},
    ),
)

_MINIMUM: Final = "IAM API, UpdateAccountPasswordPolicy: 6 where nothing is said"
_OFF: Final = "IAM API, UpdateAccountPasswordPolicy: false where nothing is said"


def _passwords(block: Block) -> dict[str, Any]:
    return {
        "minimum_length": block.get("minimum_password_length", 6),
        "require_symbols": block.get("require_symbols", False),
        "require_numbers": block.get("require_numbers", False),
        "require_uppercase": block.get("require_uppercase_characters", False),
        "require_lowercase": block.get("require_lowercase_characters", False),
        "remembered_passwords": _remembered(block.get("password_reuse_prevention", None)),
    }


def _remembered(value: Any) -> Any:
    return value if isinstance(value, Unread) else value or None


SETTINGS: Final = (
    Setting(
        "AWS::Account",
        "aws_iam_account_password_policy",
        {
            "password_policy": Derived(
                (
                    "minimum_password_length",
                    "require_symbols",
                    "require_numbers",
                    "require_uppercase_characters",
                    "require_lowercase_characters",
                    "password_reuse_prevention",
                ),
                _passwords,
                f"{_MINIMUM}; {_OFF}",
            )
        },
        removed={"password_policy": None},
        source="IAM API, DeleteAccountPasswordPolicy: none is set then",
    ),
)
