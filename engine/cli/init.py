"""``auditreel init``: an evidence store with its keys, and a policy folder to begin with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from engine.cli import options, settings
from engine.errors import UsageError
from engine.model import CLOUDS, LISTINGS

if TYPE_CHECKING:
    from engine.workflows.beginning import Begun
    from engine.workflows.discovery import Found

DEFAULT_STORE: Final = "evidence"
DEFAULT_POLICY: Final = "policies"
_CATEGORIES: Final = ("security", "availability", "processing_integrity", "confidentiality", "privacy")
_PROVIDERS: Final = (*CLOUDS, LISTINGS)
_LISTINGS: Final = "Will you export lists of people, accounts, tickets or devices, to be judged too (docs/tables.md)?"
_PRESETS: Final = ("security", "availability", "confidentiality", "all")


@click.command("init", context_settings=options.CONTEXT)
@click.option(
    "--signing-key",
    metavar="URL",
    help="A key in AWS KMS: aws-kms:// and its ARN, or an alias's [default: one is made].",
)
@click.option("--name", metavar="TEXT", help="The organisation, as reports name it.")
@click.option("--preset", type=click.Choice(_PRESETS), help="A usual choice of categories; each holds those before it.")
@click.option("--category", multiple=True, type=click.Choice(_CATEGORIES), help="A further category. Repeatable.")
@click.option("--provider", multiple=True, type=click.Choice(_PROVIDERS), help="A cloud; tables: listings. Repeatable.")
@click.option("--no-discover", is_flag=True, help="Ask no cloud which accounts there are.")
@click.option("--yes", is_flag=True, help="Ask nothing: what is not said is security, and aws.")
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def command(
    signing_key: str | None,
    name: str | None,
    preset: str | None,
    category: tuple[str, ...],
    provider: tuple[str, ...],
    no_discover: bool,
    yes: bool,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Make an evidence store, a signing key (0600) and the trust file that pins it; and begin a policy folder.

    On a terminal it asks what the report is about, and proposes categories. With flags it asks nothing that they say;
    without a terminal and without flags it makes the store alone. Where credentials are at hand, the accounts that they
    see are listed in organization.yaml, with a boundary to approve. What is there already is kept. Where neither
    --store nor --policy says otherwise the folders are evidence and policies; auditreel.toml, which names them, is
    written into the working folder unless it is there. With --signing-key no key is made: each signature is asked of
    AWS KMS (docs/object-store.md).
    """
    from engine.cli import streams
    from engine.custody import upkeep

    known = settings.merged({"store": store, "policy": policy})
    folder = config or settings.configuration()
    asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    begins = asks or yes or any((policy, name, preset, category, provider))
    where = Path(known["policy"] or DEFAULT_POLICY)
    if begins and not asks and name is None and not (where / "organization.yaml").exists():
        raise UsageError("beginning a policy folder: say whose it is with --name; on a terminal init asks")
    place = known["store"] or (_asked("Where is evidence to be kept?", DEFAULT_STORE) if asks else DEFAULT_STORE)
    upkeep.refuse_another(place, folder)
    elsewhere = None if signing_key is None else upkeep.key_elsewhere(signing_key)
    begun = None
    if begins:
        begun = _begun(where, name, preset, category, provider, asks, not no_discover)
    key = upkeep.initialise(place, folder, elsewhere)
    streams.emit(f"store {place}\nkeys  {folder}\nkey   {key}\n")
    named = {"store": place, **({"policy": str(begun.policy)} if begun is not None else {})}
    streams.say(_named(Path(settings.PROJECT_FILE), named))
    streams.say(
        f"Keep a copy of {folder} elsewhere: without it nothing can be added, and the trust file is what verifies."
    )
    if begun is not None:
        _tell(begun)
    return 0


def _begun(
    policy: Path,
    name: str | None,
    preset: str | None,
    category: tuple[str, ...],
    provider: tuple[str, ...],
    asks: bool,
    discovers: bool,
) -> Begun:
    from engine.cli.clock import system_clock, today
    from engine.workflows import beginning, discovery

    there = (policy / "organization.yaml").exists()
    if asks and not there:
        name = name or _asked("What is the organisation called, as reports will name it?", None)
        if preset is None and not category:
            category = tuple(
                key for key, question in beginning.QUESTIONS.items() if click.confirm(question, default=False, err=True)
            )
        if not provider:
            provider = _clouds()
            if click.confirm(_LISTINGS, default=False, err=True):
                provider = (*provider, "tables")
    categories = beginning.proposed(preset, category)
    clouds = provider or ("aws",)
    found = (
        discovery.discovered([name for name in clouds if name in CLOUDS], system_clock())
        if discovers and not there
        else ()
    )
    for row in found:
        _found(row)
    if not discovers and not there:
        click.echo(
            "No cloud was asked which accounts there are (--no-discover): auditreel doctor asks later.", err=True
        )
    return beginning.begin(policy, name or "", categories, clouds, None, today(), found)


def _found(row: Found) -> None:
    """Say which accounts a provider told of."""
    from engine.cli import streams
    from engine.report.layout import counted, named
    from engine.report.safe import safe
    from engine.workflows.discovery import proposed_out

    if not row.accounts:
        streams.say(f"{row.provider}: no accounts are known, {safe(row.why, 300) or 'none is listed'}")
        return
    out = [safe(f"{name} ({id_})") for id_, name in row.accounts.items() if proposed_out(name)]
    proposed = f"; by name perhaps not part of the system, for you to approve: {named(out, 3)}" if out else ""
    more = f"; {safe(row.why, 300)}" if row.why else ""
    streams.say(f"{row.provider}: {counted(len(row.accounts), 'account')} found{proposed}{more}")


def _clouds() -> tuple[str, ...]:
    while True:
        told = _asked(f"Which clouds do you use ({', '.join(CLOUDS)})?", "aws")
        names = tuple(dict.fromkeys(told.replace(",", " ").split()))
        unknown = [name for name in names if name not in CLOUDS]
        if names and not unknown:
            return names
        click.echo(f"There is no {', '.join(unknown) or 'answer'}: name one or more of them.", err=True)


def _asked(question: str, default: str | None) -> str:
    answer: str = click.prompt(question, default=default, err=True)
    return answer.strip()


def _tell(begun: Begun) -> None:
    from engine.cli import streams
    from engine.report.layout import counted

    for path in begun.kept:
        streams.say(f"{path} is there already and stays as it is: what was said here of the organisation is not in it.")
    if begun.written:
        templates = f"{counted(begun.templates, 'template')} of policies (they count for nothing until approved)"
        said = f"{begun.policy} holds {counted(begun.controls, 'control')} and {templates}"
        streams.emit(f"policy {begun.policy}\n")
        streams.say(f"{said}; read organization.yaml first, approve a boundary there, and commit the folder.")
    streams.say("Next:")
    for line, why in (
        ("auditreel report gap", "what is lacking for a report, what to do first, and the earliest dates"),
        ("auditreel doctor", "who we are in the clouds, and what will be denied"),
        ("auditreel run", "the first scan; without a cloud: auditreel run --demo"),
        ("auditreel report due", "what people have to do, by owner; auditreel evidence list has every kind"),
    ):
        streams.say(f"  {line:<22} {why}")


def _named(path: Path, values: Mapping[str, str]) -> str:
    """Name store and policy folder in a new project file; where there is one already, say what to add."""
    lines = [f"{name} = {_quoted(value)}" for name, value in values.items()]
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
    except FileExistsError:
        return _beside(path, values)
    except OSError as error:
        raise UsageError(f"writing {path}: {error.strerror or error}") from error
    named = " and the policy folder" if "policy" in values else ""
    return f"{path} names the store{named}: from now on every run here is recorded."


def _beside(path: Path, values: Mapping[str, str]) -> str:
    """What a project file that is there already lacks: runs take what it says, and would take another policy."""
    import tomllib

    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"reading {path}: {error}") from error
    lacking = [name for name, value in values.items() if not _same(path, said.get(name), value)]
    if not lacking:
        return f"{path} is there already, and names the same."
    lines = ", ".join(f"{name} = {_quoted(values[name])}" for name in lacking)
    kept = f"{path} is there already and stays as it is. It does not say {lines}"
    return f"{kept}: write that at its top, or runs here go by what it says."


def _same(path: Path, said: object, value: str) -> bool:
    """Whether two texts name one place; what a project file names lies beside it."""
    if not isinstance(said, str) or "://" in f"{said}{value}":
        return said == value
    return path.resolve().parent.joinpath(said).resolve() == Path(value).resolve()


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0, which escapes as JSON does."""
    import json

    return json.dumps(text)
