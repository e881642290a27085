"""What was promised and what was reached, on the machine at hand.

    python -m benchmarks [--quick] [--install] [--year]

Prints a line a measure: budget, what was reached, and beside it the figure to compare with (Prowler 5.46.0 and others
measured on a machine of the same kind, or a calibration in the same run). ``--quick`` leaves the large account out;
``--year`` measures all 365 nights and all of the tamper corpus, as ``benchmarks/year.py --verify`` and
``benchmarks/tampering.py`` do by themselves, instead of the part that each row names (20 minutes of processor);
``--install`` also installs the core into an environment of its own and weighs it, which takes minutes and the package
index. Seconds mean little on a busy machine: the load is printed at the start and at the end.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks import scan, startup
from benchmarks.seed_aws import SizeName, counts

HERE: Final = Path(__file__).resolve().parent
Row = tuple[str, str, str, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave the large account out")
    parser.add_argument("--install", action="store_true", help="weigh an installation")
    parser.add_argument("--year", action="store_true", help="the whole year, and the whole tamper corpus")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {_load()}, Python {sys.version.split()[0]}")
    print(
        "The mock and the proxy are processes of their own; the proxy answers from memory, so that the time is ours.\n"
    )
    _print(("measure", "budget", "reached", "beside it"))
    for row in _rows(given.quick, given.install, given.year):
        _print(row)
    print(f"\nload {_load()}")


def _rows(quick: bool, install: bool, whole: bool) -> Iterator[Row]:
    yield from _startup()
    yield from _evaluations()
    yield from _evidence()
    yield from _year(365 if whole else _NIGHTS)
    yield from _replays(365 if whole else _NIGHTS)
    yield from _tampering(*(100, 1000) if whole else (2, 6))
    yield from _gates(quick)
    for size in ("small", "medium") if quick else ("small", "medium", "large"):
        yield from _scans(size)
    if install:
        yield from _installed()


def _print(row: Row) -> None:
    print("{:48} | {:20} | {:42} | {}".format(*row), flush=True)


def _load() -> str:
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def _startup() -> Iterator[Row]:
    found = startup.measure()
    nothing = f"python -c pass: {found.nothing}"
    yield "run-checks --help", "100 ms", f"{found.help}, {found.modules} modules", f"{nothing}; 3,700 ms"
    yield "first API call after start", "500 ms", str(found.first_call), f"{nothing}; 14,400 ms"
    yield "run-checks --demo", "2,000 ms", str(found.demo), nothing


def _evaluations() -> Iterator[Row]:
    said = _said("evaluations")
    reached = _found(r"generated code +([\d,]+) evaluations/s", said)
    plain = _found(r"calibration\) +([\d,]+) evaluations/s", said)
    beside = f"plain Python: {plain}/s; 13,000 to 33,000/s"
    yield "evaluations on one core", "300,000/s", f"{reached}/s", beside


def _evidence() -> Iterator[Row]:
    said = _said("evidence")
    sealed = _found(r"seal +first [^,]+, later ([^;]+);", said)
    hashed = _found(r"calibration ([\d.]+ s)", said)
    yield "20,000 results sealed", "0.5 s", sealed, f"calibration {hashed}"
    size = _found(r"\nlater +([\d.]+) bytes a record", said)
    yield "evidence, mean bytes a record", "8", size, "9,600 (OCSF), 4,100 (CSV)"


_NIGHTS: Final = 20
"""Nights that are measured unless the whole year is asked for."""


def _year(nights: int) -> Iterator[Row]:
    said = _said("year", "--nights", str(nights), "--verify")
    name = f"{nights} of 365 nights of 20,000 results"
    hashed = f"calibration {_found(r'calibration ([0-9.]+ s)', said)} a night"
    yield (
        f"{name}: mean bytes a record",
        "8",
        _found(r"bytes, ([\d.]+) a record with", said),
        "the first night weighs most",
    )
    cold = re.findall(r"cold report +([\d.]+) s.*?\(([\d.]+) s of processor\), (\d+) MB", said)
    wall, processor, memory = min(cold, key=lambda found: float(found[0]))
    yield "    failures with bounds, cold", "3 s (365)", f"{wall} s, {processor} CPU s, {memory} MB", hashed
    merged = _found(r"merged +[\d,]+ bytes, ([\d.]+) a record", said)
    yield "    the same, months merged: bytes a record", "", merged, ""
    verified = _found(r"verify +([\d.]+ s \([\d.]+ s of processor\), \d+ problems)", said)
    yield "    verified offline on one core", f"{60 * nights / 365:.1f} s (60 s for 365)", verified, hashed


def _replays(nights: int) -> Iterator[Row]:
    said = _said("replays", "--nights", str(nights))
    yield f"{nights} of 365 nights replayed", "all identical", _found(r"Python [\d.]+: (.+)", said), ""


def _tampering(instances: int, clean: int) -> Iterator[Row]:
    said = _said("tampering", "--instances", str(instances), "--clean", str(clean), status=None)
    caught = _found(r"(\d+ of \d+ caught, \d+ named, \d+ located)", said)
    yield f"64 ways to tamper, {instances} of 100 times each", "all", caught, ""
    yield "    in bundles, by the other verifier", "all", _found(r"(\d+ of \d+) in bundles", said), ""
    yield f"    {clean} of 1,000 clean packages refused", "0", _found(r"(\d+) of \d+ clean packages refused", said), ""


_GATES: Final = {1000: ("1.5 CPU s, 120 MB", "8.2 CPU s, 388 MB"), 10_000: ("10 CPU s, 600 MB", "71 CPU s, 2,228 MB")}
"""Budgets by resources of a plan, and what Checkov takes for 30 checks."""


def _gates(quick: bool) -> Iterator[Row]:
    for resources, (budget, beside) in list(_GATES.items())[: 1 if quick else None]:
        said = _said("gate", "--resources", str(resources))
        cpu, peak, floor = _groups(r": ([\d.]+) s of CPU, (\d+) MB, exit 3; calibration ([\d.]+ s)", said)
        name = f"gate: a plan of {resources:,} resources, 60 checks"
        yield name, budget, f"{cpu} CPU s, {peak} MB", f"calibration {floor}; {beside}"


_BUDGETS: Final = {
    ("anchor", "medium", 50.0): ("8 s, 900 calls", "106 s, 2,312 calls"),
    ("anchor", "large", 0.0): ("30 CPU s, 250 MB, 7,000 calls", "66 CPU s, 1,226 MB, 17,087 calls"),
    ("security", "medium", 50.0): ("8 s", "106 s"),
    ("security", "large", 0.0): ("30 CPU s, 250 MB", "66 CPU s, 1,226 MB"),
}
"""Calls are promised for the same checks as the anchor's, seconds and memory for all of Security."""


def _scans(size: SizeName) -> Iterator[Row]:
    resources = sum(counts(size).values())
    with scan.account(size) as account:
        account.scan(checks="all")  # fills the proxy's memory
        for checks in scan.SELECTIONS:
            for latency in (0.0, 50.0):
                done = account.scan(latency, checks)
                budget, beside = _BUDGETS.get((checks, size, latency), ("", ""))
                traffic, cost = done.traffic, done.cost
                name = f"AWS, {checks} checks, {resources:,} resources, {latency:.0f} ms"
                reached = f"{cost.wall:.1f} s, {cost.cpu:.1f} CPU s, {cost.peak:.0f} MB, {traffic['total']:,} calls"
                yield name, budget, reached, beside
                flight = f"{traffic['max_in_flight']} ({traffic['mean_in_flight']} mean) in flight"
                yield "    identical repeats", "0", f"{traffic['repeats']}; {flight}", ""


def _installed() -> Iterator[Row]:
    """The core in an environment of its own, DuckDB apart."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder, "environment")
        subprocess.run((sys.executable, "-m", "venv", environment), check=True)
        pip = (environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile", HERE.parent)
        before = _megabytes(environment)
        subprocess.run(pip, check=True, stdout=subprocess.DEVNULL)
        (duckdb,) = environment.glob("lib/python*/site-packages/duckdb")
        beside = sum(_megabytes(path) for path in duckdb.parent.glob("*duckdb*"))
        core = _megabytes(environment) - before - beside
    yield "installed core beside duckdb", "60 MB", f"{core:.0f} MB (duckdb {beside:.0f} MB)", "2,353 MB"


def _megabytes(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.lstat().st_size for file in files if file.is_file()) / 1e6


def _said(name: str, *arguments: str, status: int | None = 0) -> str:
    """What a benchmark prints. ``status`` is the exit code that it must have, None for any."""
    command = (sys.executable, HERE / f"{name}.py", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if status is not None and done.returncode != status:
        raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _found(pattern: str, text: str) -> str:
    return _groups(pattern, text)[0]


def _groups(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"no {pattern!r} in:\n{text}")
    return match.groups()


if __name__ == "__main__":
    main()
