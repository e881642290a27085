"""The picture of the architecture: who may import whom. A new arrow is drawn here first, or it is not made."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

# Each row may import itself, the rows that it names, and nothing else of the project. The longest prefix decides.
ARROWS: dict[str, tuple[str, ...]] = {
    "providers": (),
    # Templates of Azure are read by the shapes of its adapter; nothing of the adapter knows of templates.
    "providers.arm": (
        "providers.azure",
        "providers.base",
        "providers.cloudformation.parameters",
        "providers.templates",
        "providers.terraform",
    ),
    "engine.errors": (),
    "engine.programme": (),
    # What stands between a company and a report is told from what a run shows.
    "engine.programme.gap": ("engine.model", "engine.programme"),
    # What answers an auditor's requests are controls, people's evidence and what a period of runs shows.
    "engine.programme.answering": ("engine.model", "engine.programme"),
    "engine.programme.answers": ("engine.programme",),
    "engine.programme.populations": ("engine.programme",),
    "engine.programme.due": ("engine.programme",),
    "engine.programme.readiness": ("engine.programme",),
    "engine.programme.run_answers": ("engine.programme",),
    "engine.programme.runs_seen": ("engine.periods",),
    "engine.programme.scoped": ("engine.model", "engine.programme"),
    "engine.programme.shortcomings": ("engine.model", "engine.programme"),
    "engine.programme.tying": ("engine.model", "engine.programme"),
    "engine.model": ("engine.programme.model", "engine.programme.vendors", "providers.base"),
    "engine.expressions": ("engine.errors",),
    "engine.content": (
        "engine",
        "engine.errors",
        "engine.expressions",
        "engine.model",
        "engine.programme.model",
        "engine.programme.remediation",
        "engine.programme.requests",
    ),
    # What is made of what was read, pure.
    "engine.judging": (
        "engine",
        "engine.content",
        "engine.errors",
        "engine.expressions",
        "engine.model",
        "engine.programme",
    ),
    # How checks are written and tried.
    "engine.authoring": (
        "engine.content",
        "engine.errors",
        "engine.judging.evaluate",
        "engine.judging.joins",
        "engine.model",
    ),
    # The version is compared with that of other machines.
    "engine.collection": ("engine", "engine.errors", "engine.expressions.types", "engine.model", "providers"),
    # What is done with sealed evidence. Whatever reads or writes it opens its store here, and so by the same trust.
    # Nothing here knows of a run that is under way.
    "engine.custody": (
        "engine",
        "engine.content",
        "engine.diffs",
        "engine.errors",
        "engine.evidence",
        "engine.external",
        "engine.gate.model",
        "engine.judging",
        "engine.model",
        "engine.periods",
        "engine.sealed",
        "engine.tracked",
    ),
    # A run is asked for, enters what it reads, observes it, judges and records it. Before it stands whether it can: its
    # calls, its permissions, its key, when it is due.
    "engine.run": (
        "engine",
        "engine.authoring",
        "engine.collection",
        "engine.content",
        "engine.custody.inspection",
        "engine.custody.stores",
        "engine.errors",
        "engine.evidence",
        "engine.judging",
        "engine.model",
        "engine.permissions",
        "engine.programme.model",
        "providers",
    ),
    # What a store in a bucket takes of its cloud follows from its address.
    "engine.permissions": (
        "engine.collection.planner",
        "engine.errors",
        "engine.evidence.objects.address",
        "providers",
    ),
    "engine.schedules": ("engine", "engine.evidence.objects.address", "engine.model", "engine.permissions"),
    "engine.workflows": (
        "engine.content",
        "engine.custody",
        "engine.errors",
        # What is handed to an auditor is packed as bundles are.
        "engine.evidence.archive",
        "engine.judging",
        "engine.model",
        "engine.periods",
        "engine.programme",
        "engine.reviews",
        "engine.run",
        # The lists that others send.
        "providers.tables",
    ),
    # Whether a policy gives away an account is asked of the functions by which checks ask it.
    "engine.reviews": (
        "engine.errors",
        "engine.expressions",
        "engine.model",
        "engine.reviews.sheet",
        "providers.base",
    ),
    # A cell of a table is made harmless for a spreadsheet as in every other table.
    "engine.reviews.sheet": ("engine.errors", "engine.report.csv", "engine.reviews"),
    # References are made of what there is to refer to: the data folders, the readers and the command line.
    "engine.catalog": (
        "engine.cli",
        "engine.content",
        "engine.expressions",
        "engine.model",
        "engine.report.records",
        "engine.run.reads",
        "providers",
    ),
    "engine.periods": ("engine.model", "engine.programme.model", "engine.programme.vendors"),
    "engine.sealed": ("engine.model",),
    "engine.external": (),
    "engine.dialects": ("engine.errors", "engine.external", "engine.model"),
    "engine.delivery": ("engine.errors",),
    "engine.diffs": ("engine.model", "engine.periods"),
    "engine.tracked": ("engine.model", "engine.periods"),
    # Issues are written through the session by which GitHub is read: its limits, and its distrust of answers.
    "engine.tracker": (
        "engine.errors",
        "engine.model",
        "engine.report",
        "engine.tracked",
        "providers.base",
        "providers.github",
    ),
    # What a plan does to verdicts. What it shows are frozen values, which are recorded and rendered.
    "engine.gate": (
        "engine.collection",
        "engine.content",
        "engine.errors",
        "engine.gate.model",
        "engine.judging",
        "engine.model",
        "engine.run",
        "providers",
    ),
    "engine.gate.model": ("engine.model", "providers.base"),
    "engine.evidence": (
        "engine.diffs",
        "engine.errors",
        "engine.external",
        "engine.gate.model",
        "engine.judging.scope",
        "engine.model",
        "engine.periods",
        "engine.programme",
        "engine.sealed",
        "engine.tracked",
    ),
    "engine.report": (
        "engine.diffs",
        "engine.errors",
        "engine.gate.model",
        "engine.model",
        "engine.periods",
        "engine.programme",
        "engine.reviews",
        "engine.sealed",
        "engine.tracked",
    ),
    "engine.cli": (
        "engine",
        "engine.authoring",
        # A progress bar and traces look on while clouds are read.
        "engine.collection.observer",
        "engine.content.reference",
        "engine.content.root",
        "engine.custody",
        "engine.delivery",
        "engine.dialects",
        "engine.diffs",
        "engine.errors",
        "engine.external",
        "engine.gate",
        "engine.model",
        "engine.periods",
        "engine.permissions",
        "engine.programme",
        "engine.report",
        "engine.run",
        "engine.schedules",
        "engine.sealed",
        "engine.serve",
        "engine.tracked",
        "engine.tracker",
        "engine.workflows",
        "engine.workflows.gap_analysis",
        "providers.base",
    ),
    # What is shown was verified below; links are signed, and logs written, by the means of evidence.
    "engine.serve": (
        "engine",
        "engine.custody.examination",
        "engine.custody.inspection",
        "engine.custody.stores",
        "engine.diffs",
        "engine.errors",
        "engine.evidence.canonical",
        "engine.evidence.dsse",
        "engine.evidence.durable",
        "engine.evidence.entries",
        "engine.evidence.inspecting",
        "engine.evidence.keys",
        "engine.evidence.objects.address",
        "engine.evidence.objects.moments",
        "engine.model",
        "engine.periods",
        "engine.report",
        "engine.sealed",
    ),
    "engine.__main__": ("engine.cli",),
    "engine": (),
}

# Packages that only one part of the project may import.
RESERVED: dict[str, tuple[str, ...]] = {
    # What S3 is to lock is written by its own SDK: the client of buckets has no words for it. Nor does it know of keys.
    "boto3": ("providers.aws", "engine.evidence.kms", "engine.evidence.objects.locked"),
    "botocore": ("providers.aws", "engine.evidence.kms", "engine.evidence.objects.locked"),
    "obstore": ("engine.evidence.objects.bucket",),
    "azure": ("providers.azure",),
    # The client of buckets has its tokens of Google from google-auth, and has to say for what.
    "google": ("providers.gcp", "engine.evidence.objects.bucket"),
    "duckdb": ("engine.evidence",),
    "pyiceberg": ("engine.evidence.iceberg", "engine.evidence.iceberg_files"),
    "dask": ("engine.collection.cluster",),
    "distributed": ("engine.collection.cluster",),
    "cryptography": ("engine.evidence", "engine.serve.links", "providers.github"),
    "starlette": ("engine.serve",),
    "uvicorn": ("engine.serve.running",),
    "mcp": ("engine.serve.stdio",),
    "mcp_types": ("engine.serve.stdio",),
    "anyio": ("engine.serve.stdio",),
    "rich": ("engine.cli", "engine.report"),
    "click": ("engine.catalog.commands", "engine.cli"),
    "yaml": ("engine.content", "providers.cloudformation"),
    "re2": ("engine.expressions",),
    "apprise": ("engine.delivery",),
    "opentelemetry": ("engine.cli.spans",),
    "openpyxl": ("providers.tables.workbook",),
    "xlsxwriter": ("engine.report.workbook",),
    "reportlab": (
        "engine.report.period_pdf",
        "engine.report.period_pdf_drawing",
        "engine.report.period_pdf_page",
        "engine.report.period_pdf_type",
    ),
}

CLOCKS = {
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "sleep"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
}


@cache
def modules() -> Mapping[str, ast.AST]:
    """Every module of the packages, parsed, by its dotted name."""
    found = {}
    for package in ("engine", "providers"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text())
    return found


@cache
def imported(name: str) -> frozenset[str]:
    """The dotted names that a module imports, anywhere in it, but for type checking's sake too."""
    found: set[str] = set()
    for node in ast.walk(modules()[name]):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if names <= modules().keys() else names | {node.module}
    return frozenset(found)


def row(name: str) -> str:
    """The longest prefix of a module's name that stands in the picture."""
    return max((prefix for prefix in ARROWS if name == prefix or name.startswith(f"{prefix}.")), key=len)


def within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def offenders(wrong: Callable[[str], set[Any]]) -> dict[str, set[Any]]:
    """What is wrong with each module, by its name; nothing for one that is as it should be."""
    assert len(modules()) > 600
    return {name: found for name in modules() if (found := wrong(name))}


def test_a_module_imports_only_what_the_picture_shows() -> None:
    def wrong(name: str) -> set[str]:
        mine = row(name)
        targets = {target for target in imported(name) if target in modules()}
        return {target for target in targets if row(target) != mine and not _allowed(target, ARROWS[mine])}

    assert offenders(wrong) == {}


def test_the_picture_shows_no_arrow_that_nothing_takes() -> None:
    taken: dict[str, set[str]] = {name: set() for name in ARROWS}
    for name in modules():
        taken[row(name)] |= imported(name) & modules().keys()

    idle = {(name, arrow) for name, arrows in ARROWS.items() for arrow in arrows if not _any(taken[name], arrow)}
    assert idle == set()


def _any(targets: set[str], arrow: str) -> bool:
    return any(_allowed(target, (arrow,)) for target in targets)


def _allowed(target: str, allowed: tuple[str, ...]) -> bool:
    # "engine" alone is the package's version, not everything below it.
    return any(target == prefix or (prefix != "engine" and target.startswith(f"{prefix}.")) for prefix in allowed)


def test_values_are_imported_from_where_all_of_them_are_named() -> None:
    def wrong(name: str) -> set[str]:
        below = {target for target in imported(name) if target in modules() and target.startswith("engine.model.")}
        return set() if within(name, ("engine.model",)) else below

    assert offenders(wrong) == {}


def test_a_library_is_imported_only_where_it_belongs() -> None:
    def wrong(name: str) -> set[str]:
        tops = {target.partition(".")[0] for target in imported(name)}
        return {top for top in tops if top in RESERVED and not within(name, RESERVED[top])}

    assert offenders(wrong) == {}


def test_only_the_command_line_reads_the_clock() -> None:
    def wrong(name: str) -> set[tuple[str, str]]:
        if within(name, ("engine.cli",)):
            return set()
        read = {
            (node.value.id, node.attr)
            for node in ast.walk(modules()[name])
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        return read & CLOCKS

    assert offenders(wrong) == {}


def test_data_folders_hold_no_code() -> None:
    code = [path for folder in ("checks", "policies", "schemas") for path in (ROOT / folder).rglob("*.py")]
    assert code == []


def test_no_test_package_shadows_a_shipped_one() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
