"""``auditreel gate``: judge a plan before it is merged, by the checks of the live scan."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.cli import options, settings, streams
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.cli.watch import Watch
    from engine.content.reference import Reference
    from engine.gate.model import Gate
    from engine.gate.pipeline import GateRequest
    from engine.report.sources import Sources

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
RECORD: Final = "auditreel-gate.json"
"""The file of an unsigned gate record, where nothing else is named."""
_CODES: Final = (
    "Exit codes: 0 nothing new fails, 1 defect, 2 usage or no plan, 3 new failures, 4 not everything could be judged, "
    "5 not sealed."
)


def _facts(command: Any) -> Any:
    """What CI knows of the change; each is also a variable, AUDITREEL_ and its name."""
    for name, metavar, text in (
        ("approver", "NAME", "Who approved the change. Repeatable."),
        ("pull-request", "ID", "The pull request, as a number or an address."),
        ("head-commit", "SHA", "The commit that is to be merged."),
        ("base-commit", "SHA", "The commit that it is to be merged into; the default of --policy-ref."),
    ):
        variable = settings.PREFIX + name.upper().replace("-", "_")
        option = click.option(f"--{name}", metavar=metavar, multiple=name == "approver", envvar=variable, help=text)
        command = option(command)
    return command


@click.command("gate", context_settings=options.CONTEXT, epilog=_CODES)
@click.argument("plan", type=_FILE)
@options.filters
@click.option("--policy-ref", metavar="REF", help="Read checks, controls, policy and waivers from this commit.")
@click.option(
    "--base", type=_FILE, metavar="PLAN", help="Compare with another plan or template instead of what is there now."
)
@click.option("--baseline", type=_FILE, metavar="FILE", help="Compare with a file of failures.")
@click.option("--write-baseline", type=_FILE, metavar="FILE", help="Write the failures as a baseline file.")
@click.option(
    "--parameters", multiple=True, metavar="FILE|KEY=VALUE", help="Values for the parameters of a template. Repeatable."
)
@options.SNAPSHOT
@click.option(
    "--fail-on-new/--fail-on-all", default=True, help="Stop for what the change makes worse, or for every failure."
)
@click.option("--strict", is_flag=True, help="Stop also for what is known only after apply.")
@options.FAIL_ON
@options.ALLOW_INCOMPLETE
@click.option("--allow-empty", is_flag=True, help="Do not exit with 4 where the plan holds nothing to judge.")
@_facts
@click.option("--source", type=options.FOLDER, metavar="DIR", help="The configuration's folder, for files and lines.")
@click.option("--record", type=_FILE, metavar="FILE", help="Write the gate record, unsigned, to this file as well.")
@options.output_format(*settings.GATE_FORMATS)
@options.reports(".txt, .json, .sarif, .xml (JUnit), .summary.md, .comment.md, .gitlab.json")
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
@click.pass_obj
def command(watch: Watch, /, plan: Path, format_: str, output: tuple[Path, ...], **flags: Any) -> int:
    """Judge a plan (terraform show -json), or a template of CloudFormation or ARM (bicep build), before it is applied.

    The checks are those of the live scan. What fails already does not stop the gate; what the change makes worse does,
    and so does what cannot be judged. With --policy-ref the pull request cannot change what it is judged by; with
    --snapshot the plan is laid over what was read; with --store the gate is sealed.
    """
    from engine.cli import outputs
    from engine.cli.clock import system_clock
    from engine.gate.pipeline import gate

    configuration = outputs.sources(flags.pop("source"))
    files = outputs.formats(output, gated=True)
    for path in _written(flags):
        streams.check_target(path)
    with _request(plan, flags) as request, watch.orderly() as cancelled, _uncollected():
        found = gate(request, system_clock(cancelled))
    _told(found, format_, files, flags, configuration)
    return found.assessment.exit_code


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles of objects: nearly all that is made lives until the one plan is judged."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


# --- what is asked ---------------------------------------------------------------------------------------------------


@contextmanager
def _request(plan: Path, flags: Mapping[str, Any]) -> Iterator[GateRequest]:
    """The request, by the policy folder and the project file of the base commit while it is carried out."""
    from engine.content.reference import at
    from engine.content.root import find

    ref = _reference(flags)
    if ref is None:
        known = settings.merged(_given(flags))
        policy = Path(known["policy"]) if known["policy"] is not None else None
        yield _made(plan, flags, known, find(policy), None, ())
        return
    here = options.policy(flags["policy"])
    whole = find(here)
    with at(ref, whole.policies if here is not None else Path.cwd()) as reference:

        def inside(path: Path) -> Path:
            return path if path.is_relative_to(reference.tree) else reference.there(path)

        # The project file is read as the base commit has it too: it may select checks and say what fails.
        known = settings.merged(_given(flags), folder=reference.there(Path.cwd()))
        policy = inside(Path(known["policy"])) if known["policy"] is not None else None
        watched = [whole.policies, whole.checks, whole.schemas, whole.criteria, Path.cwd() / settings.PROJECT_FILE]
        watched += [flags[name] for name in ("baseline", "base") if flags[name] is not None]
        changes = reference.changes(watched)
        yield _made(
            plan, {**flags, **_base(flags, reference)}, known, find(policy).moved(inside), reference.commit, changes
        )


def _reference(flags: Mapping[str, Any]) -> str | None:
    """The commit that is named to judge by. A variable of CI that is not set must not leave that to the change."""
    named: str | None = flags["policy_ref"]
    if named is not None and not named.strip():
        raise UsageError(
            "reading --policy-ref: it is empty; name the commit (the variable it comes from is not set here)"
        )
    return named or flags["base_commit"] or None


def _base(flags: Mapping[str, Any], reference: Reference) -> dict[str, Any]:
    """The file to compare with, as the commit has it, and what a reader knows it by."""
    for name in ("baseline", "base"):
        path = flags[name]
        if path is not None:
            held = reference.file(path, f"reading --{name}")
            whose = f"as of commit {reference.commit[:12]}" if held != path else "which no commit vouches for"
            return {name: held, "base_name": f"{path}, {whose}"}
    return {}


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("criterion", "check", "provider", "severity", "policy", "store", "fail_on", "allow_incomplete")
    return {name: flags[name] for name in kept}


def _made(
    plan: Path,
    flags: Mapping[str, Any],
    known: Mapping[str, Any],
    root: Any,
    commit: str | None,
    changed: Any,
) -> GateRequest:
    from engine.gate.model import ChangeRequest, ContentChange
    from engine.gate.pipeline import GateRequest

    bases = [name for name in ("base", "baseline", "snapshot") if flags[name] is not None]
    if len(bases) > 1:
        raise UsageError(f"comparing: --{bases[0]} and --{bases[1]} are two things to compare with; name one")
    return GateRequest(
        plan=plan,
        root=root,
        config=flags["config"] or settings.configuration(),
        providers=tuple(known["provider"]),
        criteria=tuple(known["criterion"]),
        checks=tuple(known["check"]),
        severity=known["severity"],
        base=flags["base"],
        baseline=flags["baseline"],
        base_name=flags.get("base_name"),
        snapshot=flags["snapshot"],
        parameters=tuple(flags["parameters"]),
        store=known["store"],
        fail_on=known["fail_on"],
        fail_on_all=not flags["fail_on_new"],
        strict=flags["strict"],
        allow_incomplete=known["allow_incomplete"],
        allow_empty=flags["allow_empty"],
        policy_ref=commit,
        content_changes=tuple(ContentChange(path, kind) for path, kind in changed),
        change=ChangeRequest(
            flags["base_commit"], flags["head_commit"], flags["pull_request"], tuple(flags["approver"])
        ),
    )


# --- what is told ----------------------------------------------------------------------------------------------------


def _written(flags: Mapping[str, Any]) -> list[Path]:
    return [flags[name] for name in ("write_baseline", "record") if flags[name] is not None]


def _told(
    found: Gate, form: str, files: Mapping[Path, str], flags: Mapping[str, Any], configuration: Sources | None
) -> None:
    from engine.cli import outputs
    from engine.gate import baseline
    from engine.report import gate_json

    further: dict[Path, bytes] = {}
    if flags["write_baseline"] is not None:
        further[flags["write_baseline"]] = baseline.written(found)
    record = flags["record"] or (Path(RECORD) if found.unsigned else None)
    if record is not None:
        further[record] = gate_json.encoded(found)
    said = (
        f"not sealed: no signing key here. The unsigned gate record is in {record}; "
        "the protected branch's run seals its own."
    )
    outputs.show(found, form, files, configuration, further, said if found.unsigned else "")
