"""``auditreel issues``: failures as issues of a repository, one each, kept up with what sealed runs show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options, settings, streams
from engine.cli.verify import store_of
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.model import Severity
    from engine.tracked import Known
    from engine.tracker.plan import Plan

MOST = 200
"""GitHub lets 500 things be made in an hour."""


@click.command(
    "issues",
    context_settings=options.CONTEXT,
    epilog="Exit codes: 0 every issue says what is so, 2 usage, 4 not delivered, 5 does not verify.",
)
@click.option("--repository", required=True, metavar="OWNER/NAME", help="The GitHub repository whose issues they are.")
@click.option(
    "--label",
    metavar="NAME",
    default="auditreel",
    show_default=True,
    help="The label by which its issues are found again.",
)
@options.filters
@click.option("--owner", multiple=True, metavar="ROLE", help="Only what is of this owner's controls. Repeatable.")
@click.option(
    "--most",
    type=click.IntRange(1, 500),
    metavar="N",
    default=MOST,
    show_default=True,
    help="How many new issues one call opens at most.",
)
@options.DRY_RUN
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def command(
    repository: str,
    label: str,
    provider: tuple[str, ...],
    criterion: tuple[str, ...],
    check: tuple[str, ...],
    severity: Severity | None,
    owner: tuple[str, ...],
    most: int,
    dry_run: bool,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Keep one GitHub issue for each failure: opened, brought up to date, closed when a sealed run saw it fixed.

    What could not be read, or was not looked at, stays open. What a waiver accepts is not opened. An issue that was
    closed by hand is opened again, once a night. Filters narrow what is opened, never what is kept up. An issue has no
    observed values and no person's name. Credentials: GITHUB_TOKEN, or a GitHub App's, with Issues: write.
    """
    from engine import __version__
    from engine.cli.clock import system_clock
    from engine.custody import examination
    from engine.run import preflight
    from engine.tracker import chosen

    clock = system_clock()
    try:
        from engine.tracker import github, syncing
    except ModuleNotFoundError as error:
        hint = "Install it with: pip install 'auditreel[github]'"
        raise UsageError(f"tracking: the library {error.name} is not installed. {hint}") from error
    tracker = github.Repository(repository, label, clock.sleep, f"auditreel/{__version__}")
    known = examination.known(store_of(store), config or settings.configuration(), clock)
    if known.demonstration and not dry_run:
        raise UsageError("tracking: this store is a demonstration's, whose failures are nobody's; --dry-run shows them")
    criteria = preflight.criteria(criterion, options.policy(policy)) if criterion else None
    keys = chosen.chosen(known, chosen.Choice(provider, criteria, check, severity, owner))
    if dry_run:
        plan = syncing.looked(tracker, known, keys)
        _preview(plan)
    else:
        plan = syncing.synced(tracker, known, keys, most, lambda line: streams.emit(f"{line}\n"))
    _summary(plan, known, tracker.name, dry_run)
    return 0


def _preview(plan: Plan) -> None:
    for step in plan.steps:
        number = f" #{step.number}" if step.number is not None else ""
        marked = {True: "label: waived\n", False: "label: not waived\n", None: ""}[step.waived]
        fields = "".join(f"{field}: {text}\n" for field, text in sorted(step.fields.items(), reverse=True))
        comment = f"comment: {step.comment}\n" if step.comment else ""
        streams.emit(f"{step.act}{number}\n{marked}{comment}{fields}\n")


def _summary(plan: Plan, known: Known, repository: str, dry_run: bool) -> None:
    from engine.tracker.syncing import DONE

    counts = {word: sum(step.act == act for step in plan.steps) for act, word in DONE.items()}
    told = [f"{count:,} {word}" for word, count in counts.items() if count] + [f"{plan.same:,} as they were"]
    verb = "would be: " if dry_run else ""
    streams.say(
        f"issues of {repository}, as of run {known.newest.run} (night of {known.night}): {verb}{', '.join(told)}"
    )
    if plan.strange:
        named = ", ".join(f"#{number}" for number in plan.strange[:10])
        more = ", ..." if len(plan.strange) > 10 else ""
        streams.say(
            f"{len(plan.strange):,} with the label and of no failure that this store knows; left alone: {named}{more}"
        )
