"""Planned infrastructure as a source: ARM templates (what ``bicep build`` prints), in the types of the Azure adapter.

A template is read into the same :class:`providers.terraform.plan.Plan` as a Terraform plan, whose resources are all to
be made. Its resources are folded by their ids, which a template tells, and read by the live adapter's own shapes.
Nothing of it is imported where no template is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.templates import NotATemplate

if TYPE_CHECKING:
    from providers.terraform import Folded

__all__ = ["NotATemplate", "fills", "folded", "given", "is_template", "public"]

_SCHEMA: Final = re.compile(
    rb'"\$schema"\s*:\s*"[^"]{0,200}/'
    rb"(?:deployment(?:Template|Parameters)|(?:subscription|managementGroup|tenant)DeploymentTemplate)\.json",
    re.IGNORECASE,
)


def is_template(data: bytes) -> bool:
    """Whether a file's bytes name one of the schemas of ARM's templates; whether it is one, reading says."""
    return _SCHEMA.search(data.replace(b"\0", b"") if b"\0" in data[:64] else data) is not None


def given(arguments: Iterable[str]) -> dict[str, Any]:
    """Parameter values by name, of arguments that are ``KEY=VALUE`` or files of parameters. Raises NotParameters."""
    from providers.arm import parameters

    return parameters.given(arguments)


def folded(data: bytes, collected_at: str, chosen: Mapping[str, Any], base: bool = False) -> Folded:
    """The template in a file's bytes, folded as of ``collected_at`` (RFC 3339 UTC). Raises NotATemplate.

    ``chosen`` are the values given for its parameters and its place; ``base``: some may be of others.
    """
    from providers.arm.folding import fold
    from providers.arm.loading import document
    from providers.arm.template import expanded
    from providers.arm.unresolved import Looked
    from providers.terraform.reading import about

    found = document(data)
    try:
        with about("the template"):
            return fold(expanded(found, chosen, others=base), collected_at)
    except Looked as error:
        raise NotATemplate(f"it needs to be known where it is not: {error}") from error


def fills() -> dict[str, frozenset[str]]:
    """The properties that templates can give, by resource type."""
    from providers.arm.azure import FILLS

    return dict(FILLS)


def public(data: bytes, chosen: Mapping[str, Any]) -> dict[str, str | None]:
    """The given parameter values as text, without those that are nobody's to print (null). Raises NotATemplate."""
    from providers.arm.loading import document
    from providers.arm.parameters import secret

    hidden = secret(document(data))
    return {
        name: None if name.lower() in hidden else value if isinstance(value, str) else repr(value)
        for name, value in sorted(chosen.items())
    }
