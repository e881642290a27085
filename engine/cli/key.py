"""``auditreel key``: the keys that sign, and those of the authorities whose time stamps are believed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from engine.cli import options, settings
from engine.cli.verify import store_of

_VARIABLE: Final = "AUDITREEL_SIGNING_KEY"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _key(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The path of a key, which is there, or the address of one in a key management service."""
    return value if value is None or "://" in value else str(_FILE.convert(value, parameter, context))


@click.group("key", context_settings=options.CONTEXT)
def command() -> None:
    """Replace or withdraw signing keys, and pin the certificates of time stamp authorities."""


@command.command("list", context_settings=options.CONTEXT)
@options.CONFIG
@options.debug
def listed(config: Path | None) -> int:
    """Show what the trust file pins."""
    from engine.cli import streams
    from engine.custody import upkeep
    from engine.report.safe import safe

    lines = upkeep.keys(config or settings.configuration())
    streams.emit("".join(f"{safe(line, 400)}\n" for line in lines))
    return 0


@command.command("rotate", context_settings=options.CONTEXT)
@click.option(
    "--new-key",
    "new",
    callback=_key,
    metavar="FILE|URL",
    help="The new key: Ed25519 in PEM, or aws-kms:// and an ARN [default: one is made].",
)
@options.STORE
@options.CONFIG
@options.debug
def rotate(new: str | None, store: str | None, config: Path | None) -> int:
    """Replace the signing key. The old one vouches for the new in the chain, and signs nothing after that.

    Who pins the old key still verifies everything. Without --new-key, or with one in AWS KMS, the old key is gone from
    the configuration folder.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import upkeep

    folder = config or settings.configuration()
    key_id, sequence = upkeep.rotate_key(store_of(store), folder, system_clock(), new)
    streams.emit(f"key   {key_id}\nentry {sequence}\n")
    if new is not None and ("://" not in new or os.environ.get(_VARIABLE)):
        streams.say(
            f"From now on sign with {new}: put it where keys are, into {folder / 'signing-key.pem'} or {_VARIABLE}."
        )
    return 0


@command.command("revoke", context_settings=options.CONTEXT)
@click.argument("key_id", metavar="KEY")
@click.option("--since", type=click.IntRange(min=1), required=True, metavar="N", help="Its first foreign entry.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the chain.")
@options.STORE
@options.CONFIG
@options.debug
def revoke(key_id: str, since: int, reason: str, store: str | None, config: Path | None) -> int:
    """Withdraw KEY (its id) from an entry on: nothing that it signed from there on verifies any more."""
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import upkeep

    folder = config or settings.configuration()
    sequence = upkeep.revoke_key(store_of(store), folder, system_clock(), key_id, since, reason)
    streams.emit(f"entry {sequence}\n")
    streams.say(f"Hand out {folder / 'trust.json'} anew: who holds an older one learns it from the chain only.")
    return 0


@command.command("trust", context_settings=options.CONTEXT)
@click.argument("authority")
@click.argument("certificates", type=_FILE)
@options.CONFIG
@options.debug
def trust(authority: str, certificates: Path, config: Path | None) -> int:
    """Pin the CERTIFICATES (PEM) of a time stamp AUTHORITY, by the name that organization.yaml gives it.

    Pin the certificate that signs the stamps; a later one joins it. Compare the fingerprints with those that the
    authority publishes.
    """
    from engine.cli import streams
    from engine.custody import upkeep

    found = upkeep.trust_authority(config or settings.configuration(), authority, certificates.read_bytes())
    streams.emit("".join(f"SHA-256 {fingerprint}\n" for fingerprint in found))
    return 0
