"""``auditreel sample``: a population that is frozen first, and a draw that nobody could have chosen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of
from engine.errors import UsageError


@click.group("sample", context_settings=options.CONTEXT)
def command() -> None:
    """Freeze a population in the chain, then draw from it by the auditor's nonce. docs/sampling.md has the recipe."""


@command.command("freeze", context_settings=options.CONTEXT)
@click.argument("check", required=False)
@click.option("--nights", is_flag=True, help="Instead of a CHECK: the nights that the schedule expects.")
@options.period(required=True)
@options.STORE
@options.CONFIG
@options.debug
def freeze(check: str | None, nights: bool, from_: date, to: date, store: str | None, config: Path | None) -> int:
    """Seal a population: everything that CHECK applied to. Prints its units; then ask the auditor for a nonce."""
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import examination
    from engine.report.layout import counted

    if (check is None) != nights:
        raise UsageError("freezing a population: name a CHECK or --nights, one of them")
    folder = config or settings.configuration()
    sequence, population = examination.freeze(store_of(store), folder, check, from_, to, system_clock())
    streams.emit("".join(f"{unit}\n" for unit in population.units))
    streams.say(f"{counted(len(population.units), 'unit')}, digest {population.digest}, frozen in entry {sequence}")
    streams.say(f"Give that to the auditor. Then: auditreel sample draw {sequence} --size N --nonce TEXT")
    return 0


@command.command("draw", context_settings=options.CONTEXT)
@click.argument("population", type=click.IntRange(min=1))
@click.option("--size", required=True, type=click.IntRange(min=1), metavar="N", help="The auditor's to set.")
@click.option("--nonce", metavar="TEXT", help="What the auditor chose after the freeze. Without it: an internal draw.")
@options.STORE
@options.CONFIG
@options.debug
def draw(population: int, size: int, nonce: str | None, store: str | None, config: Path | None) -> int:
    """Draw from the POPULATION that this entry of the chain froze; once. Prints the sample, then its replacements."""
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import examination

    folder = config or settings.configuration()
    sequence, sample = examination.drawn(store_of(store), folder, population, size, nonce, system_clock())
    streams.emit("".join(f"{unit}\n" for unit in sample.drawn))
    kind = "an internal draw: whoever drew could have drawn again" if sample.internal else f"by the nonce {nonce!r}"
    streams.say(f"{len(sample.drawn):,} drawn from entry {population}, {kind}; entry {sequence}, seed {sample.seed}")
    if sample.replacements:
        streams.say(f"Replacements, in this order, each with a reason: {', '.join(sample.replacements[:size])}")
    return 0


@command.command("replace", context_settings=options.CONTEXT)
@click.argument("population", type=click.IntRange(min=1))
@click.argument("unit")
@click.option("--reason", required=True, metavar="TEXT", help="Why the unit cannot be tested.")
@options.STORE
@options.CONFIG
@options.debug
def replace(population: int, unit: str, reason: str, store: str | None, config: Path | None) -> int:
    """Replace a UNIT of the sample from POPULATION by the next in the order of the draw. Prints that one."""
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import examination

    folder = config or settings.configuration()
    sequence, by = examination.replaced(store_of(store), folder, population, unit, reason, system_clock())
    streams.emit(f"{by}\n")
    streams.say(f"It takes the place of {unit}; entry {sequence} says why")
    return 0
