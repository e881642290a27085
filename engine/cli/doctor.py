"""``auditreel doctor``: who we are, what will be denied, clock skew, versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from engine.cli import options

if TYPE_CHECKING:
    from engine.cli.watch import Watch
    from engine.report.layout import Page
    from engine.run.doctor import Denied, Diagnosis

INCOMPLETE: Final = 4
_NAMED: Final = 12
SKEW: Final = 60.0
"""Seconds by which our clock may differ from the provider's before times in evidence become doubtful."""


@click.command("doctor", context_settings=options.CONTEXT)
@options.filters
@options.places
@options.output_format("text", "json")
@options.POLICY
@options.debug
@click.pass_obj
def command(watch: Watch, /, format_: str, **flags: Any) -> int:
    """Try every read once, in one region and on one resource of each type, and say what will not be answered.

    Exits with 4 where something will be denied.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.report import records
    from engine.report.layout import counted, page
    from engine.run import preflight

    request, _ = options.request(flags)
    found = preflight.diagnose(request, system_clock(watch.cancelled), watch.cancelled)
    if format_ == "json":
        streams.emit(records.encoded([records.plain(asdict(row)) for row in found], indent=2) + "\n")
    else:
        text = [line for row in found for line in lines(row, page(streams.options()))]
        streams.emit("".join(f"{line.rstrip()}\n" for line in text))
    denied = sum(len(row.denied) for row in found)
    if denied:
        lacking = any(denial.permission for row in found for denial in row.denied)
        grant = "; what to grant: auditreel permissions" if lacking else ", not for want of a permission"
        streams.say(f"exit {INCOMPLETE}: {counted(denied, 'read')} will not be answered{grant}")
    return INCOMPLETE if denied else 0


def _why(row: Denied) -> str:
    from engine.report.safe import safe

    return row.reason.replace("_", " ") + (f" ({safe(row.detail)})" if row.detail else "")


def lines(found: Diagnosis, page: Page) -> Iterator[str]:
    """One provider's diagnosis for a reader."""
    from engine.report.layout import counted, named, ranges
    from engine.report.safe import safe

    who = ", ".join(f"{key} {safe(value)}" for key, value in found.identity.items())
    yield page.heading(found.provider)
    yield from page.labelled("We are", who or "unknown", most=3)
    off = f"; not enabled: {', '.join(ranges(map(safe, found.regions_off)))}" if found.regions_off else ""
    if found.regions or off:
        yield from page.labelled(
            "Regions", f"{len(found.regions)} enabled: {', '.join(ranges(map(safe, found.regions)))}{off}"
        )
    skew = (
        "not known"
        if found.skew is None
        else f"{abs(found.skew):,.0f} s {'behind' if found.skew > 0 else 'ahead of'} theirs"
    )
    wrong = found.skew is not None and abs(found.skew) > SKEW
    yield from page.labelled(
        "Our clock", skew + (": set it right, evidence carries its time" if wrong else ""), *(("red",) if wrong else ())
    )
    yield from page.labelled("Reads", f"{counted(found.tried, 'kind')} tried, {len(found.denied):,} not answered")
    for row in found.denied:
        if row.permission:
            yield from page.labelled(
                "  denied", f"{safe(row.operations)}: {_why(row)}, grant {safe(row.permission)}", "red"
            )
    failed = defaultdict[str, list[str]](list)
    for row in found.denied:
        if not row.permission:
            failed[_why(row)].append(safe(row.operations))
    for why, operations in failed.items():
        yield from page.labelled("  failed", f"{why}: {named(operations, _NAMED)}", "red", most=6)
    if found.untried:
        yield from page.labelled(
            "Untried", f"no resource to try them on: {named(dict.fromkeys(found.untried), 8)}", most=3
        )
    yield from page.labelled("Versions", ", ".join(f"{name} {version}" for name, version in found.versions.items()))
    yield ""
