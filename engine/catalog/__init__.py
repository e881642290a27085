"""The references that are made of the data folders, the readers and the command line: ``python -m engine.catalog``.

``checks/README.md`` has the checks by criterion, ``docs/reference`` every command, every check and every resource type.
Nothing in these files is written by hand, and a test holds them to what they are made of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.catalog import checks, commands, criteria, functions, resources
from engine.catalog.markdown import GENERATED
from engine.content.checks import compile_checks
from engine.content.load import Content

REFERENCE: Final = Path("docs", "reference")
_INDEX: Final = f"""\
# Reference

{GENERATED}

- [Commands](commands.md): every command with its options, and where settings come from
- [Checks](checks/README.md): every check with what it asks, its parameters and its permissions;
  [by criterion](../../checks/README.md)
- [Resource types](resources/README.md): what checks can read, and the operation that gives it
- [Functions](functions.md): what expressions can ask beyond comparing
"""


def pages(content: Content) -> dict[Path, str]:
    """Every generated file by its path below the checkout. Raises ContentError where a check does not compile."""
    compiled = compile_checks(content.checks.values(), content.types)
    return {
        Path("checks", "README.md"): criteria.catalogue(content),
        REFERENCE / "README.md": _INDEX,
        REFERENCE / "commands.md": commands.page(),
        REFERENCE / "functions.md": functions.page(),
        **{REFERENCE / "checks" / name: text for name, text in checks.pages(content, compiled).items()},
        **{REFERENCE / "resources" / name: text for name, text in resources.pages(content, compiled).items()},
    }


def stray(checkout: Path, written: dict[Path, str]) -> list[Path]:
    """The files of the reference that nothing makes any more, by their path below the checkout."""
    there = (path.relative_to(checkout) for path in (checkout / REFERENCE).rglob("*") if path.is_file())
    return sorted(path for path in there if path not in written)
