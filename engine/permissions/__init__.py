"""The least privilege that a plan takes, in the vendor's own form and in those of the tools that grant it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from engine.collection.planner import Plan
from engine.errors import UsageError
from engine.permissions import aws, azure, gcp, github
from providers import Declared

Writer = Callable[[Iterable[str]], str]

FORMS: Final[Mapping[str, Mapping[str, Writer]]] = {
    "policy": {"aws": aws.policy, "azure": azure.policy, "gcp": gcp.policy, "github": github.policy},
    "terraform": {"aws": aws.terraform, "azure": azure.terraform, "gcp": gcp.terraform},
    "cloudformation": {"aws": aws.cloudformation},
}
"""By form and provider: the text that grants actions."""

_NOTES: Final[Mapping[tuple[str, str], Writer]] = {
    ("policy", "aws"): aws.policy_note,
    ("policy", "azure"): azure.policy_note,
    ("policy", "gcp"): gcp.policy_note,
    ("policy", "github"): github.policy_note,
}


def actions(plan: Plan, declared: Declared) -> tuple[str, ...]:
    """The actions that the plan and the discovery before it take, sorted."""
    return tuple(sorted({*plan.permissions, *(name for _, needed in declared.discovery for name in needed)}))


def granting(form: str, provider: str, names: Iterable[str]) -> str:
    """The text of a form that grants these actions, without a final line break.

    Raises UsageError where the provider has no such form.
    """
    writers = FORMS[form]
    if provider not in writers:
        known = ", ".join(sorted(name for name in FORMS if provider in FORMS[name])) or "list, json"
        raise UsageError(f"writing the permissions of {provider}: there is no {form} of it; use --format with {known}")
    return writers[provider](names)


def note(form: str, provider: str, names: Iterable[str]) -> str:
    """What whoever uses the text must know; empty where there is nothing."""
    told = _NOTES.get((form, provider))
    return told(names) if told is not None else ""
