"""Data files that auditreel itself writes into a policy folder: whole or not at all, and never over what is there."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import yaml

from engine.content.files import Document, is_plain, parse
from engine.content.root import Root
from engine.content.validation import shape
from engine.errors import Problem, UsageError

_PRIVATE: Final = 0o600
_WIDTH: Final = 110
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _Dumper(yaml.SafeDumper):
    """Writes every value out: data files know no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whether ``data`` is written out where it stands a second time: always."""
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """A text in quotes where our reading of YAML needs them: a digest may look like a number (0b98..., 12e45...)."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_plain(text) else "'")


_Dumper.add_representer(str, _quoted)


def text_of(value: Mapping[str, Any]) -> bytes:
    """A value as YAML, its keys in the order given; dates (``datetime.date``) stand unquoted."""
    return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH).encode()


def accepted(path: Path, source: bytes, root: Root, kind: str, doing: str) -> Document:
    """The document that a file called ``path`` would hold, by the rules that everybody's files are held to.

    Raises UsageError, with every problem, where its schema refuses it; ``doing`` begins the sentence.
    """
    problems: list[Problem] = []
    document = parse(path, source, problems)
    if document is not None:
        problems += shape(root.schema(kind)).problems(document)
    refuse(problems, doing)
    if document is None:
        raise UsageError(f"{doing}: {path} would be empty")
    return document


def refuse(problems: list[Problem], doing: str) -> None:
    """Raise UsageError, with every problem, where there is one."""
    if problems:
        told = "; ".join(
            f"{problem.key}: {problem.message}" if problem.key else problem.message for problem in problems
        )
        raise UsageError(f"{doing}: {told}")


def lodge(path: Path, source: bytes, files: Mapping[str, bytes]) -> None:
    """Write a data file (0600) and, in the folder of its name beside it (0700), the files that belong to it.

    The folder comes first and appears whole, so that at no moment a data file names what is not there. Raises
    UsageError where either is there already, or cannot be written.
    """
    folder = path.with_suffix("")
    lodge_folder(folder, files)
    try:
        add(path, source)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def lodge_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder (0700) with its files (0600), which appears whole.

    Raises UsageError where one is there already that holds anything, or it cannot be written.
    """
    hidden = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        hidden.mkdir(mode=0o700)
        for name, data in files.items():
            fresh(hidden / name, data)
        # A folder that holds anything is not replaced (POSIX rename): who comes second fails here.
        hidden.rename(folder)
    except OSError as error:
        raise UsageError(f"writing {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def add(path: Path, source: bytes) -> None:
    """Write a new file (0600), whole or not at all. Raises UsageError where one is there, or it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh(temporary, source)
        # A link is refused where the name is taken, which a rename would replace.
        os.link(temporary, path)
    except FileExistsError as error:
        raise UsageError(f"writing {path}: it is there already") from error
    except OSError as error:
        raise UsageError(f"writing {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def replace(path: Path, source: bytes) -> None:
    """Put new bytes in the place of a file's, whole or not at all; its mode stays. Raises UsageError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fresh(temporary, source)
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UsageError(f"writing {path}: {error.strerror or error}") from error


def replace_or_add(path: Path, source: bytes) -> None:
    """Write a file (0600) whether or not one is there, whole or not at all. Raises UsageError."""
    if path.exists():
        replace(path, source)
    else:
        add(path, source)


def fresh(path: Path, data: bytes) -> None:
    """Write a new file (0600) to the disk. Raises OSError, FileExistsError where one is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def edited(document: Document, values: Mapping[str, str | list[str]]) -> bytes:
    """A data file with other values at some of its top-level keys; all else, comments too, stays as it stands.

    A key that is not there yet is added at the end. Lists of text are written one item a line.
    """
    text = document.text
    spans = {key.value: (key, value) for key, value in document.root.value}
    parts = []
    for key, value in values.items():
        if key in spans:
            node = spans[key][1]
            last = node.value[-1] if isinstance(node, yaml.SequenceNode) and not node.flow_style else node
            parts.append((node.start_mark.index, last.end_mark.index, _inline(value, node)))
    for start, end, new in sorted(parts, reverse=True):
        # A block scalar (``>-``) ends behind its line break, which belongs to the key that follows.
        ending = "\n" if text[start:end].endswith("\n") else ""
        text = text[:start] + new + ending + text[end:]
    added = {key: value for key, value in values.items() if key not in spans}
    if added:
        text = text.rstrip("\n") + "\n" + "".join(f"{key}: {_inline(value, None)}\n" for key, value in added.items())
    return text.encode()


def _inline(value: str | list[str], node: yaml.Node | None) -> str:
    if isinstance(value, str):
        return scalar(value)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return f"\n{' ' * node.start_mark.column}".join(f"- {scalar(item)}" for item in value)
    return f"[{', '.join(scalar(item, flow=True) for item in value)}]"


def scalar(text: str, flow: bool = False) -> str:
    """A text as YAML on one line, between brackets (``flow``) or not; a date, and what needs no quotes, has none."""
    if _DAY.fullmatch(text):
        return text
    style = '"' if flow or "\n" in text else None
    return yaml.safe_dump(text, default_style=style, allow_unicode=True, width=10**9).removesuffix("...\n").rstrip("\n")
