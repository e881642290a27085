"""The maps that a reader goes by are true to the tree: whatever lies there is named, once, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "engine"
ENTRY = re.compile(r"(?:^ {4}|(?<= ))([a-z_]+(?:\.py|/))(?= )", re.MULTILINE)
LISTED = ("authoring", "collection", "custody", "gate", "judging", "run")
"""The packages whose modules the map names one by one."""


def drawn() -> str:
    """The map of engine/README.md."""
    _, _, below = (ENGINE / "README.md").read_text("utf-8").partition("# engine\n\n")
    return re.split(r"\n\n(?! )", below)[0]


def there(folder: Path) -> Iterable[str]:
    """The modules and packages in a folder, as a map names them."""
    for path in folder.iterdir():
        if path.suffix == ".py" and not path.name.startswith("__"):
            yield path.name
        elif (path / "__init__.py").is_file():
            yield f"{path.name}/"


def test_the_map_of_the_engine_names_every_module_and_package_once() -> None:
    assert Counter(ENTRY.findall(drawn())) == Counter(there(ENGINE))


@pytest.mark.parametrize("package", LISTED)
def test_a_package_that_the_map_looks_into_has_just_these_modules(package: str) -> None:
    text = re.search(rf"^ {{4}}{package}/(.*?)^ {{4}}\S", drawn(), re.MULTILINE | re.DOTALL)
    assert text is not None
    named = re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", text[1]).rpartition(": ")[2])
    assert Counter(named) == Counter(name.removesuffix(".py") for name in there(ENGINE / package))


@pytest.mark.parametrize("package", ["evidence", "evidence/period"])
def test_the_map_of_a_package_names_no_module_that_is_not_there(package: str) -> None:
    folder = ENGINE / package
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    named = re.findall(r"(?:^ {4}|(?<=  ))([a-z_]+)(?=  )", text, re.MULTILINE)
    assert len(named) >= 10
    assert sorted(set(named) - {name.removesuffix("/").removesuffix(".py") for name in there(folder)}) == []
