"""The command line: parses, calls one function of the engine (a run: :mod:`engine.run.pipeline`), prints, and exits.

``auditreel VERB`` loads only the verb's own module, and that module loads what it works with when it is called, so that
help and usage errors need neither a cloud SDK nor the data folders.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click

import engine
from engine.cli import failures
from engine.cli.watch import Watch

VERBS: Final[dict[str, tuple[str, str]]] = {
    "run": ("engine.cli.run", "Read, judge, record and report; run-checks is the same."),
    "gate": ("engine.cli.gate", "Judge a plan or a template before it is merged."),
    "check": ("engine.cli.check", "List, show, write and test checks."),
    "explain": ("engine.cli.explain", "Why a check is there, what it reads, and how to fix a failure."),
    "permissions": ("engine.cli.permissions", "The least privilege that the selected checks take."),
    "doctor": ("engine.cli.doctor", "Who we are, what will be denied, clock and versions."),
    "init": ("engine.cli.init", "Make an evidence store with its keys, and begin a policy folder."),
    "evidence": ("engine.cli.evidence", "Record what people did, with its files; list what controls ask for."),
    "review": ("engine.cli.review", "Review who has access: decide, sign, and verify what was revoked."),
    "waiver": ("engine.cli.waiver", "Accept failures for a time; list, renew and end what is accepted."),
    "report": ("engine.cli.report", "What the recorded runs of a date or a period show, by criterion and control."),
    "schedule": ("engine.cli.schedule", "Manifests that start a run every night."),
    "diff": ("engine.cli.diff", "What changed between two recorded runs."),
    "notify": ("engine.cli.notify", "Tell owners what changed in the night, and which runs are missing."),
    "issues": ("engine.cli.issues", "Keep a GitHub issue for each failure: opened, updated, closed when seen fixed."),
    "close": ("engine.cli.close", "Freeze in the chain what a period is made of."),
    "respond": ("engine.cli.respond", "Seal management's response to a failure."),
    "requests": ("engine.cli.requests", "An auditor's list of requests: import, tie, show, hand over the answers."),
    "sample": ("engine.cli.sample", "Freeze a population, and draw from it by the auditor's nonce."),
    "export": ("engine.cli.export", "Write a recorded run, or a period, as a bundle that anyone can verify."),
    "verify": ("engine.cli.verify", "Verify a store, a run, a record or a bundle, completely and offline."),
    "key": ("engine.cli.key", "Replace or withdraw signing keys; pin those of time stamp authorities."),
    "timestamp": ("engine.cli.timestamp", "Have the evidence time stamped now."),
    "replay": ("engine.cli.replay", "Judge a recorded run again and compare every record."),
    "serve": ("engine.cli.serve", "Show evidence as web pages, read-only, to who has a link."),
    "mcp": ("engine.cli.mcp", "Let a model ask evidence, read-only, over the Model Context Protocol."),
    "store": ("engine.cli.store", "Look after an evidence store: merge months, let runs go, tables for SQL engines."),
}
"""A verb: the module that holds its ``command``, loaded when it is asked for, and one line of help."""

_COMPLETE: Final = "_AUDITREEL_COMPLETE"
"""What a shell asks in, for what a word may become: ``eval "$(_AUDITREEL_COMPLETE=bash_source auditreel)"``."""
GARBAGE: Final = 50_000
"""Objects made before cycles among them are looked for. Most of what a run makes stays until it ends, and looking every
700 objects (Python's own setting) takes a tenth of its time."""


class Verbs(click.Group):
    """The verbs of ``auditreel``, each loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, or None."""
        return verb(cmd_name) if cmd_name in VERBS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command that the arguments name. Raises click.UsageError, with the nearest verb, where there is none."""
        if args and args[0] not in VERBS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, 1)
            hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(VERBS)}."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs and what they are for, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


def verb(name: str) -> click.Command:
    """The command of a verb of the table."""
    command: click.Command = import_module(VERBS[name][0]).command
    return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(engine.__version__, message="auditreel %(version)s")
def group() -> None:
    """A SOC 2 policy engine: reads cloud configuration, judges it by criterion, keeps evidence that anyone can verify.

    Start with: auditreel run --demo
    """


def auditreel() -> NoReturn:
    """The console script ``auditreel``."""
    sys.exit(main(group, sys.argv[1:], "auditreel"))


def run_checks() -> NoReturn:
    """The console script ``run-checks``: ``auditreel run``."""
    sys.exit(main(verb("run"), sys.argv[1:], "run-checks"))


def main(command: click.Command, arguments: Sequence[str], name: str) -> int:
    """Carry out a command line and return the exit code. What went wrong is told on the error stream.

    Where a shell asks what a word may become (``_AUDITREEL_COMPLETE``), that is answered instead.
    """
    gc.set_threshold(GARBAGE)
    failures.complete_streams()
    # Only where nothing else is asked: no variable makes a run end with 0 that judged nothing.
    if command is group and not arguments and (instruction := os.environ.get(_COMPLETE)):
        from click.shell_completion import shell_complete

        return shell_complete(command, {}, name, _COMPLETE, instruction)
    with Watch() as watch:
        code = failures.guarded(lambda: _called(command, arguments, name, watch), failures.wants_traceback(arguments))
        return watch.exit_code(code)


def _called(command: click.Command, arguments: Sequence[str], name: str, watch: Watch) -> int:
    # Not by click's own main: it takes any broken pipe, that of a connection to a cloud too, for a reader who has gone.
    try:
        with command.make_context(name, list(arguments), obj=watch) as context:
            result = command.invoke(context)
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError as error:
        if _passed_a_command(error):
            raise
        return 0  # who read the help has seen enough
    return result if isinstance(result, int) else 0


def _passed_a_command(error: BaseException) -> bool:
    """Whether an exception was raised below a command of ours, not by click before one was carried out."""
    from traceback import walk_tb

    return any(
        frame.f_globals.get("__name__", "").startswith("engine.cli.") for frame, _ in walk_tb(error.__traceback__)
    )
